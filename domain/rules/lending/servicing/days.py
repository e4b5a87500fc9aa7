"""The passing of days: interest accrues, instalments fall due, a credit balance pays them, a loan
goes into non-accrual and comes back (docs/domain.md §5).

Targets are cumulative and rounded once each, and a day posts the difference to what was posted
before: no cent drifts, the same day twice adds nothing, and it makes no difference whether days
pass one by one or many at once, since nothing but accrual happens between the days that
`_next_day` stops at.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from domain.rules.lending.accrual import accrued_interest
from domain.rules.lending.overdue import compound_interest, penalty_interest
from domain.rules.lending.servicing.account import BookStatus, Installment, LoanAccount
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
    account.accrued_through = day
    use_credit(account)
    close_settled(account, day)
    change_book_status(account)
    tax(account, day)


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
    matured = account.matured_on
    for row in account.installments:
        if row.settled_on is not None or row.start_date >= on:
            continue
        interest = accrued_interest(row, schedule, on) - row.interest_accrued
        row.interest_accrued += interest
        account.interest_receivable += interest
        if row.due_date < on:
            terms = overdue
            if matured is not None and row.due_date <= matured:
                terms = replace(overdue, maturity=matured)
            penalty = penalty_interest(row, terms, on) - row.penalty_accrued
            compound = compound_interest(row, terms, on) - row.compound_accrued
            row.penalty_accrued += penalty
            row.compound_accrued += compound
            account.penalty_receivable += penalty
            account.compound_receivable += compound


def change_book_status(account: LoanAccount) -> None:
    """Into non-accrual beyond the agreed days past due; back once arrears have been cleared, and
    stayed so, for the days of cure."""
    today = account.accrued_through
    late = account.days_past_due()
    if account.book_status is BookStatus.ACCRUING:
        if late > account.terms.non_accrual_beyond_days:
            account.book_status = BookStatus.NON_ACCRUAL
    elif account.book_status is BookStatus.NON_ACCRUAL:
        if late:
            account.arrears_cleared_on = None
        else:
            account.arrears_cleared_on = account.arrears_cleared_on or today
            if (today - account.arrears_cleared_on).days >= account.terms.cure_days:
                account.book_status = BookStatus.ACCRUING
                account.arrears_cleared_on = None


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
