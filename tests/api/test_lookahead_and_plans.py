"""Look-ahead, and completion plans that must answer exactly as graphql-core does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import execute, parse
from hypothesis import given, settings
from hypothesis import strategies as st
from served import Served
from toy_schema import PEOPLE, SEEN, toy_schema

from api.graphql.context import Context, Info, language_of
from api.graphql.documents import Documents
from api.graphql.executor import PlanningExecutor
from api.graphql.limits import Limits
from api.graphql.lookahead import selection


def seen(toys: Served, query: str, variables: dict[str, Any] | None = None) -> Any:
    SEEN.clear()
    toys.data(query, variables)
    return SEEN[0]


def test_fragments_are_merged_and_aliases_are_gone(toys: Served) -> None:
    query = """{ toy { a: name ...F ... on Toy { parts { price } } __typename } }
      fragment F on Toy { id parts { p: name } }"""
    tree = seen(toys, query)
    assert tree == {"name": {}, "id": {}, "parts": {"price": {}, "name": {}}, "__typename": {}}


@pytest.mark.parametrize(("with_id", "with_parts"), [(a, b) for a in (0, 1) for b in (0, 1)])
def test_skip_and_include_are_applied(toys: Served, with_id: int, with_parts: int) -> None:
    query = """query($i: Boolean!, $p: Boolean!) { toy {
      name id @skip(if: $i) ... on Toy @include(if: $p) { parts { name } }
      slow @include(if: false) } }"""
    tree = seen(toys, query, {"i": not with_id, "p": bool(with_parts)})
    expected = {"name"} | ({"id"} if with_id else set()) | ({"parts"} if with_parts else set())
    assert set(tree) == expected


def test_two_selections_of_one_field_are_merged(toys: Served) -> None:
    assert seen(toys, "{ toy { name } toy { parts { name } } }") == {
        "name": {},
        "parts": {"name": {}},
    }


@strawberry.type
class Leaf:
    a: int = 1
    b: int = 2
    c: int = 3


async def test_look_ahead_takes_tens_of_microseconds(
    api_settings: Callable[..., Any],
) -> None:
    took: dict[bool, float] = {}
    memo_kept = True

    def leaf(info: Info) -> Leaf:
        if not memo_kept:
            info.context.memo.selections.clear()
        start = time.perf_counter()
        selection(info)
        took[memo_kept] = min(took.get(memo_kept, 1.0), time.perf_counter() - start)
        return Leaf()

    field = strawberry.field(resolver=leaf)
    core = strawberry.Schema(strawberry.type(type("Query", (), {"leaf": field})))._schema
    documents = Documents(core, Limits.of(api_settings()), introspection=True)
    document = documents.prepare("{ leaf { " + " ".join(["a b c"] * 5) + " } }")
    for keep in (False, True):
        memo_kept = keep
        for _ in range(50):
            context = Context(None, "en")
            executor = PlanningExecutor.build(core, document.ast, context_value=context)
            context.memo = executor.memo = document.memo({})
            executor.execute_operation()
    assert took[False] < 100e-6
    assert took[True] < 10e-6


class Slow:
    """The same operation through graphql-core's own executor."""

    def __init__(self) -> None:
        self.core = toy_schema()._schema

    async def run(self, query: str, variables: dict[str, Any]) -> Any:
        found = execute(
            self.core,
            parse(query),
            context_value=Context(PEOPLE["operator"], "en"),
            variable_values=variables,
        )
        return await found if not hasattr(found, "data") else found


FIELDS = st.recursive(
    st.sampled_from(["name", "id", "__typename", "broken", "slow", "n: name"]),
    lambda inner: st.one_of(
        st.just("parts { name price }"),
        st.just("parts { __typename p: price }"),
        inner.map(lambda text: f"... on Toy {{ {text} }}"),
        inner.map(lambda text: f"... @include(if: $w) {{ {text} }}"),
        st.tuples(inner, inner).map(" ".join),
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_plans_answer_as_graphql_core_does(data: st.DataObject) -> None:
    import asyncio

    fields = data.draw(FIELDS)
    root = data.draw(
        st.sampled_from(
            ["toy {{ {} }}", "toys(first: 3) {{ edges {{ node {{ {} }} }} }}", "nameless {{ {} }}"]
        )
    )
    query = f"query($w: Boolean = true) {{ hello @include(if: $w) {root.format(fields)} }}"
    variables = {"w": data.draw(st.booleans())}
    slow = Slow()
    documents = Documents(slow.core, Limits(20, 100, 5_000, 10**9), introspection=True)
    document = documents.prepare(query)

    async def both() -> tuple[Any, list[Any]]:
        expected = await slow.run(query, variables)
        answers = []
        for _ in range(2):  # the second time from what was remembered
            context = Context(PEOPLE["operator"], "en")
            executor = PlanningExecutor.build(
                slow.core, document.ast, context_value=context, raw_variable_values=variables
            )
            context.memo = executor.memo = document.memo(executor.variable_values.coerced)
            found = executor.execute_operation()
            answers.append(await found if not hasattr(found, "data") else found)
        return expected, answers

    expected, answers = asyncio.run(both())
    for answer in answers:
        assert answer.data == expected.data
        assert [(e.message, e.path) for e in answer.errors or []] == [
            (e.message, e.path) for e in expected.errors or []
        ]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (b"", "en"),
        (b"zh-CN", "zh"),
        (b"zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (b"en-GB,en;q=0.9,zh;q=0.8", "en"),
        (b"fr,zh;q=0.5", "zh"),
        (b"fr", "en"),
        (b"zh;q=x,en", "en"),
        (b"*", "en"),
        (b"ZH-hant", "zh"),
        (b"\xff\xfe;;,,=", "en"),
    ],
)
def test_the_language_of_the_caller(header: bytes, language: str) -> None:
    assert language_of(header) == language
