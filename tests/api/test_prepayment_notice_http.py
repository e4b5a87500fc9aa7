"""Notice of a prepayment over HTTP: the borrower gives it, and the cashier takes the money then."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.models.records import PolicyValue
from domain.queries.business_date import business_date
from tests.http_story import Story
from tests.over_http import Api, codes


@pytest.fixture(scope="module")
async def story(api: Api) -> Story:
    await PolicyValue.create(
        profile="GENERIC",
        name="prepayment_notice_days",
        value="3",
        effective_from=await business_date(),
        citation="The lender's terms",
        confirmed=True,
    )
    return await Story.open(api)


async def test_a_borrower_announces_and_repays_on_the_day(api: Api, story: Story) -> None:
    case = await story.signed()
    await story.draw(case, "50000.00")
    done = await api.done(
        api.lender.cashier,
        "disburseDrawdown",
        "loan { id prepaymentNoticeDays }",
        drawdownId=case.drawdown,
    )
    loan = done["loan"]["id"]
    assert done["loan"]["prepaymentNoticeDays"] == 3
    payment = {"loanId": loan, "amount": "10000.00", "keep": "TERM"}
    errors = await api.refused(api.lender.cashier, "prepayLoan", **payment)
    assert codes(errors) == {("loanId", "ILLEGAL_STATE")}

    stranger = await story.fresh()
    planned = await business_date() + dt.timedelta(days=3)
    notice = {"loanId": loan, "plannedOn": planned.isoformat(), "note": "Sold the old oven."}
    errors = await api.refused(stranger.user, "announcePrepayment", **notice)
    assert {code for _, code in codes(errors)} == {"NOT_FOUND"}
    await api.forbidden(api.lender.cashier, "announcePrepayment", **notice)
    early = {**notice, "plannedOn": (planned - dt.timedelta(days=1)).isoformat()}
    errors = await api.refused(case.user, "announcePrepayment", **early)
    assert codes(errors) == {("plannedOn", "DATE_OUT_OF_RANGE")}
    done = await api.done(
        case.user, "announcePrepayment", "event { kind plannedOn reason }", **notice
    )
    assert done["event"] == {
        "kind": "PREPAYMENT_NOTICE",
        "plannedOn": planned.isoformat(),
        "reason": "Sold the old oven.",
    }
    await api.done(api.lender.operator, "advanceBusinessDate", to=planned.isoformat())
    await api.done(api.lender.cashier, "prepayLoan", "loan { state }", **payment)
