"""Days by which a lender must act or lose a right: limitation (诉讼时效) and the guarantee period
(保证期间).

Limitation of a debt repaid in instalments runs from the day the last one falls due (Civil Code,
art. 189), and anew from each demand, acknowledgement or part payment (art. 195). A guarantee whose
period was not agreed ends a number of months after the debt falls due (art. 692).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from domain.rules.lending.periods import PeriodUnit, due_date


def limitation_date(*, maturity: dt.date, interruptions: Iterable[dt.date], years: int) -> dt.date:
    """The last day on which the debt can be sued for without the defence of limitation."""
    begins = max([maturity, *(day for day in interruptions if day > maturity)])
    return due_date(first=begins, count=12 * years, every=1, unit=PeriodUnit.MONTH)


def guarantee_date(*, maturity: dt.date, months: int) -> dt.date:
    """The last day on which a guarantor can be held to a guarantee without an agreed period."""
    return due_date(first=maturity, count=months, every=1, unit=PeriodUnit.MONTH)
