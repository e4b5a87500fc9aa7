"""Misused principal over HTTP: the request that two persons make, and what the loan shows of it."""

from __future__ import annotations

import datetime as dt

import pytest

from api.graphql.ids import row_id_of
from domain.queries.business_date import business_date
from tests.books import books_hold
from tests.http_story import Story
from tests.over_http import Api, codes


@pytest.fixture(scope="module")
async def story(api: Api) -> Story:
    return await Story.open(api)


async def test_misuse_is_proposed_approved_and_seen(api: Api, story: Story) -> None:
    case = await story.signed()
    await story.draw(case, "50000.00")
    done = await api.done(
        api.lender.cashier, "disburseDrawdown", "loan { id }", drawdownId=case.drawdown
    )
    loan = done["loan"]["id"]
    since = await business_date()
    to = since + dt.timedelta(days=5)
    await api.done(api.lender.operator, "advanceBusinessDate", to=to.isoformat())
    misuse = {
        "loanId": loan,
        "amount": "20000.00",
        "currency": "USD",
        "markup": "0.5",
        "since": since.isoformat(),
        "reason": "Spent on shares.",
    }
    errors = await api.refused(
        api.lender.risk_officer,
        "proposeChange",
        reason="Because.",
        content={"misuse": misuse | {"markup": "1.5", "currency": "CNY"}},
    )
    assert codes(errors) == {
        ("content.misuse.markup", "OUT_OF_RANGE"),
        ("content.misuse.currency", "CURRENCY_MISMATCH"),
    }
    change = await api.changed(misuse=misuse)
    assert change["kind"] == "MISUSE"
    assert f"自 {since} 起，挪用本金 20000.00 USD，在合同利率上加收 50 %" in change["summaryZh"]
    data = await api.data(
        api.lender.cashier,
        "query($id: ID!) { node(id: $id) { ... on Loan { misusedShare penaltyReceivable "
        "interestReceivable installments { penaltyDue } "
        "events { kind amount markup since valueDate reason } } } }",
        {"id": loan},
    )
    found = data["node"]
    assert found["misusedShare"] == "0.4000"
    assert found["penaltyReceivable"] == found["installments"][0]["penaltyDue"] != "0.00"
    assert found["events"] == [
        {
            "kind": "MISUSE",
            "amount": "20000.00",
            "markup": "0.5",
            "since": since.isoformat(),
            "valueDate": to.isoformat(),
            "reason": "Spent on shares.",
        }
    ]
    await books_hold(row_id_of(loan, "Loan"))


async def test_a_waived_penalty_is_due_no_more(api: Api, story: Story) -> None:
    """What an instalment says is due is what remains of it, also where part was waived."""
    case = await story.signed()
    await story.draw(case, "50000.00")
    done = await api.done(
        api.lender.cashier,
        "disburseDrawdown",
        "loan { id nextInstallments { dueDate } }",
        drawdownId=case.drawdown,
    )
    loan, due = done["loan"]["id"], done["loan"]["nextInstallments"][0]["dueDate"]
    day = await business_date()
    while day < dt.date.fromisoformat(due) + dt.timedelta(days=10):
        day += dt.timedelta(days=20)
        await api.done(api.lender.operator, "advanceBusinessDate", to=day.isoformat())
    query = (
        "query($id: ID!) { node(id: $id) { ... on Loan { penaltyReceivable compoundReceivable "
        "nextInstallments { penaltyDue compoundDue } } } }"
    )
    before = (await api.data(api.lender.cashier, query, {"id": loan}))["node"]
    for bucket in ("penalty", "compound"):
        waiver = {"loanId": loan, "bucket": bucket.upper(), "currency": "USD"}
        amount = before[f"{bucket}Receivable"]
        await api.changed(waiver=waiver | {"amount": amount, "reason": "Ours."})
    after = (await api.data(api.lender.cashier, query, {"id": loan}))["node"]
    assert before["nextInstallments"][0]["penaltyDue"] != "0.00"
    for shown in (after["nextInstallments"][0], after):
        assert {value for value in shown.values() if isinstance(value, str)} == {"0.00"}
