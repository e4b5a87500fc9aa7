"""Contract interest as it accrues (计提), day by day, from a row's start to its due date."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from domain.rules.lending.day_count import actual_days, counted_days, year_fraction
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import ScheduleRow, ScheduleTerms
from domain.rules.money import round_half


def accrued_interest(row: ScheduleRow, terms: ScheduleTerms, on: date) -> int:
    """Contract interest of `row` from its start to `on`, `on` excluded, in minor units.

    Cumulative: a day's accrual is the difference of two calls, so roundings never pile up. It is 0
    up to the start, never falls, never passes the row's interest, and equals it from `end_date` on.
    Under 30-day months a part of a row counts 30E days, at most the row's own; rows of days and
    weeks count actual days.
    """
    if on <= row.start_date:
        return 0
    if on >= row.end_date:
        return row.interest
    if terms.unit is PeriodUnit.MONTH:
        days = counted_days(terms.day_count, start=row.start_date, end=on)
    else:
        days = actual_days(row.start_date, on)
    fraction = year_fraction(
        terms.day_count, start=row.start_date, end=on, days=min(days, row.days)
    )
    accrued = round_half(row.opening * Fraction(terms.annual_rate) * fraction, terms.rounding)
    return min(accrued, row.interest)
