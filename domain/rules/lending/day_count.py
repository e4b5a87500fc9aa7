"""Day count (计息基础): how many days a span has, and what part of a year they are.

Spans are half open: the first day earns, the last day does not (算头不算尾). Fractions are exact.
docs/domain.md §5 is the source; 30E is ISDA 2006 section 4.16(g), ACT/ACT is ISDA's, 4.16(b).
"""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

_ACT_ACT_BASIS: Final = 365 * 366


class DayCount(StrEnum):
    """Days counted over days in the year."""

    ACT_360 = "ACT_360"
    """Actual days over 360, the custom for CNY."""
    ACT_365 = "ACT_365"
    """Actual days over 365 in every year (365 fixed)."""
    ACT_ACT = "ACT_ACT"
    """The days in each calendar year over that year's 365 or 366."""
    THIRTY_360 = "THIRTY_360"
    """Months of 30 days over 360."""
    THIRTY_365 = "THIRTY_365"
    """Months of 30 days over 365."""

    @property
    def has_thirty_day_months(self) -> bool:
        """Whether a whole month counts 30 days."""
        return self in (DayCount.THIRTY_360, DayCount.THIRTY_365)


@dataclass(frozen=True, slots=True)
class DatedRate:
    """An annual rate (0.036 is 3.60 %) that holds from `effective_from`, that day included."""

    effective_from: date
    rate: Decimal


def actual_days(start: date, end: date) -> int:
    """Calendar days from `start` to `end`, `end` excluded."""
    return (end - start).days


def thirty_e_days(start: date, end: date) -> int:
    """Days of 30E: every month has 30, a 31st counts as the 30th."""
    return (
        360 * (end.year - start.year)
        + 30 * (end.month - start.month)
        + min(end.day, 30)
        - min(start.day, 30)
    )


def counted_days(day_count: DayCount, *, start: date, end: date) -> int:
    """Days that `day_count` counts between any two dates (stubs and payoffs, 30E)."""
    if day_count.has_thirty_day_months:
        return thirty_e_days(start, end)
    return actual_days(start, end)


def year_basis(day_count: DayCount) -> int:
    """Into how many parts a year is cut so that every day is a whole number of them.

    360 or 365, a day being one part; 365 × 366 under ACT_ACT, where a day is 366 parts in a year of
    365 days and 365 parts in a leap year.
    """
    if day_count is DayCount.ACT_ACT:
        return _ACT_ACT_BASIS
    return 365 if day_count is DayCount.ACT_365 or day_count is DayCount.THIRTY_365 else 360


def year_parts(day_count: DayCount, start: date, end: date) -> int:
    """The year fraction from `start` to `end`, exact: so many of :func:`year_basis` parts.

    The parts of adjoining spans add up.
    """
    # The customary counts first: the day close asks for every loan, every day.
    if day_count is DayCount.ACT_360 or day_count is DayCount.ACT_365:
        return (end - start).days
    if day_count is DayCount.ACT_ACT:
        return _act_act_position(end) - _act_act_position(start)
    return thirty_e_days(start, end)


def _act_act_position(day: date) -> int:
    """Parts from the start of year 0 to `day`: whole years, and the days of its own year."""
    parts_a_day = 365 if isleap(day.year) else 366
    return _ACT_ACT_BASIS * day.year + parts_a_day * (day - date(day.year, 1, 1)).days
