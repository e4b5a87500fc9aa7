"""Dates and day counts of the reference model (docs/domain.md §5)."""

from __future__ import annotations

import datetime as dt
from calendar import isleap, monthrange

ONE_DAY = dt.timedelta(days=1)


def add(first: dt.date, steps: int, unit: str) -> dt.date:
    """`steps` units after `first`; a day that the month has not got becomes its last."""
    if unit == "DAY":
        return first + steps * ONE_DAY
    if unit == "WEEK":
        return first + 7 * steps * ONE_DAY
    month = first.month - 1 + steps
    year, month = first.year + month // 12, month % 12 + 1
    return dt.date(year, month, min(first.day, monthrange(year, month)[1]))


def thirty(day: dt.date) -> int:
    """The place of a day in a calendar of months of 30 days; the 31st is the 30th."""
    return 360 * day.year + 30 * day.month + min(day.day, 30)


def basis(day_count: str) -> int:
    """Into how many parts the reference cuts a year."""
    return {"ACT_360": 360, "THIRTY_360": 360, "ACT_365": 365, "THIRTY_365": 365}.get(
        day_count, 365 * 366
    )


def parts(day_count: str, start: dt.date, end: dt.date) -> int:
    """Parts of the year from `start` to `end`, which is excluded, day by day."""
    if day_count.startswith("THIRTY"):
        return thirty(end) - thirty(start)
    if day_count != "ACT_ACT":
        return (end - start).days
    total, day = 0, start
    while day < end:  # a leap year has 366 days, so that each is 1/366 of it
        stop = min(end, dt.date(day.year + 1, 1, 1))
        total += (stop - day).days * (365 if isleap(day.year) else 366)
        day = stop
    return total


def roll(day: dt.date, convention: str, days: frozenset[tuple[str, dt.date]]) -> dt.date:
    """Where a due date goes that is no business day; `days` are ("off" or "worked", date). It stays
    where no business day is near."""
    return day if convention == "NONE" else near(day, convention, days) or day


def near(day: dt.date, convention: str, days: frozenset[tuple[str, dt.date]]) -> dt.date | None:
    """The business day of a due date, if there is one within fifteen days."""

    def first_worked(step: int) -> dt.date | None:
        for count in range(16):
            other = day + count * step * ONE_DAY
            weekday = other.isoweekday() <= 5 and ("off", other) not in days
            if weekday or ("worked", other) in days:
                return other
        return None

    after = first_worked(1)
    if after is None or convention == "FOLLOWING" or after.month == day.month:
        return after
    return first_worked(-1)


def settlement_dates(start: dt.date, end: dt.date, every: int, day: int) -> list[dt.date]:
    """The days after a settlement day that lie between `start` and `end`, both excluded."""
    found, year, month = [], start.year, 1
    while dt.date(year, month, 1) <= end:
        if month % every == 0:
            settled = dt.date(year, month, min(day, monthrange(year, month)[1])) + ONE_DAY
            if start < settled < end:
                found.append(settled)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found
