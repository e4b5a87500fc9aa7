"""The day close (日终): states of a business day, and what a close may do (docs/domain.md §6).

A business date that closes does not reopen. The cut-off is fixed when the close starts: the next
date opens then, and what comes in later posts on it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from math import floor

from domain.rules.refusal import ErrorCode, Problem
from domain.rules.states import Moves

DAYS_MAX = 400
"""How many days one request may close."""
SHARD_LEAST, SHARD_MOST = 250, 500
_SHARDS_A_BOOK = 200


class BusinessDayState(StrEnum):
    """Where a business day stands."""

    OPEN = "OPEN"
    """Money events post on it."""
    CLOSING = "CLOSING"
    """The next date is open; its loans are being worked through."""
    ABORTED = "ABORTED"
    """Too many loans were set aside: nothing more is worked on until somebody goes on."""
    UNVERIFIED = "UNVERIFIED"
    """Every loan is done, and the books did not prove right: nothing closes until they do."""
    CLOSED = "CLOSED"
    """Every loan is done, and the books proved right."""
    CLOSED_WITH_EXCEPTIONS = "CLOSED_WITH_EXCEPTIONS"
    """As CLOSED, but for the loans that were set aside."""


def loans_a_shard(loans: int) -> int:
    """How many of a book's loans one transaction closes, and holds the locks of meanwhile.

    Half a percent, so that hardly a payment meets a locked loan, and not so many that the ones
    which do wait long; but enough that a transaction pays.
    """
    return min(max(loans // _SHARDS_A_BOOK, SHARD_LEAST), SHARD_MOST)


class ShardState(StrEnum):
    """Where a range of loans of a closing day stands."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"


_D = BusinessDayState

BUSINESS_DAY = ("business day", "营业日")
BUSINESS_DAY_MOVES: Moves = {
    _D.OPEN: frozenset({_D.CLOSING}),
    _D.CLOSING: frozenset({_D.ABORTED, _D.UNVERIFIED, _D.CLOSED, _D.CLOSED_WITH_EXCEPTIONS}),
    _D.ABORTED: frozenset({_D.CLOSING}),
    _D.UNVERIFIED: frozenset({_D.CLOSING}),
    _D.CLOSED: frozenset(),
    _D.CLOSED_WITH_EXCEPTIONS: frozenset(),
}
CLOSED = (_D.CLOSED, _D.CLOSED_WITH_EXCEPTIONS)
UNDER_WAY = (_D.CLOSING, _D.ABORTED, _D.UNVERIFIED)


def set_aside_limit(*, loans: int, share: Decimal, already: int = 0) -> int:
    """How many loans of a day may be set aside before its close aborts: `share` of `loans`, rounded
    down, one at least, on top of those that were set aside `already` when somebody went on."""
    return already + max(1, floor(share * loans))


def closed_state(set_aside: int) -> BusinessDayState:
    """How a day closes of which so many loans are still set aside."""
    return _D.CLOSED_WITH_EXCEPTIONS if set_aside else _D.CLOSED


def through_problems(
    through: dt.date, *, current: dt.date, clock: dt.date, ahead: bool
) -> list[Problem]:
    """Why the days from `current` to `through` may not be closed in one go.

    A day that the calendar has not reached (`clock`, a day's grace for time zones) is a slip of
    the pen unless the caller says `ahead`.
    """
    latest = current + dt.timedelta(days=DAYS_MAX - 1)
    if through > latest:
        return [
            Problem(
                ErrorCode.DATE_OUT_OF_RANGE,
                ("through",),
                f"At most {DAYS_MAX} days close at once: give a day up to {latest}.",
                f"一次最多关闭 {DAYS_MAX} 个营业日，请填写不晚于 {latest} 的日期。",
            )
        ]
    if not ahead and through > clock + dt.timedelta(days=1):
        return [
            Problem(
                ErrorCode.DATE_OUT_OF_RANGE,
                ("through",),
                f"{through} has not come yet: today is {clock}. To close days ahead of the "
                "calendar, say so with `aheadOfCalendar`.",
                f"{through} 尚未到来（今日为 {clock}）。如确需提前日终，请设置 aheadOfCalendar。",
            )
        ]
    return []


def set_aside_problem(day: dt.date) -> Problem:
    """Why a loan that was set aside takes no money event."""
    return Problem(
        ErrorCode.ILLEGAL_STATE,
        ("loanId",),
        f"This loan was set aside by the day close of {day} and takes no money until an operator "
        "has caught it up (`catchUpLoan`).",
        f"该借据在 {day} 日终时被搁置，须由运营人员补处理（catchUpLoan）后方可入账。",
    )
