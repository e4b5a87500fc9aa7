"""Business days and the rolling of due dates (节假日顺延). The calendar is data, year by year.

A weekend is Saturday and Sunday. Some countries, China among them, work on chosen weekend days in
exchange for a longer holiday (调休): those days are in the calendar too. docs/domain.md §4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

_SATURDAY: Final = 5
MAX_ROLL_DAYS: Final = 15
"""No run of days off is longer: a calendar that has one is taken for a mistake."""


class RollConvention(StrEnum):
    """Where a due date goes that is no business day."""

    NONE = "NONE"
    """It stays."""
    FOLLOWING = "FOLLOWING"
    """To the next business day."""
    MODIFIED_FOLLOWING = "MODIFIED_FOLLOWING"
    """To the next business day, or where that is in the next month to the one before."""


class NoBusinessDay(ValueError):
    """The calendar has no business day near the date."""


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Days off beside the weekends, and weekend days that are worked."""

    holidays: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()

    def is_business_day(self, day: date) -> bool:
        """Whether `day` is worked: neither a holiday nor a weekend day that is not worked."""
        if day in self.working_days:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays


WEEKENDS_ONLY: Final = BusinessCalendar()
"""A calendar without holidays."""


def roll_date(day: date, *, calendar: BusinessCalendar, convention: RollConvention) -> date:
    """Where a due date of `day` goes. Never falls as `day` rises.

    Raises :class:`NoBusinessDay` when there is none within :data:`MAX_ROLL_DAYS`.
    """
    if convention is RollConvention.NONE:
        return day
    following = _nearest(day, calendar, 1)
    if convention is RollConvention.FOLLOWING or following.month == day.month:
        return following
    return _nearest(day, calendar, -1)


def _nearest(day: date, calendar: BusinessCalendar, step: int) -> date:
    for days in range(MAX_ROLL_DAYS + 1):
        found = day + timedelta(days=step * days)
        if calendar.is_business_day(found):
            return found
    raise NoBusinessDay(f"no business day within {MAX_ROLL_DAYS} days of {day}")
