"""Events that make the future of a loan anew: a change of the due day, extension (展期),
restructuring (重组), acceleration (宣布提前到期)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from domain.rules.lending.allocation import Bucket
from domain.rules.lending.overdue import InstallmentPayment
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing import replan
from domain.rules.lending.servicing.account import LoanAccount, Taken
from domain.rules.lending.servicing.new_dates import (
    counted_from,
    due_day_periods,
    extended_bullet,
    extended_dates,
    extended_periods,
    restructured_periods,
)


def change_due_day(account: LoanAccount, event: e.DueDayChange) -> None:
    """End the running row on another day; the later rows count from it, as many as before but for
    those that roll to one day."""
    rows = replan.future_rows(account, event.on)
    if not rows:
        return
    periods = due_day_periods(account, event, rows)
    replan.drop(account, rows[len(periods) :])
    rows = rows[: len(periods)]
    for row, period in zip(rows, periods, strict=True):
        row.start_date, row.end_date, row.due_date = period.start, period.end, period.end
        row.days = period.days(account.terms.schedule.day_count)
    account.counted_from = event.next_due_date
    replan.set_maturity(account, rows[-1].due_date)
    replan.lay_out(account, rows)


def extended_maturity(account: LoanAccount, event: e.Extension) -> dt.date:
    """The day on which the loan would mature. Caps count it before it rolls to a business day: the
    law speaks of the term that was agreed."""
    return extended_dates(account, event)[-1]


def extend(account: LoanAccount, event: e.Extension) -> None:
    """Add instalments after the last one, at other rates from today on. What a custom plan was to
    repay at maturity is repaid at the new one."""
    rows = replan.future_rows(account, event.on)
    if not rows:
        return
    replan.set_rate(account, event.on, event.annual_rate, event.penalty_rate)
    last, day_count = rows[-1], account.terms.schedule.day_count
    first, _ = counted_from(account, event)
    if account.terms.schedule.method is RepaymentMethod.BULLET:
        period = extended_bullet(account, event)
        last.end_date = last.due_date = period.end
        last.days = period.days(day_count)
    else:
        added = [
            replan.new_row(account, last.number + place, period, 0)
            for place, period in enumerate(extended_periods(account, event), start=1)
        ]
        if account.terms.schedule.method is RepaymentMethod.CUSTOM_PLAN and added:
            replan.postpone(last, added[-1])
        account.installments += added
        rows += added
    account.counted_from = first
    replan.set_maturity(account, rows[-1].due_date)
    replan.lay_out(account, rows)


def restructure(account: LoanAccount, event: e.Restructuring) -> None:
    """Repay all principal, overdue or not, by a new schedule; interest owed so far stays due."""
    if not account.principal_outstanding:
        return
    replan.cut(account, event.on)
    for row in account.open_installments():
        moved = row.principal_unpaid
        if moved:
            row.principal_moved += moved
            row.payments.append(InstallmentPayment(event.on, moved, 0))
            taken = Taken(event.sequence, row.number, Bucket.PRINCIPAL, moved, event.on)
            account.taken.append(taken)
    replan.set_rate(account, event.on, event.annual_rate, event.penalty_rate)
    schedule = replace(account.terms.schedule, method=event.method)
    account.terms = replace(account.terms, schedule=schedule)
    number = max([account.settled_to, *(row.number for row in account.installments)])
    rows = [
        replan.new_row(account, number + place, period, account.principal_outstanding)
        for place, period in enumerate(restructured_periods(account, event), start=1)
    ]
    account.installments += rows
    account.counted_from = event.on
    replan.set_maturity(account, rows[-1].due_date)
    replan.lay_out(account, rows)


def accelerate(account: LoanAccount, on: dt.date) -> None:
    """Let all principal fall due `on`, with the interest accrued to that day."""
    row, undue = replan.cut(account, on)
    if row is None:
        return
    row.principal += undue
    replan.set_maturity(account, on)
