"""Due dates that are made after disbursement fall on business days too, and stay when the calendar
changes: on SQLite and MariaDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from domain import db
from domain.models.lending.loan import Installment, Loan
from domain.models.reference import CalendarDay
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.change_terms import (
    TermsChange,
    change_due_day,
    extend_loan,
    restructure_loan,
)
from domain.operations.lending.repay_loan import Payment, repay_loan
from domain.operations.lending.verify_books import verify_books
from domain.queries.business_date import business_date
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key


@pytest.fixture(scope="module")
async def rolling(lender: Lender) -> Lender:
    """A lender whose loans roll to the next business day of the calendar T."""
    await db.execute(
        "UPDATE loan_product SET calendar = 'T', roll = 'FOLLOWING' WHERE code = 'USD-LEVEL'"
    )
    return lender


async def due_dates(loan: Loan) -> list[dt.date]:
    found = await Installment.filter(loan_id=loan.id, settled_on=None).order_by("number")
    return [row.due_date for row in found]


async def holidays(first: dt.date, days: int) -> list[dt.date]:
    off = [first + dt.timedelta(days=count) for count in range(days)]
    for day in off:
        await CalendarDay.create(calendar="T", date=day, kind="HOLIDAY", name="A holiday")
    return off


async def proved(loan: Loan) -> None:
    await books_hold(loan.id)
    assert (await verify_books(deep=True)).faults == []


async def test_dates_that_are_made_later_roll_and_do_not_drift(rolling: Lender) -> None:
    off = await holidays(dt.date(2026, 5, 4), 5)  # from Monday to Friday
    loan = await rolling.loan(installments=4)  # from 15 January 2026
    approver = rolling.approver
    assert await due_dates(loan) == [
        dt.date(2026, 2, 16),  # the 15th is a Sunday
        dt.date(2026, 3, 16),
        dt.date(2026, 4, 15),
        dt.date(2026, 5, 15),
    ]
    await proved(loan)

    fourth = TermsChange(loan_id=loan.id, reason="pay day", next_due_date=dt.date(2026, 2, 4))
    await change_due_day(actor=approver, key=key(), change=fourth)
    dates = await due_dates(loan)
    assert dates == [
        dt.date(2026, 2, 4),
        dt.date(2026, 3, 4),
        dt.date(2026, 4, 6),  # the 4th is a Saturday
        dt.date(2026, 5, 11),  # all the week of the 4th is off
    ]
    await proved(loan)

    more = TermsChange(loan_id=loan.id, reason="slow season", periods=2, consent="G-1")
    await extend_loan(actor=approver, key=key(), change=more)
    # Counted from 4 February on: the 11th of May was a holiday's doing.
    assert (await due_dates(loan))[3:] == [
        off[-1] + dt.timedelta(days=3),
        dt.date(2026, 6, 4),
        dt.date(2026, 7, 6),  # the 4th is a Saturday
    ]
    assert (await Loan.get(id=loan.id)).maturity_date == dt.date(2026, 7, 6)
    await proved(loan)

    # The calendar changes, and a payment dated back replays the loan: no date moves.
    before = await due_dates(loan)
    await holidays(dt.date(2026, 3, 2), 4)
    to = await business_date() + dt.timedelta(days=3)
    await advance_business_date(actor=rolling.operator, key=key(), to=to)
    back = Payment(loan_id=loan.id, amount=Decimal("10.00"), value_date=to - dt.timedelta(days=2))
    await repay_loan(actor=rolling.cashier, key=key(), payment=back)
    assert await due_dates(loan) == before
    await proved(loan)

    anew = TermsChange(loan_id=loan.id, reason="in difficulty", periods=3)
    await restructure_loan(actor=approver, key=key(), change=anew)
    new = (await due_dates(loan))[-3:]
    assert new == [dt.date(2026, 2, 18), dt.date(2026, 3, 18), dt.date(2026, 4, 20)]
    await proved(loan)


async def test_a_date_without_a_business_day_near_is_refused(rolling: Lender) -> None:
    loan = await rolling.loan(installments=6)  # from 18 January
    await holidays(dt.date(2026, 8, 1), 40)
    before = await due_dates(loan)
    change = TermsChange(loan_id=loan.id, reason="slow season", periods=1, consent="G-1")
    await _refused(extend_loan, rolling, change)
    change = TermsChange(loan_id=loan.id, reason="in difficulty", periods=7)
    await _refused(restructure_loan, rolling, change)
    assert await due_dates(loan) == before
    await proved(loan)


async def _refused(
    change: Callable[..., Awaitable[object]], lender: Lender, asked: TermsChange
) -> None:
    with pytest.raises(Refused) as refusal:
        await change(actor=lender.approver, key=key(), change=asked)
    (problem,) = refusal.value.problems
    assert (problem.code, problem.path) == (ErrorCode.DATE_OUT_OF_RANGE, ("periods",))
    assert "2026-08-18" in problem.en
