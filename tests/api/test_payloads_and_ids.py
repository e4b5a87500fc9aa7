"""Payloads, global ids, connections, cursors."""

from __future__ import annotations

from base64 import b64encode

import pytest
from served import Served
from toy_schema import COUNTED, ORDER, SEEN

from api.errors import ApiError
from api.graphql.connections import Order, read_cursor, write_cursor
from api.graphql.ids import global_id, read_global_id, row_id_of

MAKE = """mutation($input: MakeToyInput!) {
  makeToy(input: $input) { replayed toy { name } errors { code message path } }
}"""


def make(toys: Served, number: int, key: str = "new", **options: str) -> dict:
    return toys.data(MAKE, {"input": {"idempotencyKey": key, "number": number}}, **options)[
        "makeToy"
    ]


def test_an_effect_answers_with_the_noun(toys: Served) -> None:
    assert make(toys, 7) == {"replayed": False, "toy": {"name": "toy 007"}, "errors": []}
    assert make(toys, 7, key="again")["replayed"] is True


def test_a_noun_is_read_only_when_selected(toys: Served) -> None:
    SEEN.clear()
    variables = {"input": {"idempotencyKey": "k", "number": 1}}
    toys.data("mutation($input: MakeToyInput!) { makeToy(input: $input) { replayed } }", variables)
    assert SEEN == []
    make(toys, 1)
    assert SEEN == [{"name": {}}]


def test_a_refusal_tells_all_the_mistakes_in_the_callers_language(toys: Served) -> None:
    refused = make(toys, 0)
    assert refused["toy"] is None
    assert refused["errors"] == [
        {"code": "OUT_OF_RANGE", "message": "Too small.", "path": ["number"]},
        {"code": "REQUIRED", "message": "Choose one.", "path": ["colour"]},
    ]
    chinese = make(toys, 0, accept_language="zh-CN,zh;q=0.9,en;q=0.8")
    assert [error["message"] for error in chinese["errors"]] == ["太小。", "请选择颜色。"]


def test_global_ids_are_read_as_they_are_written_and_in_no_other_way() -> None:
    text = global_id("Loan", 42)
    assert read_global_id(text) == ("Loan", 42)
    assert row_id_of(text, "Loan") == 42
    assert row_id_of(text, "Borrower") == 0
    wrong = ["Loan:042", "Loan:0", "Loan:-1", "Loan", "Loan:", ":1", "Lo an:1", "Loan:1:1"]
    for plain in [*wrong, "Loan:" + "9" * 30, "贷款:1"]:
        assert read_global_id(b64encode(plain.encode()).decode()) is None, plain
    garbled = ("", "x", "====", text + "\n", text.rstrip("="), "A" * 10_000, "Loan:1", "\ud800")
    for other in garbled:
        assert read_global_id(other) is None, other


def test_node_and_nodes(toys: Served) -> None:
    query = "query($id: ID!) { node(id: $id) { __typename id ... on Toy { name slow } } }"
    found = toys.data(query, {"id": global_id("Toy", 3)})["node"]
    expected = {"name": "toy 003", "slow": "toy 003 slowly"}
    assert found == {"__typename": "Toy", "id": global_id("Toy", 3), **expected}
    for other in ("garbage", global_id("Toy", 51), global_id("Unicorn", 1), ""):
        assert toys.data(query, {"id": other}) == {"node": None}
    ids = [global_id("Toy", 2), "garbage", global_id("Toy", 99), global_id("Toy", 1)]
    many = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Toy { name } } }"
    found = toys.data(many, {"ids": ids})["nodes"]
    assert found == [{"name": "toy 002"}, None, None, {"name": "toy 001"}]
    refused = toys.post(many, {"ids": ["x"] * 101}).json()
    assert refused["errors"][0]["extensions"]["code"] in ("BAD_USER_INPUT", "QUERY_TOO_COMPLEX")


PAGE = """query($first: Int!, $after: String) { toys(first: $first, after: $after) {
  edges { cursor node { name } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} }"""


def test_pages_meet_without_gap_or_overlap(toys: Served) -> None:
    names: list[str] = []
    after = None
    while True:
        page = toys.data(PAGE, {"first": 7, "after": after})["toys"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert names == [f"toy {number:03}" for number in range(1, 51)]


def test_the_count_is_made_only_when_asked(toys: Served) -> None:
    COUNTED.clear()
    toys.data("{ toys { edges { node { name } } } }")
    assert COUNTED == []
    assert toys.data("{ toys { totalCount } }") == {"toys": {"totalCount": 50}}
    assert COUNTED == [1]
    query = "query($w: Boolean!) { toys { totalCount @include(if: $w) } }"
    assert toys.data(query, {"w": False}) == {"toys": {}}
    assert COUNTED == [1]


def test_a_tampered_cursor_is_bad_input(toys: Served) -> None:
    cursor = write_cursor(ORDER, ("toy 010", 10))
    assert toys.data(PAGE, {"first": 1, "after": cursor})["toys"]["edges"][0]["node"] == {
        "name": "toy 011"
    }
    other = write_cursor(Order("others", (str, int)), ("toy 010", 10))
    flipped = cursor[:-3] + ("A" if cursor[-3] != "A" else "B") + cursor[-2:]
    for wrong in ("", "x", "====", flipped, other, cursor + "A", "游标", "A" * 9_000):
        answered = toys.post(PAGE, {"first": 1, "after": wrong}).json()
        assert answered["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", wrong


def test_cursors_keep_the_types_of_their_key(toys: Served) -> None:
    import datetime as dt
    from decimal import Decimal

    order = Order("typed", (dt.date, dt.datetime, Decimal, str, int))
    moment = dt.datetime(2026, 1, 31, 8, 0, 0, 123, tzinfo=dt.UTC)
    key = (dt.date(2026, 1, 31), moment, Decimal("0.0360"), "名", 7)
    assert read_cursor(order, write_cursor(order, key)) == key
    with pytest.raises(ApiError):
        read_cursor(Order("typed", (int,)), write_cursor(order, key))
