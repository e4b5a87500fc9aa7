"""Published fixings of benchmark rates, and business-day calendars, as the rules take them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from domain.db import rows
from domain.rules.lending.business_days import WEEKENDS_ONLY, BusinessCalendar
from domain.rules.reference import DayKind


async def fixing_on(name: str, tenor: str, on: dt.date) -> Decimal | None:
    """Return the last fixing published on or before a day; None where there is none."""
    found = await rows(
        "SELECT rate FROM benchmark_rate WHERE name = %s AND tenor = %s AND published_on <= %s "
        "ORDER BY published_on DESC LIMIT 1",
        [name, tenor, on],
    )
    return Decimal(found[0]["rate"]) if found else None


async def business_calendar(code: str) -> BusinessCalendar:
    """Return the calendar of this code: weekends alone for the empty code."""
    if not code:
        return WEEKENDS_ONLY
    days: dict[str, set[dt.date]] = {kind: set() for kind in DayKind}
    for row in await rows("SELECT date, kind FROM calendar_day WHERE calendar = %s", [code]):
        days[row["kind"]].add(row["date"])
    return BusinessCalendar(
        holidays=frozenset(days[DayKind.HOLIDAY]), working_days=frozenset(days[DayKind.WORKDAY])
    )
