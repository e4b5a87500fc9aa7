"""How a decision turned out (docs/domain.md §8): bad within the performance window, good, or too
early to say. These are the labels of a model trained on the lender's own history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

BAD_DAYS_PAST_DUE = 90
WINDOW_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanHistory:
    """What is known of one loan: its start, its end if it has ended, and its late instalments.

    `overdue` holds (due date, day it was settled or None) of instalments not settled by their due
    date; `written_off_on` and `paid_off_on` are None for a loan that goes on.
    """

    started_on: dt.date
    overdue: tuple[tuple[dt.date, dt.date | None], ...] = ()
    written_off_on: dt.date | None = None
    paid_off_on: dt.date | None = None


def outcome(loans: Iterable[LoanHistory], *, today: dt.date) -> bool | None:
    """Return True for bad, False for good, None while the window of a loan that goes on is open.

    Bad is 90 days past due (unpaid at the end of the 90th day after the due date) or written off
    within twelve months of the loan's start.
    """
    found = [_loan_outcome(loan, today=today) for loan in loans]
    if True in found:
        return True
    return None if None in found or not found else False


def _loan_outcome(loan: LoanHistory, *, today: dt.date) -> bool | None:
    window_end = _months_later(loan.started_on, WINDOW_MONTHS)
    last = min(today, window_end)
    if loan.written_off_on is not None and loan.written_off_on <= last:
        return True
    for due, settled_on in loan.overdue:
        day = due + dt.timedelta(days=BAD_DAYS_PAST_DUE)
        if day <= last and (settled_on is None or settled_on > day):
            return True
    over = loan.paid_off_on is not None and loan.paid_off_on <= today
    return False if over or today >= window_end else None


def _months_later(date: dt.date, months: int) -> dt.date:
    years, month = divmod(date.month - 1 + months, 12)
    first = dt.date(date.year + years, month + 1, 1)
    following = dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + dt.timedelta(days=date.day - 1), following - dt.timedelta(days=1))
