"""Money on odd days over HTTP: ends of months, leap days, payoffs, credit, what ran out meanwhile.

36,500.00 USD at 6 % ACT/365 earns just 6.00 a day.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from api.graphql.ids import row_id_of
from domain.models.lending.facility import CreditFacility
from domain.queries.business_date import business_date
from tests.books import books_hold
from tests.http_story import Case, Story
from tests.lender import Lender, key
from tests.over_http import Api, codes

SIX_A_DAY = "36500.00"


async def advance(api: Api, to: dt.date) -> None:
    """Close the days before `to`, as many in a request as its time allows."""
    while (day := await business_date()) < to:
        day = min(day + dt.timedelta(days=20), to)
        await api.done(api.lender.operator, "advanceBusinessDate", to=day.isoformat())


async def days_on(api: Api, days: int) -> dt.date:
    to = await business_date() + dt.timedelta(days=days)
    await advance(api, to)
    return to


async def quote(api: Api, case: Case) -> dict[str, str]:
    query = "query($id: ID!) { payoffQuote(loanId: $id) { principal interest penalty compound "
    data = await api.data(
        api.lender.cashier, query + "credit total businessDate } }", {"id": case.loan}
    )
    found: dict[str, str] = data["payoffQuote"]
    return found


async def pay_off(api: Api, case: Case, amount: str) -> dict[str, Any]:
    done: dict[str, Any] = await api.done(
        api.lender.cashier,
        "payOffLoan",
        "loan { state closedOn creditBalance interestReceivable principalOutstanding nextDueDate "
        "installments { interest interestPaid settledOn } } repayment { toCredit amount kind }",
        loanId=case.loan,
        amount=amount,
    )
    await books_hold(row_id_of(case.loan, "Loan"))
    assert (await quote_or_none(api, case)) is None
    return done


async def quote_or_none(api: Api, case: Case) -> Any:
    query = "query($id: ID!) { payoffQuote(loanId: $id) { total } }"
    return (await api.data(api.lender.cashier, query, {"id": case.loan}))["payoffQuote"]


@pytest.fixture(scope="module")
async def loans(story: Story) -> Any:
    async def lend(amount: str = SIX_A_DAY, **terms: Any) -> Case:
        case = await story.signed(**({"amount": amount} | terms))
        await story.draw(case, amount)
        done = await story.api.done(
            story.api.lender.cashier, "disburseDrawdown", "loan { id }", drawdownId=case.drawdown
        )
        case.loan = done["loan"]["id"]
        return case

    return lend


async def test_due_dates_of_the_31st_keep_to_the_ends_of_months(api: Api, loans: Any) -> None:
    await advance(api, dt.date(2026, 1, 31))
    case = await loans("1200.00", installments=3)
    assert await due_dates(api, case) == ["2026-02-28", "2026-03-31", "2026-04-30"]


async def test_a_payoff_on_the_day_of_disbursement_costs_no_interest(api: Api, loans: Any) -> None:
    case = await loans()
    assert (await quote(api, case))["total"] == SIX_A_DAY
    done = await pay_off(api, case, SIX_A_DAY)
    assert done["loan"]["state"] == "PAID_OFF"
    assert {row["interest"] for row in done["loan"]["installments"]} == {"0.00"}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_payoff_that_is_short_hears_the_amount(
    api: Api, loans: Any, lender: Lender, language: str
) -> None:
    case = await loans()
    await days_on(api, 10)
    assert (await quote(api, case))["total"] == "36560.00"
    errors = await api.refused(
        lender.cashier, "payOffLoan", language=language, loanId=case.loan, amount="36559.99"
    )
    assert codes(errors) == {("amount", "OUT_OF_RANGE")}
    assert "36560.00 USD" in errors[0]["message"]
    done = await pay_off(api, case, "36560.01")
    assert done["repayment"] == {"toCredit": "0.01", "amount": "36560.01", "kind": "PAYOFF"}
    assert done["loan"]["creditBalance"] == "0.01"


async def test_an_overpayment_is_said_kept_and_pays_what_falls_due(
    api: Api, loans: Any, lender: Lender
) -> None:
    case = await loans()
    loan_id = row_id_of(case.loan, "Loan")
    done = await api.done(
        lender.cashier,
        "repayLoan",
        "repayment { toCredit allocations { amount } } loan { creditBalance }",
        loanId=case.loan,
        amount="5000.00",
    )
    assert done["repayment"] == {"toCredit": "5000.00", "allocations": []}
    assert done["loan"] == {"creditBalance": "5000.00"}
    query = """query($id: ID!) { loan(id: $id) { creditBalance daysPastDue nextInstallments {
      dueDate principal interest } repayments { kind amount toCredit } } }"""
    before = (await api.data(lender.cashier, query, {"id": case.loan}))["loan"]
    first = before["nextInstallments"][0]
    await advance(api, dt.date.fromisoformat(first["dueDate"]) - dt.timedelta(days=1))
    await books_hold(loan_id)
    await days_on(api, 2)
    await books_hold(loan_id)
    after = (await api.data(lender.cashier, query, {"id": case.loan}))["loan"]
    left = 5000 - float(first["principal"]) - float(first["interest"])
    assert float(after["creditBalance"]) == pytest.approx(left)
    assert after["daysPastDue"] == 0
    assert after["repayments"][1:] == [
        {"kind": "CREDIT_APPLIED", "amount": "0.00", "toCredit": "0.00"}
    ]


async def test_a_credit_that_covers_all_pays_the_loan_off_with_nothing_more(
    api: Api, loans: Any, lender: Lender
) -> None:
    case = await loans("600.00")
    await api.done(lender.cashier, "repayLoan", loanId=case.loan, amount="700.00")
    found = await quote(api, case)
    assert (found["total"], found["credit"], found["principal"]) == ("0.00", "600.00", "600.00")
    errors = await api.refused(
        lender.cashier, "payOffLoan", loanId=case.loan, amount="-0.01", language="zh"
    )
    assert codes(errors) == {("amount", "OUT_OF_RANGE")}
    done = await pay_off(api, case, found["total"])
    assert done["loan"]["creditBalance"] == "100.00"
    assert done["repayment"] == {"toCredit": "0.00", "amount": "0.00", "kind": "PAYOFF"}


@pytest.mark.parametrize("late", [0, 1, 40])
async def test_a_payoff_on_and_after_a_due_date_takes_what_is_due_just_once(
    api: Api, loans: Any, lender: Lender, late: int
) -> None:
    case = await loans()
    start = await business_date()
    query = "query($id: ID!) { loan(id: $id) { nextInstallments { dueDate interest } } }"
    rows = (await api.data(lender.cashier, query, {"id": case.loan}))["loan"]["nextInstallments"]
    due = dt.date.fromisoformat(rows[0]["dueDate"])
    await advance(api, due + dt.timedelta(days=late))
    found = await quote(api, case)
    assert rows[0]["interest"] == f"{6 * (due - start).days}.00"
    assert found["principal"] == SIX_A_DAY
    if late == 0:
        assert (found["interest"], found["penalty"]) == (rows[0]["interest"], "0.00")
    else:
        assert float(found["penalty"]) > 0
        assert float(found["interest"]) > float(rows[0]["interest"])
    done = await pay_off(api, case, found["total"])
    assert done["loan"]["principalOutstanding"] == done["loan"]["interestReceivable"] == "0.00"
    assert done["loan"]["nextDueDate"] is None
    assert all(row["settledOn"] for row in done["loan"]["installments"])
    again = await api.refused(lender.cashier, "repayLoan", loanId=case.loan, amount="1.00")
    assert codes(again) == {("id", "ILLEGAL_STATE")}


async def test_a_drawdown_paid_out_late_may_not_outlive_its_contract(
    api: Api, story: Story, lender: Lender
) -> None:
    case = await story.drawn()
    end = await api.data(
        case.user,
        "query($id: ID!) { node(id: $id) { ... on LoanContract { endsOn } } }",
        {"id": case.contract},
    )
    last = dt.date.fromisoformat(end["node"]["endsOn"])
    await advance(api, last - dt.timedelta(days=364))
    errors = await api.refused(
        lender.cashier, "disburseDrawdown", drawdownId=case.drawdown, language="zh"
    )
    assert codes(errors) == {("drawdownId", "DATE_OUT_OF_RANGE")}
    await api.done(case.user, "cancelDrawdown", drawdownId=case.drawdown)
    errors = await api.refused(
        case.user, "requestDrawdown", contractId=case.contract, amount="1000.00"
    )
    assert codes(errors) == {("installments", "OUT_OF_RANGE")}
    await story.draw(case, "1000.00", installments=11)
    done = await api.done(
        lender.cashier,
        "disburseDrawdown",
        "loan { id maturityDate }",
        drawdownId=case.drawdown,
    )
    assert dt.date.fromisoformat(done["loan"]["maturityDate"]) <= last


async def test_what_ran_out_between_two_steps(api: Api, story: Story, lender: Lender) -> None:
    today = await business_date()
    short: list[Case] = []
    for stage in ("approved", "signed", "drawn"):
        case = await story.fresh()
        await CreditFacility.filter(id=row_id_of(case.facility, "CreditFacility")).update(
            expires_on=today + dt.timedelta(days=1)
        )
        short.append(await getattr(story, stage)(case))
    approved, signed, drawn = short
    waiting = await story.prepared()
    await days_on(api, 2)
    manager = lender.relationship_manager
    for actor, name, form in (
        (manager, "prepareContract", {"applicationId": approved.application}),
        (signed.user, "requestDrawdown", {"contractId": signed.contract, "amount": "1.00"}),
        (lender.cashier, "disburseDrawdown", {"drawdownId": drawn.drawdown}),
        (lender.risk_officer, "freezeFacility", {"facilityId": drawn.facility}),
    ):
        errors = await api.refused(actor, name, **form)
        assert {code for _, code in codes(errors)} == {"ILLEGAL_STATE"}, name
    done = await api.done(
        drawn.user,
        "cancelDrawdown",
        "facility { reserved state }",
        drawdownId=drawn.drawdown,
    )
    assert done["facility"] == {"reserved": "0.00", "state": "EXPIRED"}
    await days_on(api, 200)
    document = await api.data(
        waiting.user,
        "query($id: ID!) { node(id: $id) { ... on LoanContract { documentSha256 application { "
        "state } } } }",
        {"id": waiting.contract},
    )
    assert document["node"]["application"] == {"state": "EXPIRED"}
    errors = await api.refused(
        waiting.user,
        "signContract",
        contractId=waiting.contract,
        documentSha256=document["node"]["documentSha256"],
        signedBy="Director",
    )
    assert codes(errors) == {("id", "ILLEGAL_STATE")}


async def test_advancing_twice_with_one_key_advances_once(api: Api, lender: Lender) -> None:
    to = await business_date() + dt.timedelta(days=1)
    form: dict[str, Any] = {"to": to.isoformat(), "idempotency_key": key()}
    for replayed in (False, True):
        done = await api.done(lender.operator, "advanceBusinessDate", "businessDate", **form)
        assert (done["replayed"], done["businessDate"]) == (replayed, to.isoformat())
    errors = await api.refused(lender.operator, "advanceBusinessDate", to=to.isoformat())
    assert codes(errors) == {("to", "DATE_OUT_OF_RANGE")}


async def due_dates(api: Api, case: Case) -> list[str]:
    query = "query($id: ID!) { loan(id: $id) { installments { dueDate } } }"
    loan = (await api.data(api.lender.cashier, query, {"id": case.loan}))["loan"]
    await books_hold(row_id_of(case.loan, "Loan"))
    return [row["dueDate"] for row in loan["installments"]]


async def test_a_leap_day_is_a_due_date(api: Api, loans: Any, lender: Lender) -> None:
    await advance(api, dt.date(2028, 1, 31))
    case = await loans("1200.00", installments=3)
    assert await due_dates(api, case) == ["2028-02-29", "2028-03-31", "2028-04-30"]
    await advance(api, dt.date(2028, 2, 29))
    found = await quote(api, case)
    assert found["businessDate"] == "2028-02-29"
    assert found["interest"] == "5.72"  # 1,200.00 × 6 % × 29 ÷ 365
    await pay_off(api, case, found["total"])
