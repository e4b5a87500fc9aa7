"""A loan's statement: right to the cent on every line, on every page, whatever happened to it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from domain import db
from domain.models.lending.loan import Installment, Loan
from domain.queries.business_date import business_date
from domain.queries.lending.loan_statement import (
    Line,
    Place,
    Standing,
    standing_at,
    statement_lines,
)
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.postings import Event
from domain.rules.lending.servicing import events as e
from tests.lender import Lender
from tests.servicing import days_pass, happens, is_reversed, pays

RATES = {"annual_rate": Decimal("0.0480"), "penalty_rate": Decimal("0.0720")}
NOWHERE = Place(0, 0, Standing())


@pytest.fixture(scope="module")
async def loan(lender: Lender) -> Loan:
    """A loan that went into non-accrual, with everything on its statement."""
    made = await lender.loan(amount=120_000_00)
    due = await Installment.get(loan_id=made.id, number=1)
    await days_pass(lender, (due.due_date - await business_date()).days)
    wrong = await pays(lender, made.id, 8_000_00)
    await days_pass(lender, 20)
    await happens(lender, made.id, lambda n, day: e.RateChange(sequence=n, on=day, **RATES))
    await pays(lender, made.id, 11_000_00, days_ago=3)
    await happens(
        lender,
        made.id,
        lambda n, day: e.Levy(sequence=n, on=day, code="LEGAL", amount=300_00, due_date=day),
    )
    await days_pass(lender, 5)
    await is_reversed(lender, wrong)
    await days_pass(lender, 110)
    await happens(
        lender,
        made.id,
        lambda n, day: e.Waiver(sequence=n, on=day, bucket=Bucket.PENALTY, amount=1),
    )
    await pays(lender, made.id, 1_500_00)
    await happens(
        lender, made.id, lambda n, day: e.DueDayChange(sequence=n, on=day, next_due_date=_in(day))
    )
    found = await Loan.get(id=made.id)
    assert found.book_status == "NON_ACCRUAL"
    return found


def _in(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=9)


async def whole(loan: Loan, **how: object) -> list[Line]:
    arguments = {"start": dt.date.min, "end": dt.date.max, "after": NOWHERE, **how}
    return [line async for line in statement_lines(loan.id, **arguments)]


def owed(loan: Loan) -> Standing:
    return Standing(
        loan.principal_outstanding,
        loan.interest_receivable,
        loan.penalty_receivable,
        loan.compound_receivable,
        loan.fee_receivable,
        loan.credit_balance,
    )


async def test_it_ends_with_what_the_loan_owes_now(loan: Loan) -> None:
    lines = await whole(loan)
    assert lines[0].event is Event.DISBURSEMENT
    assert lines[0].money == -loan.principal
    assert lines[-1].place.standing == owed(loan)
    assert lines[-1].detail == "DUE_DAY_CHANGE"
    running = Standing()
    for line in lines:
        running = Standing(*(a + b for a, b in zip(running, line.moved, strict=True)))
        assert line.place.standing == running


async def test_every_kind_of_event_has_its_line(loan: Loan) -> None:
    lines = await whole(loan)
    shown = [(line.event, line.detail) for line in lines if line.event is not Event.ACCRUAL]
    assert shown == [
        (Event.DISBURSEMENT, ""),
        (Event.REPAYMENT, ""),
        (Event.TERMS, "RATE_CHANGE"),
        (Event.REPLAY, ""),  # the payment that was dated back
        (Event.CHARGE, "CHARGE"),  # the credit balance paid it at once
        (Event.REPLAY, "REVERSAL"),
        (Event.DAY, ""),
        (Event.WAIVER, "WAIVER"),
        (Event.REPAYMENT, ""),
        (Event.TERMS, "DUE_DAY_CHANGE"),
    ]


async def test_a_payment_shows_where_it_went(loan: Loan) -> None:
    (payment, last) = [line for line in await whole(loan) if line.event is Event.REPAYMENT]
    assert payment.money == 8_000_00
    assert payment.money == -sum(payment.moved[:5]) + payment.moved.credit
    assert last.money == 1_500_00 == -sum(last.moved[:5]) + last.moved.credit


async def test_accruals_are_summed_between_other_lines_and_at_most_by_month(loan: Loan) -> None:
    by_month, daily = await whole(loan), await whole(loan, daily=True)
    assert len(daily) > 2 * len(by_month)
    for line in by_month:
        if line.event is Event.ACCRUAL:
            assert (line.value_date.year, line.value_date.month) == (
                line.through.year,
                line.through.month,
            )
    for lines in (by_month, daily):
        total = sum(line.moved.interest for line in lines if line.event is Event.ACCRUAL)
        assert total == sum(line.moved.interest for line in daily if line.event is Event.ACCRUAL)
    assert by_month[-1].place == daily[-1].place


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("daily", [False, True])
async def test_pages_put_together_are_the_whole(loan: Loan, size: int, daily: bool) -> None:
    everything = await whole(loan, daily=daily)
    pages: list[Line] = []
    place = NOWHERE
    while True:
        page = []
        async for line in statement_lines(
            loan.id, start=dt.date.min, end=dt.date.max, after=place, daily=daily
        ):
            if len(page) == size:
                break
            page.append(line)
        if not page:
            break
        pages += page
        place = page[-1].place
    assert pages == everything


@pytest.mark.parametrize("chunk", [50, 51, 97])
async def test_it_does_not_matter_how_many_entries_are_read_at_a_time(
    loan: Loan, chunk: int
) -> None:
    assert await whole(loan, daily=True, chunk=chunk) == await whole(loan, daily=True)


async def test_a_period_opens_with_what_the_one_before_closed_with(loan: Loan) -> None:
    everything = await whole(loan, daily=True)
    for day in (dt.date(2026, 2, 1), dt.date(2026, 3, 17), await business_date()):
        opening = await standing_at(loan.id, before=day)
        before = [line for line in everything if line.posting_date < day]
        assert opening == before[-1].place.standing
        since = [
            line
            async for line in statement_lines(
                loan.id, start=day, end=dt.date.max, after=Place(0, 0, opening), daily=True
            )
        ]
        assert [line.moved for line in since] == [
            line.moved for line in everything if line.posting_date >= day
        ]
        assert since[-1].place.standing == owed(loan)


async def test_a_written_off_loan_still_owes(lender: Lender, loan: Loan) -> None:
    before = (await whole(loan))[-1].place.standing
    await happens(lender, loan.id, lambda n, day: e.WriteOff(sequence=n, on=day))
    line = (await whole(loan))[-1]
    assert (line.event, line.place.standing, line.money) == (Event.WRITE_OFF, before, 0)
    found = await db.rows(
        "SELECT SUM(amount) AS n FROM ledger_entry WHERE loan_id = %s AND account_code = '1303'",
        [loan.id],
    )
    assert int(found[0]["n"]) == 0
