"""Contract interest of a row: all of it, and as it accrues (计提) day by day to the due date."""

from __future__ import annotations

from datetime import date

from domain.rules.lending.interest import elapsed_in_period, interest_until, rate_steps
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import ScheduleRow, ScheduleTerms


def row_interest(row: ScheduleRow, terms: ScheduleTerms) -> int:
    """Contract interest of the whole `row` in minor units, from its balance and the rates of
    `terms` and every change of either inside it, rounded once.

    The interest of a row that :func:`~domain.rules.lending.schedule.build_schedule` made; work it
    out anew when `balance_changes` or the rates of `terms` change.
    """
    return _interest(row, terms, row.end_date)


def accrued_interest(row: ScheduleRow, terms: ScheduleTerms, on: date) -> int:
    """Contract interest of `row` from its start to `on`, `on` excluded, in minor units.

    Cumulative: a day's accrual is the difference of two calls, so roundings never pile up. It is 0
    up to the start, never falls, never passes the row's interest, and equals it from `end_date` on.
    A change of balance or rate counts from its own day, that day included. Under 30-day months a
    part of a row counts 30E days, at most the row's own; rows of days and weeks count actual days.
    """
    if on <= row.start_date:
        return 0
    if on >= row.end_date:
        return row.interest
    return min(_interest(row, terms, on), row.interest)


def _interest(row: ScheduleRow, terms: ScheduleTerms, until: date) -> int:
    return interest_until(
        until,
        balance=row.opening,
        balance_changes=row.balance_changes,
        rates=rate_steps(terms.annual_rate, terms.rate_changes),
        day_count=terms.day_count,
        elapsed=elapsed_in_period(
            terms.day_count,
            start=row.start_date,
            end=row.end_date,
            days=row.days,
            in_months=terms.unit is PeriodUnit.MONTH,
        ),
        rounding=terms.rounding,
    )
