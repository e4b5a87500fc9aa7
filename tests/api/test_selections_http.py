"""Whatever is selected, however it is written: the answer holds just that, rightly; and paging."""

from __future__ import annotations

import asyncio
import itertools
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from tests.http_story import Case, Story
from tests.lender import Lender
from tests.over_http import Api, gid


@pytest.fixture(scope="module")
async def case(story: Story) -> Case:
    found = await story.disbursed()
    await story.api.done(story.api.lender.cashier, "repayLoan", loanId=found.loan, amount="1.00")
    return found


async def test_include_and_skip_are_read_anew_for_each_request(
    api: Api, case: Case, lender: Lender
) -> None:
    """One document, remembered; the variables of its conditions change from request to request."""
    query = """query($id: ID!, $b: Boolean!, $i: Boolean = true, $n: Boolean!) { loan(id: $id) {
      number @skip(if: $n) ...F @include(if: $b) installments @include(if: $i) { number
        principal @skip(if: $b) } contract { application { id @include(if: $n) borrower {
        name @include(if: $b) number } } } } }
      fragment F on Loan { borrower { name facilities { limit @include(if: $i) id } } }"""
    for _ in range(2):
        for b, i, n in itertools.product((True, False), (True, False, None), (True, False)):
            given: dict[str, Any] = {"id": case.loan, "b": b, "n": n}
            if i is not None:
                given["i"] = i
            loan = (await api.data(lender.auditor, query, given))["loan"]
            shown = i is None or i
            assert ("number" in loan) is not n
            assert ("installments" in loan) is shown
            assert ("borrower" in loan) is b
            if shown:
                assert len(loan["installments"]) == 12
                assert all(("principal" in row) is not b for row in loan["installments"])
            if b:
                assert loan["borrower"]["name"].startswith("Borrower")
                keys = {"id", "limit"} if shown else {"id"}
                assert [set(row) for row in loan["borrower"]["facilities"]] == [keys]
            application = loan["contract"]["application"]
            assert ("id" in application) is n
            assert set(application["borrower"]) == ({"name", "number"} if b else {"number"})


async def test_many_conditions_and_many_variables(api: Api, case: Case, lender: Lender) -> None:
    names = [f"v{n}" for n in range(6)]
    fields = ("number", "state", "principal", "currency", "startDate", "maturityDate")
    query = f"query($id: ID!, {', '.join(f'${n}: Boolean!' for n in names)}) {{ loan(id: $id) {{ "
    query += " ".join(f"{f} @include(if: ${n})" for f, n in zip(fields, names, strict=True))
    query += " id } }"
    for chosen in itertools.islice(itertools.product((True, False), repeat=6), 0, 64, 7):
        given = dict(zip(names, chosen, strict=True))
        loan = (await api.data(lender.auditor, query, {"id": case.loan, **given}))["loan"]
        wanted = {f for f, on in zip(fields, chosen, strict=True) if on} | {"id"}
        assert set(loan) == wanted


async def test_aliases_of_one_field_with_other_sub_selections(
    api: Api, case: Case, lender: Lender
) -> None:
    query = """query($id: ID!) { x: loan(id: $id) { a: borrower { name } b: borrower { n: name
      facilities { id } } borrower { number } i: installments { number } j: installments {
      dueDate interest } } y: loan(id: $id) { borrower { id } } }"""
    data = await api.data(lender.auditor, query, {"id": case.loan})
    x = data["x"]
    assert x["a"]["name"] == x["b"]["n"]
    assert set(x["b"]) == {"n", "facilities"}
    assert set(x["borrower"]) == {"number"}
    assert [set(row) for row in x["i"]] == [{"number"}] * 12
    assert [set(row) for row in x["j"]] == [{"dueDate", "interest"}] * 12
    assert data["y"] == {"borrower": {"id": case.borrower}}


