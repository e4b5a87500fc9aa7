"""Events that make the future of a loan anew: a change of the due day, extension (展期),
restructuring (重组), acceleration (宣布提前到期)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

from domain.rules.lending.allocation import Bucket
from domain.rules.lending.day_count import actual_days, thirty_e_days
from domain.rules.lending.overdue import InstallmentPayment
from domain.rules.lending.periods import Period, PeriodUnit, due_date, settlement_boundaries
from domain.rules.lending.schedule_terms import RepaymentMethod, ScheduleTerms
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing import replan
from domain.rules.lending.servicing.account import LoanAccount, Taken


def change_due_day(account: LoanAccount, event: e.DueDayChange) -> None:
    """End the running row on another day; the later rows count from it, as many as before."""
    rows = replan.future_rows(account, event.on)
    if not rows:
        return
    terms = account.terms.schedule
    dates = [
        due_date(first=event.next_due_date, count=count, every=terms.every, unit=terms.unit)
        for count in range(len(rows))
    ]
    running = rows[0]
    running.end_date = running.due_date = dates[0]
    running.days = replan.period_days(account, running.start_date, dates[0])
    for row, (start, end) in zip(rows[1:], pairwise(dates), strict=True):
        period = _period(terms, start, end)
        row.start_date, row.end_date, row.due_date = start, end, end
        row.days = period.days(terms.day_count)
    replan.set_maturity(account, dates[-1])
    replan.lay_out(account, rows)


def extended_maturity(account: LoanAccount, event: e.Extension) -> dt.date:
    """The day on which the loan would mature."""
    return _dates_after(account, event.periods)[-1]


def extend(account: LoanAccount, event: e.Extension) -> None:
    """Add instalments after the last one, at other rates from today on."""
    rows = replan.future_rows(account, event.on)
    if not rows:
        return
    replan.set_rate(account, event.on, event.annual_rate, event.penalty_rate)
    dates = _dates_after(account, event.periods)
    last = rows[-1]
    terms = account.terms.schedule
    if terms.method is RepaymentMethod.BULLET:
        last.end_date = last.due_date = dates[-1]
        last.days = replan.period_days(account, last.start_date, dates[-1])
    else:
        added = [
            replan.new_row(account, last.number + place, _period(terms, start, end), 0)
            for place, (start, end) in enumerate(pairwise([last.due_date, *dates]), start=1)
        ]
        account.installments += added
        rows += added
    replan.set_maturity(account, dates[-1])
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
    dates = restructured_dates(account, event)
    rows = [
        replan.new_row(
            account, number + place, _period(schedule, start, end), account.principal_outstanding
        )
        for place, (start, end) in enumerate(pairwise([event.on, *dates]), start=1)
    ]
    account.installments += rows
    replan.set_maturity(account, dates[-1])
    replan.lay_out(account, rows)


def restructured_dates(account: LoanAccount, event: e.Restructuring) -> list[dt.date]:
    """The due dates of a restructuring."""
    terms = account.terms.schedule
    counts = range(1, event.periods + 1)
    if event.method is RepaymentMethod.BULLET:
        counts = range(event.periods, event.periods + 1)
    return [
        due_date(first=event.on, count=count, every=terms.every, unit=terms.unit)
        for count in counts
    ]


def accelerate(account: LoanAccount, on: dt.date) -> None:
    """Let all principal fall due `on`, with the interest accrued to that day."""
    row, undue = replan.cut(account, on)
    if row is None:
        return
    row.principal += undue
    replan.set_maturity(account, on)


def _dates_after(account: LoanAccount, periods: int) -> list[dt.date]:
    """The due dates that follow the last one, counted from the first date where they were."""
    terms = account.terms.schedule
    last = account.installments[-1]

    def counted(first: dt.date, count: int) -> dt.date:
        return due_date(first=first, count=count, every=terms.every, unit=terms.unit)

    if terms.settlement_day is not None:
        maturity = counted(last.due_date, periods)
        boundaries = settlement_boundaries(
            last.due_date, maturity, terms.every, terms.settlement_day
        )
        return [day for day in boundaries if last.due_date < day < maturity] + [maturity]
    first, passed = last.due_date, 0
    bullet = terms.method is RepaymentMethod.BULLET
    count = terms.installments if bullet else last.number
    if counted(terms.start_date, count) == last.due_date:
        first, passed = terms.start_date, count
    return [counted(first, passed + place) for place in range(1, periods + 1)]


def _period(terms: ScheduleTerms, start: dt.date, end: dt.date) -> Period:
    if terms.unit is not PeriodUnit.MONTH:
        thirty = actual_days(start, end)
    elif terms.settlement_day is None and terms.method is not RepaymentMethod.BULLET:
        thirty = 30 * terms.every
    else:
        thirty = thirty_e_days(start, end)
    return Period(start=start, end=end, thirty_days=thirty)
