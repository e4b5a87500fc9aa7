"""`python -m liudai.metrics_table`: the table of docs/metrics.md, from the declared metrics.

A test asserts that the page holds exactly this table, and that the alert rules name nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

import api.metrics  # noqa: F401 - declares
import workers.metrics  # noqa: F401 - declares
from api.scrape import READ
from domain.metrics import REGISTRY

_HEADER = ("Metric", "Kind", "Labels", "What it tells")


@dataclass(frozen=True, slots=True)
class Row:
    """One metric as Prometheus has it: `name` is what a query begins with."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def declared() -> Iterator[Row]:
    """Give every metric of our own: those that processes count, then those read at a scrape."""
    # The registry shows names alone, its metrics keep their labels to themselves.
    for metric in list(REGISTRY._collector_to_names):
        if isinstance(metric, Counter | Gauge | Histogram):
            total = "_total" if isinstance(metric, Counter) else ""
            yield Row(
                metric._name + total, metric._type, tuple(metric._labelnames), metric._documentation
            )
    for gauge in READ:
        yield Row(gauge.name, "gauge, read at the scrape", gauge.labels, gauge.help)


def metrics_table() -> str:
    """Return the table as Markdown."""
    rows = [
        (f"`{row.name}`", row.kind, ", ".join(f"`{label}`" for label in row.labels), row.help)
        for row in declared()
    ]
    lines = [_HEADER, tuple("---" for _ in _HEADER), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    print(metrics_table())
