"""The due dates that an event makes, rolled to business days (docs/domain.md §4, §5).

Dates are counted from one day, never from the date before, and then rolled as the event says: a
rolled date does not drift. A date without a business day near it stays where it is; live, it is
refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from domain.rules.lending.business_days import (
    MAX_ROLL_DAYS,
    BusinessCalendar,
    NoBusinessDay,
    RollConvention,
    roll_date,
)
from domain.rules.lending.day_count import actual_days, thirty_e_days
from domain.rules.lending.periods import (
    Period,
    PeriodUnit,
    due_date,
    rolled_periods,
    settlement_boundaries,
)
from domain.rules.lending.schedule_terms import RepaymentMethod, ScheduleTerms
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import Installment, LoanAccount


def due_day_dates(account: LoanAccount, event: e.DueDayChange, rows: int) -> list[dt.date]:
    """The due dates of so many rows, the first on the day that the event names."""
    terms = account.terms.schedule
    return [_counted(terms, event.next_due_date, count) for count in range(rows)]


def due_day_periods(
    account: LoanAccount, event: e.DueDayChange, rows: Sequence[Installment]
) -> tuple[Period, ...]:
    """The periods of rows of which the first one is running."""
    dates = due_day_dates(account, event, len(rows))
    terms = account.terms.schedule
    first = _stub(terms, rows[0].start_date, dates[0])
    return _rolled(terms, event, [first, *_periods(terms, dates)])


def restructured_dates(account: LoanAccount, event: e.Restructuring) -> list[dt.date]:
    """The due dates of a restructuring."""
    counts = range(1, event.periods + 1)
    if event.method is RepaymentMethod.BULLET:
        counts = range(event.periods, event.periods + 1)
    return [_counted(account.terms.schedule, event.on, count) for count in counts]


def restructured_periods(account: LoanAccount, event: e.Restructuring) -> tuple[Period, ...]:
    """The periods of a restructuring."""
    terms = replace(account.terms.schedule, method=event.method)
    periods = _periods(terms, [event.on, *restructured_dates(account, event)])
    return _rolled(terms, event, periods)


def extended_dates(account: LoanAccount, event: e.Extension) -> list[dt.date]:
    """The due dates that an extension adds."""
    first, passed = counted_from(account, event)
    return _dates_after(account, first, passed, event.periods)


def extended_periods(account: LoanAccount, event: e.Extension) -> tuple[Period, ...]:
    """The periods that an extension adds; the first one begins on the last due date."""
    terms, last = account.terms.schedule, account.installments[-1].due_date
    first, passed = counted_from(account, event)
    dates = _dates_after(account, first, passed, event.periods)
    periods = _periods(terms, [_counted(terms, first, passed), *dates])
    return _rolled(terms, event, periods, start=last)


def extended_bullet(account: LoanAccount, event: e.Extension) -> Period:
    """The one period of a bullet loan, to the day on which it now matures."""
    terms, row = account.terms.schedule, account.installments[-1]
    return _stub(terms, row.start_date, _roll_of(event)(extended_dates(account, event)[-1]))


def counted_from(account: LoanAccount, event: e.NewDates) -> tuple[dt.date, int]:
    """The day from which the loan's due dates are counted, and how many periods after it the last
    one was due; that one itself where it was not counted so."""
    terms, last, first = account.terms.schedule, account.installments[-1], account.counted_from
    rolls = [_roll_by(terms.roll, terms.calendar), _roll_of(event)]
    # Where two dates roll to one, the later one has it.
    for count in reversed(_about(terms, first, last.due_date)):
        counted = _counted(terms, first, count)
        if last.due_date in (counted, *(roll(counted) for roll in rolls)):
            return first, count
    return last.due_date, 0


def days_off(event: e.NewDates, dates: Sequence[dt.date]) -> list[dt.date]:
    """Those of `dates` near which the calendar has no business day."""
    found = []
    for day in dates:
        try:
            roll_date(day, calendar=event.calendar, convention=event.roll)
        except NoBusinessDay:
            found.append(day)
    return found


def _dates_after(account: LoanAccount, first: dt.date, passed: int, periods: int) -> list[dt.date]:
    terms = account.terms.schedule
    if terms.method is RepaymentMethod.BULLET:
        return [_counted(terms, first, passed + periods)]
    if terms.settlement_day is None:
        return [_counted(terms, first, passed + place) for place in range(1, periods + 1)]
    last, maturity = _counted(terms, first, passed), _counted(terms, first, passed + periods)
    boundaries = settlement_boundaries(last, maturity, terms.every, terms.settlement_day)
    return [day for day in boundaries if last < day < maturity] + [maturity]


def _about(terms: ScheduleTerms, first: dt.date, last: dt.date) -> range:
    """The counts of periods after `first` whose date may have rolled to `last`."""
    if terms.unit is PeriodUnit.MONTH:
        passed, most = 12 * (last.year - first.year) + last.month - first.month, 1
        step = terms.every
    else:
        passed, most = actual_days(first, last), MAX_ROLL_DAYS
        step = terms.every * (7 if terms.unit is PeriodUnit.WEEK else 1)
    return range(max((passed - most) // step, 0), (passed + most) // step + 1)


def _counted(terms: ScheduleTerms, first: dt.date, count: int) -> dt.date:
    return due_date(first=first, count=count, every=terms.every, unit=terms.unit)


def _periods(terms: ScheduleTerms, dates: Sequence[dt.date]) -> list[Period]:
    whole = terms.settlement_day is None and terms.method is not RepaymentMethod.BULLET
    if not whole or terms.unit is not PeriodUnit.MONTH:
        return [_stub(terms, start, end) for start, end in pairwise(dates)]
    return [Period(start, end, thirty_days=30 * terms.every) for start, end in pairwise(dates)]


def _stub(terms: ScheduleTerms, start: dt.date, end: dt.date) -> Period:
    """A period that need not be whole months."""
    between = thirty_e_days if terms.unit is PeriodUnit.MONTH else actual_days
    return Period(start, end, thirty_days=between(start, end))


def _rolled(
    terms: ScheduleTerms,
    event: e.NewDates,
    periods: Sequence[Period],
    *,
    start: dt.date | None = None,
) -> tuple[Period, ...]:
    return rolled_periods(
        periods, roll=_roll_of(event), in_months=terms.unit is PeriodUnit.MONTH, start=start
    )


def _roll_of(event: e.NewDates) -> Callable[[dt.date], dt.date]:
    return _roll_by(event.roll, event.calendar)


def _roll_by(roll: RollConvention, calendar: BusinessCalendar) -> Callable[[dt.date], dt.date]:
    def rolled(day: dt.date) -> dt.date:
        try:
            return roll_date(day, calendar=calendar, convention=roll)
        except NoBusinessDay:
            return day

    return rolled
