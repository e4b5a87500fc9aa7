"""The passing of days: interest accrues, instalments fall due, a credit balance pays them, a loan
goes into non-accrual and comes back (docs/domain.md §5).

Targets are cumulative and rounded once each, and a day posts the difference to what was posted
before: no cent drifts, the same day twice adds nothing, and it makes no difference whether days
pass one by one or many at once, since nothing but accrual happens between the days that
`_next_day` stops at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from domain.rules.lending.accrual import EarningTerms, accrued_interest
from domain.rules.lending.overdue import OverdueTerms, compound_interest, penalty_interest
from domain.rules.lending.servicing.account import BookStatus, Installment, LoanAccount
from domain.rules.lending.servicing.bill_fees import bill_periodic
from domain.rules.lending.servicing.misused import misuse_penalty
from domain.rules.lending.servicing.settle import close_settled, owed_now, take
from domain.rules.lending.servicing.tax import tax
from domain.rules.lending.states import LoanState

_ONE_DAY = dt.timedelta(days=1)


def advance(account: LoanAccount, to: dt.date) -> None:
    """Let the days up to `to` (excluded) pass and open `to`: see :class:`LoanAccount`."""
    while account.accrued_through < to:
        if account.state not in (LoanState.ACTIVE, LoanState.WRITTEN_OFF):
            account.accrued_through = to
            return
        open_day(account, min(to, _next_day(account)))


def open_day(account: LoanAccount, day: dt.date) -> None:
    """Accrue up to `day` (excluded), then do what the day brings."""
    accrue(account, day)
    bill(account, day)
    settle_due(account)


def bill(account: LoanAccount, day: dt.date) -> None:
    """Let `day` begin, up to which all has accrued, with the fees that fall due on it."""
    account.accrued_through = day
    bill_periodic(account)


def settle_due(account: LoanAccount) -> None:
    """What follows from a day that began: a credit balance pays what fell due, items and loan
    close, book status and tax come right."""
    use_credit(account)
    close_settled(account, account.accrued_through)
    change_book_status(account)
    tax(account, account.accrued_through)


def use_credit(account: LoanAccount) -> None:
    """Let a credit balance pay what is due."""
    if account.credit_balance:
        day = account.accrued_through
        account.credit_balance = take(
            account, account.credit_balance, owed_now(account, day), on=day, sequence=None
        )


def accrue(account: LoanAccount, on: dt.date) -> None:
    """Bring what every open instalment earned up to `on` (excluded) to its target."""
    schedule, overdue = account.terms.schedule, account.terms.overdue
    for row in account.installments:
        if row.settled_on is not None or row.start_date >= on:
            continue
        interest, penalty, compound = accruals(row, schedule, overdue, on, matured=account.matured)
        row.interest_accrued += interest
        row.penalty_accrued += penalty
        row.compound_accrued += compound
        account.interest_receivable += interest
        account.penalty_receivable += penalty
        account.compound_receivable += compound


def accruals(
    row: Installment,
    schedule: EarningTerms,
    overdue: OverdueTerms,
    on: dt.date,
    *,
    matured: Sequence[dt.date] = (),
) -> tuple[int, int, int]:
    """What an open instalment that has begun earned up to `on` (excluded) beyond what was accrued:
    contract, penalty and compound interest. Before it falls due it bears penalty interest where
    principal is misused. Of the maturities that had passed when a new one was
    agreed (`matured`, in order), the first by which the instalment was due counts for it."""
    interest = accrued_interest(row, schedule, on) - row.interest_accrued
    misuse = misuse_penalty(row, schedule, overdue, on) if overdue.misuse else 0
    if row.due_date >= on:
        return interest, misuse - row.penalty_accrued, 0
    passed = next((day for day in matured if row.due_date <= day), None)
    if passed is not None:
        overdue = replace(overdue, maturity=passed)
    return (
        interest,
        misuse + penalty_interest(row, overdue, on) - row.penalty_accrued,
        compound_interest(row, overdue, on) - row.compound_accrued,
    )


def change_book_status(account: LoanAccount) -> None:
    """Bring the book status to what :func:`book_status_on` says of today."""
    account.book_status, account.arrears_cleared_on = book_status_on(
        account.accrued_through,
        status=account.book_status,
        late=account.days_past_due(),
        cleared_on=account.arrears_cleared_on,
        beyond_days=account.terms.non_accrual_beyond_days,
        cure_days=account.terms.cure_days,
    )


def book_status_on(
    today: dt.date,
    *,
    status: BookStatus,
    late: int,
    cleared_on: dt.date | None,
    beyond_days: int,
    cure_days: int,
) -> tuple[BookStatus, dt.date | None]:
    """Into non-accrual beyond the agreed days past due; back once arrears have been cleared, and
    stayed so, for the days of cure. Returns the status and since when arrears are cleared."""
    if status is BookStatus.ACCRUING:
        if late > beyond_days:
            status = BookStatus.NON_ACCRUAL
    elif status is BookStatus.NON_ACCRUAL:
        if late:
            cleared_on = None
        else:
            cleared_on = cleared_on or today
            if (today - cleared_on).days >= cure_days:
                status, cleared_on = BookStatus.ACCRUING, None
    return status, cleared_on


def _next_day(account: LoanAccount) -> dt.date:
    """The next day on which more happens than accrual."""
    through = account.accrued_through
    days = [dt.date.max]
    for row in account.installments:
        if row.settled_on is None:
            days += _days_of(account, row)
    days += [charge.due_date for charge in account.charges if charge.settled_on is None]
    if account.arrears_cleared_on is not None:
        days.append(account.arrears_cleared_on + dt.timedelta(days=account.terms.cure_days))
    return min(day for day in days if day > through)


def _days_of(account: LoanAccount, row: Installment) -> list[dt.date]:
    beyond = dt.timedelta(days=account.terms.non_accrual_beyond_days + 1)
    # The day after the due date is when a paid-up loan begins to be past due.
    return [row.due_date, row.due_date + _ONE_DAY, row.due_date + beyond]
