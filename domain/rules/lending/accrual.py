"""Contract interest of a row: all of it, and as it accrues (计提) day by day to the due date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from domain.rules.lending.day_count import DatedRate, DayCount, year_basis
from domain.rules.lending.interest import (
    BalanceChange,
    Elapsed,
    RateSteps,
    elapsed_in_period,
    factor,
    interest_until,
    rate_steps,
)
from domain.rules.lending.periods import PeriodUnit
from domain.rules.money import Rounding


class EarningRow(Protocol):
    """What of a row decides its interest: a row of a schedule, or an instalment being serviced."""

    @property
    def start_date(self) -> date: ...
    @property
    def end_date(self) -> date: ...
    @property
    def days(self) -> int: ...
    @property
    def opening(self) -> int: ...
    @property
    def interest(self) -> int: ...
    @property
    def balance_changes(self) -> Sequence[BalanceChange]: ...


class EarningTerms(Protocol):
    """What of a loan's terms decides the interest of its rows."""

    @property
    def annual_rate(self) -> Decimal: ...
    @property
    def rate_changes(self) -> Sequence[DatedRate]: ...
    @property
    def day_count(self) -> DayCount: ...
    @property
    def unit(self) -> PeriodUnit: ...
    @property
    def rounding(self) -> Rounding: ...


def row_factor(row: EarningRow, terms: EarningTerms) -> Fraction:
    """Interest of the whole `row` for each unit of its opening balance, exact; changes of balance
    inside it are left out."""
    rates = rate_steps(terms.annual_rate, terms.rate_changes)
    return Fraction(
        factor(rates, _elapsed(row, terms), row.end_date),
        rates.denominator * year_basis(terms.day_count),
    )


def row_interest(row: EarningRow, terms: EarningTerms) -> int:
    """Contract interest of the whole `row` in minor units, from its balance and the rates of
    `terms` and every change of either inside it, rounded once.

    The interest of a row that :func:`~domain.rules.lending.schedule.build_schedule` made; work it
    out anew when `balance_changes` or the rates of `terms` change.
    """
    return _interest(row, terms, row.end_date)


def accrued_interest(row: EarningRow, terms: EarningTerms, on: date) -> int:
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


def earned_at(row: EarningRow, terms: EarningTerms, rates: RateSteps, on: date) -> int:
    """What the balance of `row` earns at other rates from its start to `on` (excluded), or to its
    end where that comes first, in minor units, rounded once."""
    return _interest(row, terms, min(on, row.end_date), rates) if on > row.start_date else 0


def _interest(
    row: EarningRow, terms: EarningTerms, until: date, rates: RateSteps | None = None
) -> int:
    return interest_until(
        until,
        balance=row.opening,
        balance_changes=row.balance_changes,
        rates=rates or rate_steps(terms.annual_rate, terms.rate_changes),
        day_count=terms.day_count,
        elapsed=_elapsed(row, terms),
        rounding=terms.rounding,
    )


def _elapsed(row: EarningRow, terms: EarningTerms) -> Elapsed:
    return elapsed_in_period(
        terms.day_count,
        start=row.start_date,
        end=row.end_date,
        days=row.days,
        in_months=terms.unit is PeriodUnit.MONTH,
    )
