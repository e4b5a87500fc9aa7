"""The interest factor of each row: what one unit of balance earns over it, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.rules.lending.day_count import year_basis
from domain.rules.lending.interest import elapsed_in_period, factor, rate_steps
from domain.rules.lending.periods import Period, PeriodUnit
from domain.rules.lending.schedule_terms import ScheduleTerms


class Amounts(NamedTuple):
    """What a row pays."""

    principal: int
    interest: int


class Factors(NamedTuple):
    """The period factors fₖ of rows, as integers over one `denominator`: exact, and fast to sum."""

    of_row: Sequence[int]
    denominator: int


def row_factors(terms: ScheduleTerms, periods: Sequence[Period]) -> tuple[Factors, list[int]]:
    """The factors of the rows, and each row's parts of a year."""
    rates = rate_steps(terms.annual_rate, terms.rate_changes)
    of_row: list[int] = []
    parts: list[int] = []
    for period in periods:
        elapsed = elapsed_in_period(
            terms.day_count,
            start=period.start,
            end=period.end,
            days=period.days(terms.day_count),
            in_months=terms.unit is PeriodUnit.MONTH,
        )
        of_row.append(factor(rates.within(period.start, period.end), elapsed, period.end))
        parts.append(elapsed(period.end))
    return Factors(of_row, rates.denominator * year_basis(terms.day_count)), parts