async def test_aliased_roots_take_their_own_arguments(
    api: Api, story: Story, case: Case, lender: Lender
) -> None:
    await story.draft()
    query = """query($b: ID!) {
      one: loans(first: 1) { edges { node { id } } }
      none: loans(filter: { state: PAID_OFF, borrowerId: $b }) { totalCount edges { cursor } }
      mine: loans(filter: { borrowerId: $b }) { totalCount edges { node { borrower { id } } } } }"""
    data = await api.data(lender.auditor, query, {"b": case.borrower})
    assert len(data["one"]["edges"]) == 1
    assert data["none"] == {"totalCount": 0, "edges": []}
    borrowers = [edge["node"]["borrower"]["id"] for edge in data["mine"]["edges"]]
    assert (data["mine"]["totalCount"], borrowers) == (1, [case.borrower])


async def test_fragments_on_node_answer_for_the_type_that_is_there(
    api: Api, case: Case, lender: Lender
) -> None:
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
      ... on Loan { number principal borrower { name } ...L }
      ... on Borrower { number name facilities { limit } }
      ... on LoanApplication { asked: amount borrower { number } product { code } }
      ... on Drawdown { amount facility { limit borrower { id } } }
      ... on Installment { principal } ... on Node { again: id } } }
      fragment L on Loan { installments { __typename number } contract { __typename drawdowns {
        __typename payeeName } } }"""
    gone = gid("Loan", 10**9)
    ids = [case.loan, case.borrower, gone, case.application, case.drawdown, case.loan, "x"]
    nodes = (await api.data(lender.auditor, query, {"ids": ids}))["nodes"]
    names = ["Loan", "Borrower", None, "LoanApplication", "Drawdown", "Loan", None]
    assert [node and node["__typename"] for node in nodes] == names
    assert [node and node["again"] for node in nodes] == [
        i if n else None for i, n in zip(ids, names, strict=True)
    ]
    assert nodes[0] == nodes[5]
    assert nodes[0]["contract"]["drawdowns"] == [{"__typename": "Drawdown", "payeeName": "Mill"}]
    assert nodes[0]["installments"][0] == {"__typename": "Installment", "number": 1}
    assert set(nodes[1]) == {"__typename", "id", "number", "name", "facilities", "again"}
    assert nodes[3]["product"] == {"code": "USD-LEVEL"}
    assert nodes[4]["facility"] == {"limit": "1000000.00", "borrower": {"id": case.borrower}}


async def test_typename_alone_and_empty_relations(
    api: Api, story: Story, case: Case, lender: Lender
) -> None:
    query = """query($a: ID!, $l: ID!) {
      l: loan(id: $l) { __typename }
      a: loanApplication(id: $a) { facility { __typename limit } product { __typename }
        amount method purpose annualRate expiresOn decisions { __typename } contracts {
        __typename loans { id } } } loans(first: 1) { __typename edges { __typename } } }"""
    blank = await api.done(case.user, "saveApplication", "application { id }")
    given = {"a": blank["application"]["id"], "l": case.loan}
    data = await api.data(lender.auditor, query, given)
    assert data["l"] == {"__typename": "Loan"}
    application = data["a"]
    assert application.pop("expiresOn")
    assert application.pop("decisions") == application.pop("contracts") == []
    assert set(application.values()) == {None}
    assert data["loans"]["edges"] == [{"__typename": "LoanEdge"}]


async def test_lists_inside_joins_inside_lists(api: Api, case: Case, lender: Lender) -> None:
    query = """query($b: ID!) { loanContracts(first: 1, filter: { borrowerId: $b }) { edges { node {
      loans { id borrower { facilities { id borrower { facilities { id } } } }
        repayments { allocations { bucket amount } toCredit } }
      application { approvalTasks { level state } contracts { id loans { installments {
        number } } } } } } } }"""
    edges = (await api.data(lender.auditor, query, {"b": case.borrower}))["loanContracts"]["edges"]
    (contract,) = [edge["node"] for edge in edges]
    (loan,) = contract["loans"]
    facilities = [{"id": case.facility}]
    assert loan["borrower"]["facilities"] == [
        {"id": case.facility, "borrower": {"facilities": facilities}}
    ]
    assert loan["repayments"] == [{"allocations": [], "toCredit": "1.00"}]
    (again,) = contract["application"]["contracts"]
    assert len(again["loans"][0]["installments"]) == 12
    assert {task["state"] for task in contract["application"]["approvalTasks"]} == {"APPROVED"}


async def test_nesting_beyond_the_limit_is_refused_not_run(api: Api, lender: Lender) -> None:
    deep = "borrower { facilities { " * 10 + "id" + " } }" * 10
    code, _ = await api.error(
        lender.auditor, f"{{ creditFacilities {{ edges {{ node {{ {deep} }} }} }} }}"
    )
    assert code == "QUERY_TOO_COMPLEX"
    rows = "installments { id } contract { loans { installments { id number } } }"
    wide = f"loans(first: 100) {{ edges {{ node {{ {rows} }} }} }}"
    code, _ = await api.error(lender.auditor, f"{{ {wide} }}", language="zh")
    assert code == "QUERY_TOO_COMPLEX"


async def walk(api: Api, actor: Any, name: str, size: int, *, filter: str = "") -> list[str]:
    """Every id of a list, page by page."""
    ids: list[str] = []
    after = None
    while True:
        query = f"query($f: Int!, $a: String) {{ {name}(first: $f, after: $a {filter}) {{ "
        query += "edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } "
        query += "totalCount } }"
        page = (await api.data(actor, query, {"f": size, "a": after}))[name]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        ids += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert page["edges"] == [] or page["edges"][-1]["cursor"] == after
        if not page["pageInfo"]["hasNextPage"]:
            return ids


async def test_pages_are_complete_and_stable_while_rows_come_in(api: Api, lender: Lender) -> None:
    for _ in range(23):
        await lender.borrower()
    there = set(await walk(api, lender.auditor, "borrowers", 100))
    stop = False

    async def keep_registering() -> None:
        while not stop:
            await lender.borrower()
            await asyncio.sleep(0)

    writer = asyncio.create_task(keep_registering())
    for size in (1, 4, 23):
        ids = await walk(api, lender.auditor, "borrowers", size)
        assert len(ids) == len(set(ids))
        assert there <= set(ids)
    stop = True
    await writer
    counted = await api.data(lender.auditor, "{ borrowers(first: 1) { totalCount } }")
    everyone = await walk(api, lender.auditor, "borrowers", 7)
    assert counted["borrowers"]["totalCount"] == len(everyone)
    loans = await walk(api, lender.auditor, "loans", 1)
    oldest = await walk(api, lender.auditor, "loans", 1, filter=", orderBy: OLDEST_FIRST")
    assert loans == oldest[::-1]


@pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647, -2_147_483_648])
async def test_page_sizes_out_of_bounds(api: Api, lender: Lender, first: int) -> None:
    query = "query($f: Int!) { loans(first: $f) { edges { cursor } } }"
    for language, word in (("en", "must be"), ("zh", "须在")):
        code, message = await api.error(lender.auditor, query, {"f": first}, language=language)
        assert code == "BAD_USER_INPUT"
        assert word in message


async def test_tampered_and_foreign_cursors(api: Api, case: Case, lender: Lender) -> None:
    query = "query($a: String) { loans(after: $a) { edges { cursor } } }"
    mine = await api.data(lender.auditor, "{ loans(first: 1) { edges { cursor } } }")
    cursor = mine["loans"]["edges"][0]["cursor"]
    raw = bytearray(urlsafe_b64decode(cursor))
    flipped = []
    for place in (0, 7, 8, len(raw) - 2):
        changed = raw.copy()
        changed[place] ^= 1
        flipped.append(urlsafe_b64encode(changed).decode())
    other = await api.data(
        lender.auditor,
        "{ borrowers(first: 1) { edges { cursor } } "
        "loans(first: 1, orderBy: OLDEST_FIRST) { edges { cursor } } }",
    )
    foreign = [page["edges"][0]["cursor"] for page in other.values()]
    for bad in (*flipped, *foreign, "", "x", cursor + "=", cursor[:-4], "\u200b", "A" * 600):
        code, _ = await api.error(lender.auditor, query, {"a": bad}, language="zh")
        assert code == "BAD_USER_INPUT", bad


async def test_too_many_ids(api: Api, case: Case, lender: Lender) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    same = (await api.data(lender.auditor, query, {"ids": [case.loan] * 100}))["nodes"]
    assert same == [{"id": case.loan}] * 100
    code, _ = await api.error(lender.auditor, query, {"ids": [case.loan] * 101})
    assert code == "BAD_USER_INPUT"
    assert (await api.data(lender.auditor, query, {"ids": []})) == {"nodes": []}
