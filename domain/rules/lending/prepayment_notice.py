"""Notice of a prepayment (提前还款通知): said so many days before, as agreed with the loan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from domain.rules.refusal import ErrorCode, Problem

WINDOW_DAYS: Final = 10
"""How many days after the planned one a prepayment still counts as announced."""
AHEAD_DAYS_MAX: Final = 366


def earliest_day(*, today: dt.date, notice_days: int, consented: bool) -> dt.date:
    """The first day that may be planned: by the notice agreed, or any with the lender's consent."""
    return today if consented else today + dt.timedelta(days=notice_days)


def notice_problems(*, on: dt.date, notice_days: int, planned: Iterable[dt.date]) -> list[Problem]:
    """Why principal may not be repaid ahead `on` a day, of the days that were announced."""
    window = dt.timedelta(days=WINDOW_DAYS)
    if not notice_days or any(day <= on <= day + window for day in planned):
        return []
    return [
        Problem(
            ErrorCode.ILLEGAL_STATE,
            ("loanId",),
            f"This loan is repaid ahead of time with {notice_days} days' notice, and none is on "
            f"record for {on}: use announcePrepayment, and repay from the planned day on within "
            f"{WINDOW_DAYS} days. An approver may agree to an earlier day in the same way.",
            f"该借据提前还款须提前 {notice_days} 天通知，{on} 没有有效通知：请先使用 "
            f"announcePrepayment 登记，并在计划日起 {WINDOW_DAYS} 天内还款；"
            "审批人可用同样方式同意更早的日期。",
        )
    ]
