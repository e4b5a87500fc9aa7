"""The figures of a financial statement (财务报表) that risk rules look at."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

_MONTHS_IN_YEAR = 12
_GAP_DAYS_MAX = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFigures:
    """One year's statement in minor units of `currency`; averages are of opening and closing."""

    period_start: dt.date
    period_end: dt.date
    currency: str
    revenue: int
    cost_of_sales: int
    profit: int
    average_inventory: Fraction
    average_receivables: Fraction
    average_prepayments: Fraction
    average_payables: Fraction
    average_advance_receipts: Fraction
    current_assets: int
    total_assets: int
    current_liabilities: int
    total_liabilities: int


def follows(later: StatementFigures, earlier: StatementFigures) -> bool:
    """Whether `earlier` is the year before `later`, so that growth on a year can be told."""
    gap = (later.period_start - earlier.period_end).days
    return 0 < gap <= _GAP_DAYS_MAX and later.currency == earlier.currency


def whole_months(start: dt.date, end: dt.date) -> int:
    """Return the whole months from `start` to `end`: 31 January to 28 February is none."""
    months = (end.year - start.year) * _MONTHS_IN_YEAR + end.month - start.month
    return months - 1 if end.day < start.day else months
