"""Benchmark rates (基准利率): a dated series such as the LPR, and the rate of a loan tied to it.

The rate is the last fixing published on or before a reset date, plus a spread. docs/domain.md §5.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final

from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.periods import FIRST_DATE, LAST_DATE, PeriodUnit, due_date
from domain.rules.lending.schedule_checks import rate_problems
from domain.rules.lending.schedule_terms import MAX_ANNUAL_RATE
from domain.rules.refusal import ErrorCode, Problem, Refused

_BASIS_POINT: Final = Decimal("0.0001")


class RepricingRule(StrEnum):
    """When the rate of a loan is set anew from its benchmark (重定价)."""

    FIXED = "FIXED"
    """Never: the rate of the first day stays."""
    JANUARY_FIRST = "JANUARY_FIRST"
    """On each 1 January."""
    ANNIVERSARY = "ANNIVERSARY"
    """On the day and month of the first day, each year."""
    QUARTERLY = "QUARTERLY"
    """Every three months, counted from the first day."""


@dataclass(frozen=True, slots=True)
class Fixing:
    """A published benchmark rate, an annual fraction, of a tenor such as 1Y or 5Y."""

    tenor: str
    published_on: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class BenchmarkTerms:
    """How a loan's rate follows a benchmark; 100 basis points are one percentage point."""

    tenor: str
    spread_basis_points: int
    repricing: RepricingRule


def reset_dates(rule: RepricingRule, *, start: date, maturity: date) -> Iterator[date]:
    """The days on which the rate is set: `start`, then by `rule` while before `maturity`.

    Counted from the ORIGINAL first day: of 29 February comes 28 February, and 29 again.
    """
    yield start
    match rule:
        case RepricingRule.FIXED:
            return
        case RepricingRule.JANUARY_FIRST:
            for year in range(start.year + 1, maturity.year + 1):
                if date(year, 1, 1) < maturity:
                    yield date(year, 1, 1)
        case RepricingRule.ANNIVERSARY | RepricingRule.QUARTERLY:
            every = 12 if rule is RepricingRule.ANNIVERSARY else 3
            apart = (maturity.year - start.year) * 12 + maturity.month - start.month
            for count in range(1, apart // every + 1):
                day = due_date(first=start, count=count, every=every, unit=PeriodUnit.MONTH)
                if day < maturity:
                    yield day


def benchmark_rates(
    terms: BenchmarkTerms,
    fixings: Sequence[Fixing],
    *,
    start: date,
    maturity: date,
    known_until: date,
) -> tuple[DatedRate, ...]:
    """The annual rates of a loan from `start` on: the first holds from `start`.

    `fixings` are one benchmark's, in any order; those of other tenors are left out.
    `known_until` is the last day whose publications are known (the business date): later resets
    are left out, so the last rate stays, and later fixings are not looked at. A reset that finds
    the rate unchanged is in the answer too. Raises :class:`~domain.rules.refusal.Refused` when no
    fixing is known on or before `start`, or the spread takes a rate out of range.
    """
    series = sorted(
        (fixing.published_on, fixing.rate)
        for fixing in fixings
        if fixing.tenor == terms.tenor and fixing.published_on <= known_until
    )
    rates: list[DatedRate] = []
    for day in reset_dates(terms.repricing, start=start, maturity=maturity):
        if rates and day > known_until:
            break
        place = bisect_right(series, day, key=lambda fixing: fixing[0])
        if place == 0:
            raise Refused([_no_fixing(day)])
        with localcontext(prec=60):
            rate = series[place - 1][1] + terms.spread_basis_points * _BASIS_POINT
        if not 0 <= rate <= MAX_ANNUAL_RATE:
            raise Refused([_spread_out_of_range(day)])
        rates.append(DatedRate(day, rate))
    return tuple(rates)


def fixing_problems(fixings: Sequence[Fixing]) -> Iterator[Problem]:
    """Every mistake in a series; paths are those of `SchedulePreviewInput`."""
    seen: set[tuple[str, date]] = set()
    for place, fixing in enumerate(fixings):
        path = ("benchmark", "fixings", str(place))
        yield from rate_problems(fixing.rate, (*path, "rate"), en="benchmark rate", zh="基准利率")
        if not FIRST_DATE <= fixing.published_on <= LAST_DATE:
            yield Problem(
                ErrorCode.DATE_OUT_OF_RANGE,
                (*path, "publishedOn"),
                f"The day of publication must be from {FIRST_DATE} to {LAST_DATE}.",
                f"发布日须在 {FIRST_DATE} 至 {LAST_DATE} 之间。",
            )
        key = (fixing.tenor, fixing.published_on)
        if key in seen:
            yield Problem(
                ErrorCode.DUPLICATE,
                (*path, "publishedOn"),
                f"There is another fixing of {fixing.published_on}. Give one a day.",
                f"{fixing.published_on} 已有一条报价，每日只能有一条。",
            )
        seen.add(key)


def _no_fixing(day: date) -> Problem:
    return Problem(
        ErrorCode.NOT_FOUND,
        ("benchmark", "fixings"),
        f"No benchmark rate is known on or before {day}. Enter the fixing in force on that day.",
        f"{day} 及之前没有基准利率报价，请录入当日有效的报价。",
    )


def _spread_out_of_range(day: date) -> Problem:
    return Problem(
        ErrorCode.OUT_OF_RANGE,
        ("benchmark", "spreadBasisPoints"),
        f"With this spread the rate from {day} would not be from 0 to {MAX_ANNUAL_RATE}. "
        "Choose another.",
        f"按此加点，自 {day} 起的利率将不在 0 至 {MAX_ANNUAL_RATE} 之间，请调整加点。",
    )
