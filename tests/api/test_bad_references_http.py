"""Drawdown forms, identifiers, numbers and filters that are wrong, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from domain.rules.numbers import NumberKind, human_number
from tests.http_story import Case, Story
from tests.lender import Lender
from tests.over_http import Api, codes

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture(scope="module")
async def case(story: Story) -> Case:
    return await story.disbursed()


@LANGUAGES
async def test_a_limit_breach_says_which_and_what_remains(
    api: Api, story: Story, language: str
) -> None:
    case = await story.fresh(limit="60000.00")
    await story.drawn(case, amount="20000.00")
    errors = await api.refused(
        case.user,
        "requestDrawdown",
        language=language,
        contractId=case.contract,
        amount="40000.01",
    )
    facility, contract = (error["message"] for error in errors)
    assert codes(errors) == {("amount", "LIMIT_EXCEEDED")}
    for number in ("60000.00 USD", "20000.00 USD", "40000.00 USD", "40000.01 USD"):
        assert number in facility
    assert ("授信额度" if language == "zh" else "Credit facility limit") in facility
    for number in ("50000.00 USD", "20000.00 USD", "30000.00 USD"):
        assert number in contract


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"payeeAccount": "😀" * 40}, {("payeeAccount", "INVALID_VALUE")}),
        ({"payeeAccount": "1" * 41}, {("payeeAccount", "OUT_OF_RANGE")}),
        ({"payeeAccount": "12"}, {("payeeAccount", "INVALID_VALUE")}),
        (
            {"payeeAccount": " ", "payeeName": ""},
            {(n, "REQUIRED") for n in ("payeeAccount", "payeeName")},
        ),
        ({"evidenceNumber": ""}, {("evidenceNumber", "REQUIRED")}),
        ({"installments": 2_147_483_647}, {("installments", "OUT_OF_RANGE")}),
        ({"installments": -2_147_483_648}, {("installments", "OUT_OF_RANGE")}),
        ({"installments": 0}, {("installments", "OUT_OF_RANGE")}),
        ({"amount": "10000000000000.00"}, {("amount", "LIMIT_EXCEEDED")}),
    ],
)
async def test_a_drawdown_form(
    api: Api, case: Case, changes: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    form = {
        "contractId": case.contract,
        "amount": "0.01",
        "paymentMethod": "ENTRUSTED",
        "payeeName": "Mill",
        "payeeAccount": "6222000012345678",
        "evidenceNumber": "INV",
        **changes,
    }
    assert codes(await api.refused(case.user, "requestDrawdown", **form)) >= expected


async def test_long_margins_are_cut_not_stored(api: Api, case: Case, lender: Lender) -> None:
    done = await api.done(
        lender.cashier,
        "repayLoan",
        "repayment { payerName externalReference }",
        loanId=case.loan,
        amount="0.01",
        payerName=" " * 300 + "Mill",
        externalReference="R1" + " " * 300,
    )
    assert done["repayment"] == {"payerName": "Mill", "externalReference": "R1"}


@pytest.mark.parametrize(
    "bad",
    [
        *("", "!", "x" * 5_000, "TG9hbjox\n", "TG9hbjo", "TG9hbjowMQ==", "TG9hbjotMQ=="),
        *("TG9hbjo5OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "贷款", "Loan:1", "TG9hbjow", "Tm9wZTox"),
    ],
)
async def test_garbage_ids_find_nothing(api: Api, case: Case, lender: Lender, bad: str) -> None:
    query = "query($id: ID!) { node(id: $id) { id } loan(id: $id) { id } nodes(ids: [$id]) { id } }"
    data = await api.data(lender.auditor, query, {"id": bad})
    assert data == {"node": None, "loan": None, "nodes": [None]}
    errors = await api.refused(lender.cashier, "repayLoan", loanId=bad, amount="1.00")
    assert codes(errors) == {("loanId", "NOT_FOUND")}


async def test_ids_of_another_type_find_nothing(api: Api, case: Case, lender: Lender) -> None:
    manager, approver = lender.relationship_manager, lender.approver
    wrong: list[tuple[Any, str, str]] = [
        (lender.cashier, "repayLoan", "loanId"),
        (lender.cashier, "disburseDrawdown", "drawdownId"),
        (manager, "prepareContract", "applicationId"),
        (manager, "withdrawApplication", "applicationId"),
        (manager, "cancelDrawdown", "drawdownId"),
        (approver, "approveApplication", "applicationId"),
        (approver, "activateFacility", "facilityId"),
        (lender.risk_officer, "freezeFacility", "facilityId"),
        (lender.risk_officer, "validateModel", "modelId"),
    ]
    for actor, name, path in wrong:
        form = {path: case.borrower} | ({"amount": "1.00"} if name == "repayLoan" else {})
        errors = await api.refused(actor, name, **form)
        assert codes(errors) == {(path, "NOT_FOUND")}, name


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5_000, "1", "", "٣" * 9])
async def test_absurd_loan_numbers_find_nothing(api: Api, lender: Lender, digits: str) -> None:
    number = f"LN{digits}"
    if digits.isascii() and 1 < len(digits) < 4_000:
        number = human_number(NumberKind.LOAN, int(digits))
    query = "query($n: String) { loans(filter: { number: $n }) { edges { node { id } } } }"
    assert await api.data(lender.auditor, query, {"n": number}) == {"loans": {"edges": []}}


async def test_a_filter_too_short_is_refused_not_ignored(api: Api, lender: Lender) -> None:
    query = "query($n: String) { borrowers(filter: { nameContains: $n }) { totalCount } }"
    code, _ = await api.error(lender.auditor, query, {"n": "B"})
    assert code == "BAD_USER_INPUT"
    odd = await api.data(lender.auditor, query, {"n": "%%"})
    assert odd["borrowers"]["totalCount"] == 0


async def test_wild_training_orders_are_refused(api: Api, lender: Lender) -> None:
    errors = await api.refused(
        lender.operator,
        "trainModel",
        language="zh",
        source="CSV",
        csv="../../secret.csv",
        recipe="../../etc/passwd.toml",
        name="Ünï\n",
        testFraction=2.0,
        cutoff=-1.0,
        testFrom="0001-01-01",
    )
    assert {path for path, _ in codes(errors)} >= {
        *("csv", "recipe", "name", "testFraction", "cutoff", "testFrom"),
    }
