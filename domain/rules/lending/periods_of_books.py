"""Accounting periods (会计期间): a month is open until it is closed, and never opens again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from domain.rules.refusal import ErrorCode, Problem


def month_of(day: dt.date) -> dt.date:
    """The first day of a day's month."""
    return day.replace(day=1)


def next_month(month: dt.date) -> dt.date:
    """The first day of the month after."""
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


def last_day_of(month: dt.date) -> dt.date:
    """The last day of a month."""
    return next_month(month) - dt.timedelta(days=1)


def closed_period_problems(
    days: Iterable[dt.date], *, closed_through: dt.date | None
) -> list[Problem]:
    """Refuse to post on a day of a closed period; `closed_through` is the last day closed."""
    if closed_through is None:
        return []
    return [
        Problem(
            ErrorCode.ILLEGAL_STATE,
            ("postingDate",),
            f"The books are closed through {closed_through}; nothing may be posted on {day}. Post "
            "the correction on an open day.",
            f"账务已结账至 {closed_through}，不得再记入 {day}，请在未结账日期更正。",
        )
        for day in sorted(set(days))
        if day <= closed_through
    ]


def close_problems(
    month: dt.date, *, business_date: dt.date, closed_through: dt.date | None, first_month: dt.date
) -> list[Problem]:
    """Why a month cannot be closed: it has not ended, one before it is open, or it is closed.

    `first_month` is that of the first entry.
    """
    if month.day != 1:
        return [
            Problem(
                ErrorCode.INVALID_VALUE,
                ("month",),
                f"{month} is not the first day of a month.",
                f"{month} 不是某月的第一天。",
            )
        ]
    if closed_through is not None and month <= closed_through:
        return [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("month",),
                f"The books are closed through {closed_through} already. A closed period does not "
                "open again.",
                f"账务已结账至 {closed_through}；已结账期间不可重新打开。",
            )
        ]
    if business_date <= last_day_of(month):
        return [
            Problem(
                ErrorCode.DATE_OUT_OF_RANGE,
                ("month",),
                f"This month ends on {last_day_of(month)}; the business date is {business_date}. "
                "Close it after its last day.",
                f"该月止于 {last_day_of(month)}，当前营业日为 {business_date}，请在月末之后结账。",
            )
        ]
    expected = first_month if closed_through is None else closed_through + dt.timedelta(days=1)
    if month > expected:
        return [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("month",),
                f"Months close in order: close {expected:%Y-%m} first.",
                f"须按顺序结账：请先结 {expected:%Y-%m}。",
            )
        ]
    return []
