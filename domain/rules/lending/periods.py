"""The periods of a loan: when each begins, when it falls due, and its days of 30-day months.

A period is half open: `end` is its due date and earns in the next one. Either due dates are counted
from the ORIGINAL first date (31 Jan → 28 Feb → 31 Mar), or periods end with a settlement day
(结息日): the 20th itself earns, so the boundary is the 21st. docs/domain.md §5, docs/graphql.md.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.rules.lending.day_count import DayCount, actual_days, thirty_e_days

LAST_DATE = date(2200, 12, 31)
"""No loan runs past this day."""
FIRST_DATE = date(1900, 1, 1)
"""No loan starts before this day."""


class PeriodUnit(StrEnum):
    """What `every` counts."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` (earns) to `end` (due, does not earn); `thirty_days` under 30-day months."""

    start: date
    end: date
    thirty_days: int

    def days(self, day_count: DayCount) -> int:
        """The days of this period that earn interest under `day_count`."""
        if day_count.has_thirty_day_months:
            return self.thirty_days
        return actual_days(self.start, self.end)


def due_date(*, first: date, count: int, every: int, unit: PeriodUnit) -> date:
    """The date `count` × `every` units after `first`; a missing day of month becomes the last.

    Raises OverflowError when the date is past :data:`LAST_DATE`.
    """
    steps = count * every
    if unit is PeriodUnit.MONTH:
        months = first.year * 12 + first.month - 1 + steps
        year, month = divmod(months, 12)
        if year > LAST_DATE.year:
            raise OverflowError(f"{steps} months after {first} is past {LAST_DATE}")
        return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
    days = steps * 7 if unit is PeriodUnit.WEEK else steps
    if days > (LAST_DATE - first).days:
        raise OverflowError(f"{days} days after {first} is past {LAST_DATE}")
    return first + timedelta(days=days)


def regular_periods(
    *,
    start: date,
    installments: int,
    every: int,
    unit: PeriodUnit,
    first_due_date: date | None = None,
) -> tuple[Period, ...]:
    """`installments` periods of equal length, each due date counted from `start`.

    With a `first_due_date` the first period ends there, however long it is, and the other due dates
    are counted from it.
    """
    if first_due_date is not None:
        rest = regular_periods(
            start=first_due_date, installments=installments - 1, every=every, unit=unit
        )
        # A first period of the usual length is a whole one: 31 Jan to 28 Feb is a month of 30.
        usual = regular_periods(start=start, installments=1, every=every, unit=unit)
        first = periods_between([start, first_due_date])
        if unit is not PeriodUnit.MONTH:
            first = (replace(first[0], thirty_days=actual_days(start, first_due_date)),)
        return (usual if usual[0].end == first_due_date else first) + rest
    dates = [
        due_date(first=start, count=count, every=every, unit=unit)
        for count in range(installments + 1)
    ]
    return tuple(
        Period(
            start=a,
            end=b,
            thirty_days=30 * every if unit is PeriodUnit.MONTH else actual_days(a, b),
        )
        for a, b in pairwise(dates)
    )


def periods_between(days: Sequence[date]) -> tuple[Period, ...]:
    """Periods from each of `days` to the next; 30-day months count 30E days."""
    return tuple(Period(start=a, end=b, thirty_days=thirty_e_days(a, b)) for a, b in pairwise(days))


def rolled_periods(
    periods: Sequence[Period],
    *,
    roll: Callable[[date], date],
    in_months: bool,
    start: date | None = None,
) -> tuple[Period, ...]:
    """`periods` with their ends rolled: interest goes on to the rolled date, where the next begins.

    The first one begins on `start`, where its own was a due date that rolled there.

    Periods that would end on one day become one. Under 30-day months a due date that did not move
    stands for its whole months and a moved one for its 30E days from the start of the loan, so that
    rows still add up: due on the 15th, paid on Monday the 17th, is a row of 32 and one of 28 days.
    """
    begin = periods[0].start
    start = start or begin
    between = thirty_e_days if in_months else actual_days
    counted, earned = 0, between(begin, start)
    rolled: list[Period] = []
    ends = [roll(period.end) for period in periods]
    for period, end, after in zip(periods, ends, [*ends[1:], None], strict=True):
        counted += period.thirty_days
        if end == after or end <= start:
            continue
        until = counted
        if end != period.end:
            until = between(begin, end)
        rolled.append(Period(start=start, end=end, thirty_days=until - earned))
        start, earned = end, until
    return tuple(rolled)


def whole_term(*, start: date, installments: int, every: int, unit: PeriodUnit) -> Period:
    """The one period from `start` to maturity; whole months count 30 days each."""
    maturity = due_date(first=start, count=installments, every=every, unit=unit)
    days = 30 * every * installments if unit is PeriodUnit.MONTH else actual_days(start, maturity)
    return Period(start=start, end=maturity, thirty_days=days)


def settlement_periods(
    *,
    start: date,
    installments: int,
    every: int,
    settlement_day: int,
    min_first_period_days: int = 1,
) -> tuple[Period, ...]:
    """Periods that end on `settlement_day`, inclusive, in months divisible by `every`.

    Each falls due the day after, the last at maturity (`start` + `installments` × `every` months),
    so stubs may add a row. A settlement day that a month has not got is that month's last day. A
    first period of fewer than `min_first_period_days` calendar days joins the next.
    """
    maturity = due_date(first=start, count=installments, every=every, unit=PeriodUnit.MONTH)
    inner = [
        day
        for day in settlement_boundaries(start, maturity, every, settlement_day)
        if start < day < maturity and actual_days(start, day) >= min_first_period_days
    ]
    return periods_between([start, *inner, maturity])


def settlement_boundaries(
    first: date, last: date, every: int, settlement_day: int
) -> Iterator[date]:
    """The day after each settlement day in the months from the one before `first` to `last`'s."""
    for months in range(first.year * 12 + first.month - 2, last.year * 12 + last.month):
        year, month = divmod(months, 12)
        if (month + 1) % every == 0:
            day = min(settlement_day, monthrange(year, month + 1)[1])
            yield date(year, month + 1, day) + timedelta(days=1)
