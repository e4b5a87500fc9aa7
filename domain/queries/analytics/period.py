"""The day or the days that an analysis is about, checked against the business date."""

from __future__ import annotations

import datetime as dt

from domain.queries.business_date import business_date
from domain.rules.form import EARLIEST, Form
from domain.rules.refusal import ErrorCode


async def day_asked(as_of: dt.date | None) -> tuple[dt.date, dt.date]:
    """Return the day asked for (default: the business date) and the business date.

    Raises :class:`~domain.rules.refusal.Refused` for a future day: what will be is not known.
    """
    today = await business_date()
    if as_of is None:
        return today, today
    form = Form()
    form.date("asOf", as_of, latest=today)
    form.refuse()
    return as_of, today


async def period_asked(start: dt.date | None, end: dt.date | None) -> tuple[dt.date, dt.date]:
    """Return the first and last day asked for; left out: from the beginning, to the business date.

    Raises :class:`~domain.rules.refusal.Refused` for a day in the future or an end before the
    start.
    """
    today = await business_date()
    first, last = start or EARLIEST, end or today
    form = Form()
    form.date("from", first, latest=today)
    form.date("to", last, latest=today)
    if last < first:
        form.add(
            ErrorCode.DATE_OUT_OF_RANGE,
            "to",
            f"The period ends on {last}, before it starts on {first}. Swap the two.",
            f"期间截止日 {last} 早于起始日 {first}，请对调。",
        )
    form.refuse()
    return first, last
