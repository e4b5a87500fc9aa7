"""Comparing a GraphQL query with the endpoint that gives the same data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from benchmarks.lender import Lent
from benchmarks.report import Unmeasurable, alternate, conclude, show
from benchmarks.serving import Call, serving
from domain.rules.roles import Role

API, RAW = "api.app:create_app", "benchmarks.raw:create_app"
_WARM_UP = 100


def graphql(document: str, variables: dict[str, Any]) -> Call:
    """The request of a GraphQL operation."""
    body = orjson.dumps({"query": document, "variables": variables})
    return ("POST", "/graphql", body)


def compare(
    name: str,
    *,
    bar: float,
    book: Lent,
    role: Role,
    requests: int,
    ours: Callable[[int], tuple[str, dict[str, Any]]],
    baseline: Callable[[int], str],
) -> None:
    """Measure `ours` (document and variables of the n-th request) beside `baseline` (its path).

    Both must answer the same data. Prints the server's CPU for each request, and the ratio.
    """
    token = book.tokens[role]
    api_calls = [graphql(*ours(i)) for i in range(requests)]
    raw_calls: list[Call] = [("GET", baseline(i), None) for i in range(requests)]
    with (
        serving(API, environment=book.environment, token=token) as api,
        serving(RAW, environment=book.environment, token=token) as raw,
    ):
        for i in {0, requests // 2, requests - 1}:
            same(orjson.loads(api.call(api_calls[i])), orjson.loads(raw.call(raw_calls[i])))
        api.cpu_ms(api_calls[:_WARM_UP])
        raw.cpu_ms(raw_calls[:_WARM_UP])
        found = alternate(lambda: api.cpu_ms(api_calls), lambda: raw.cpu_ms(raw_calls))
    conclude_ratio(name, found, bar=bar)


def same(ours: Any, baseline: Any) -> None:
    """Raise Unmeasurable when the two answers differ: a comparison would say nothing."""
    if ours != baseline:
        raise Unmeasurable(f"the two sides answer differently:\n{ours}\n{baseline}")


def conclude_ratio(name: str, found: tuple[list[float], list[float]], *, bar: float) -> None:
    """Print the server's CPU per request of both sides, and the ratio of the medians last."""
    unit = "ms CPU a request"
    ratio = show("GraphQL", found[0], unit) / show("written by hand", found[1], unit)
    conclude(name, f"{ratio:.2f}x raw", f"{bar:.1f}x", ratio <= bar)
