"""A quiet day: a loan accrues, interest of it may reach its tax point, and nothing else happens.

Most loans have one on most days, so the day close asks this first and does the others one by one.
What a day does is not said again here: the accruals, the tax and the book status come from the
rules that :func:`~domain.rules.lending.servicing.days.open_day` uses.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from domain.rules.lending.accrual import accrued_interest
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.interest import BalanceChange
from domain.rules.lending.overdue import OverdueTerms
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.servicing.account import BookStatus, Installment
from domain.rules.lending.servicing.days import accruals, book_status_on
from domain.rules.lending.servicing.tax import taxed_unpaid, vat_reached
from domain.rules.money import Rounding


class Terms(NamedTuple):
    """What of a loan's terms decides its contract interest, and the rates of VAT included in it."""

    annual_rate: Decimal
    rate_changes: tuple[DatedRate, ...]
    day_count: DayCount
    unit: PeriodUnit
    rounding: Rounding
    vat: tuple[DatedRate, ...]


class RunningRow(NamedTuple):
    """An instalment that has begun and falls due after the day."""

    number: int
    start_date: dt.date
    end_date: dt.date
    days: int
    opening: int
    interest: int
    balance_changes: tuple[BalanceChange, ...]
    interest_accrued: int


class Accrual(NamedTuple):
    """What a day adds to an instalment, in minor units."""

    number: int
    interest: int
    penalty: int
    compound: int


class QuietDay(NamedTuple):
    """All that a quiet day does to a loan: accruals that are not all 0, the gross interest whose
    tax point came, and the tax in it."""

    accruals: list[Accrual]
    taxed: int
    vat: int


@dataclass(slots=True, kw_only=True)
class QuietLoan:
    """A living loan without a credit balance, every day before `ended` accrued.

    `running` and `due` are its open instalments that have begun: those that fall due after the day
    that opens, and the others (whose payments are given where they are past due). `paid` is all
    interest ever paid; `bills_rows` says that a fee falls due with an instalment. `overdue` may be
    None where nothing is past due.
    """

    terms: Terms
    overdue: OverdueTerms | None
    book_status: BookStatus
    next_due_date: dt.date | None
    arrears_cleared_on: dt.date | None
    non_accrual_beyond_days: int
    cure_days: int
    taxed_income: int
    paid: int
    bills_rows: bool
    running: list[RunningRow]
    due: list[Installment]


def quiet_day(loan: QuietLoan, day: dt.date) -> QuietDay | None:
    """What the opening of `day` does to the loan; None where it does more than accrue and tax."""
    if _status_changes(loan, day):
        return None
    found = []
    for running in loan.running:
        if interest := accrued_interest(running, loan.terms, day) - running.interest_accrued:
            found.append(Accrual(running.number, interest, 0, 0))
    reached = loan.paid
    for row in loan.due:
        accrual = _of_due_row(loan, row, day)
        if accrual is None:
            return None
        if accrual.interest or accrual.penalty or accrual.compound:
            found.append(accrual)
        reached += taxed_unpaid(row, loan.terms, loan.next_due_date)
    vat = vat_reached(
        loan.terms.vat,
        taxed=loan.taxed_income,
        reached=reached,
        today=day,
        rounding=loan.terms.rounding,
    )
    if vat is None:
        return QuietDay(found, 0, 0)
    return QuietDay(found, reached - loan.taxed_income, vat)


def _status_changes(loan: QuietLoan, day: dt.date) -> bool:
    late = 0
    if loan.next_due_date is not None and loan.next_due_date < day:
        late = (day - loan.next_due_date).days
    before = (loan.book_status, loan.arrears_cleared_on)
    return before != book_status_on(
        day,
        status=loan.book_status,
        late=late,
        cleared_on=loan.arrears_cleared_on,
        beyond_days=loan.non_accrual_beyond_days,
        cure_days=loan.cure_days,
    )


def _of_due_row(loan: QuietLoan, row: Installment, day: dt.date) -> Accrual | None:
    """What the day adds to a row due by then; None where that settles it, or a fee comes too."""
    if loan.bills_rows and row.due_date == day:
        return None
    if row.due_date < day:
        if loan.overdue is None:
            raise ValueError(f"instalment {row.number} is past due, and no overdue terms were read")
        accrual = Accrual(row.number, *accruals(row, loan.terms, loan.overdue, day))
        row.penalty_accrued += accrual.penalty
        row.compound_accrued += accrual.compound
    else:
        accrual = Accrual(
            row.number, accrued_interest(row, loan.terms, day) - row.interest_accrued, 0, 0
        )
    return None if row.settled else accrual
