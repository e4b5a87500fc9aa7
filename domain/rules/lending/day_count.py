"""Day count (计息基础): how many days a span has, and what part of a year they are.

Spans are half open: the first day earns, the last day does not (算头不算尾). Fractions are exact.
docs/domain.md §5 is the source; 30E is ISDA 2006 section 4.16(g), ACT/ACT is ISDA's, 4.16(b).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise


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


def year_fraction(
    day_count: DayCount, *, start: date, end: date, days: int | None = None
) -> Fraction:
    """The part of a year from `start` to `end`, exact.

    `days` says how many days count where the schedule decides it (a whole month of 30); ACT_ACT
    always counts the calendar.
    """
    if day_count is DayCount.ACT_ACT:
        return _isda_act_act(start, end)
    if days is None:
        days = counted_days(day_count, start=start, end=end)
    in_365 = day_count in (DayCount.ACT_365, DayCount.THIRTY_365)
    return Fraction(days, 365 if in_365 else 360)


def interest_factor(
    day_count: DayCount,
    *,
    start: date,
    end: date,
    rate: Decimal,
    changes: Sequence[DatedRate] = (),
) -> Fraction:
    """Interest per unit of balance from `start` to `end`: Σ rateᵢ × daysᵢ ÷ basis, exact.

    `rate` holds from `start`; each of `changes` replaces it from its own day, that day included.
    A change effective on or before `start` holds from `start`. Zero when `end` is not after
    `start`.
    """
    if end <= start:
        return Fraction(0)
    current = rate
    spans: list[DatedRate] = []
    for change in sorted(changes, key=lambda each: each.effective_from):
        if change.effective_from <= start:
            current = change.rate
        elif change.effective_from < end:
            spans.append(change)
    steps = [DatedRate(start, current), *spans, DatedRate(end, current)]
    return sum(
        (
            Fraction(this.rate)
            * year_fraction(day_count, start=this.effective_from, end=after.effective_from)
            for this, after in pairwise(steps)
        ),
        start=Fraction(0),
    )


def _isda_act_act(start: date, end: date) -> Fraction:
    total = Fraction(0)
    for year in range(start.year, end.year + 1):
        first, last = max(start, date(year, 1, 1)), min(end, date(year + 1, 1, 1))
        if last > first:
            length = actual_days(date(year, 1, 1), date(year + 1, 1, 1))
            total += Fraction(actual_days(first, last), length)
    return total
