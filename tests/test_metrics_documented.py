"""docs/metrics.md holds the printed table; the alert rules can be read, and name no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from liudai.metrics_table import Row, declared, metrics_table

DOCS = Path(__file__).parents[1] / "docs"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
# What Prometheus adds to every sample, what histograms have, and the library's own.
COMMON = {"job", "instance"}
FOREIGN = {"up": set(), "process_start_time_seconds": {"process"}}


def rule_id(rule: dict[str, Any]) -> str:
    return str(rule["alert"])


def known() -> dict[str, set[str]]:
    """The labels of every name that a query may use."""
    found = {name: labels | COMMON for name, labels in FOREIGN.items()}
    for row in declared():
        labels = {*row.labels, *COMMON}
        if row.kind == "histogram":
            for part, more in (("count", set()), ("sum", set()), ("bucket", {"le"})):
                found[f"{row.name}_{part}"] = labels | more
        else:
            found[row.name] = labels
    return found


def selectors(node: Any) -> Iterator[promql_parser.VectorSelector]:
    """Every vector selector in an expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    elif isinstance(node, promql_parser.MatrixSelector):
        yield node.vector_selector
    for part in ("expr", "lhs", "rhs"):
        if (inner := getattr(node, part, None)) is not None:
            yield from selectors(inner)
    for argument in getattr(node, "args", None) or []:
        yield from selectors(argument)


def test_the_page_holds_exactly_the_printed_table() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert metrics_table() in page, "run python -m liudai.metrics_table, paste it into the page"


def test_every_metric_is_named_and_explained_as_prometheus_has_it() -> None:
    found: list[Row] = list(declared())
    assert len({row.name for row in found}) == len(found)
    for row in found:
        assert re.fullmatch(r"liudai_[a-z_]+", row.name), row
        assert row.help.endswith("."), row


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_an_alert_can_be_read_and_asks_for_what_there_is(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
    asked = list(selectors(promql_parser.parse(rule["expr"])))
    assert asked
    names = known()
    for selector in asked:
        assert selector.name in names, selector.name
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= names[selector.name], selector.name


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_an_alert_is_in_the_guide(rule: dict[str, Any]) -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    part = page.partition("\n## When something is wrong\n")[2].partition("\n## ")[0]
    assert f"**{rule['alert']}**" in part


def test_the_guide_names_no_metric_and_no_alert_that_is_not_there() -> None:
    names = known()
    for page in ("operations.md", "metrics.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        told = set(re.findall(r"\bliudai_[a-z_]+\b", text))
        bare = {row.name for row in declared()}
        assert told <= names.keys() | bare, page
        assert set(re.findall(r"\*\*(Liudai[A-Z]\w+)\*\*", text)) <= {
            rule["alert"] for rule in RULES
        }


def test_events_of_the_guide_are_logged_somewhere() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    code = "".join(
        path.read_text(encoding="utf-8")
        for package in ("api", "ml", "workers")
        for path in (DOCS.parent / package).rglob("*.py")
    )
    for event in re.findall(r"`event=([a-z_]+)", text):
        task = event.removesuffix("_failing")
        assert f'"{event}"' in code or f'"{task}", ' in code, event
