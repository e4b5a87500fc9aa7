"""Interest of a balance while it and its rate change: Σ balance × rate × days ÷ basis.

The one statement of the rule that schedules, daily accrual and overdue charges share. Everything is
an integer over one denominator, so a sum is exact and is rounded once. Instead of cutting time into
spans, each change adds its difference from its day on:

    factor(until)   = rate × days(until) + Σ (new rate - old rate) × days(change, until)
    interest(until) = balance × factor(until) + Σ (new balance - old) × factor(change, until)

With no changes a factor is one product, and so is the interest. docs/domain.md §5.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import lcm
from typing import NamedTuple

from domain.rules.lending.day_count import (
    DatedRate,
    DayCount,
    actual_days,
    year_basis,
    year_parts,
)
from domain.rules.money import Rounding, divide_rounded

Elapsed = Callable[[date], int]
"""Parts of a year (`year_basis`) from a fixed start to a day, excluded: 0 up to the start, never
falling."""


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """The balance that bears interest from `on`, that day included, in minor units."""

    on: date
    balance: int


class RateSteps(NamedTuple):
    """A rate and by how much each day changes it, over one denominator."""

    denominator: int
    rate: int
    steps: Sequence[tuple[date, int]]

    def within(self, start: date, end: date) -> RateSteps:
        """The same rates for days from `start` to `end` only: fewer steps to sum."""
        if not self.steps:
            return self
        first = bisect_right(self.steps, start, key=lambda step: step[0])
        after = bisect_left(self.steps, end, key=lambda step: step[0])
        before = sum(step for _, step in self.steps[:first])
        return RateSteps(self.denominator, self.rate + before, self.steps[first:after])


def rate_steps(rate: Decimal, changes: Sequence[DatedRate]) -> RateSteps:
    """`rate` from the beginning, and `changes`, in any order, each from its own day on."""
    first, denominator = rate.as_integer_ratio()
    if not changes:
        return RateSteps(denominator, first, ())
    ordered = sorted(changes, key=lambda change: change.effective_from)
    ratios = [change.rate.as_integer_ratio() for change in ordered]
    common = lcm(denominator, *(below for _, below in ratios))
    before = first * (common // denominator)
    steps = []
    for change, (above, below) in zip(ordered, ratios, strict=True):
        now = above * (common // below)
        steps.append((change.effective_from, now - before))
        before = now
    return RateSteps(common, first * (common // denominator), steps)


def elapsed_between(day_count: DayCount, start: date) -> Elapsed:
    """Days as `day_count` counts them between any two dates (stubs, overdue items)."""

    def elapsed(on: date) -> int:
        return year_parts(day_count, start, on) if on > start else 0

    return elapsed


def elapsed_in_period(
    day_count: DayCount, *, start: date, end: date, days: int, in_months: bool
) -> Elapsed:
    """Days inside a period of a schedule, which counts `days` as a whole.

    Under 30-day months a part of a period counted `in_months` has its 30E days, at most `days`, and
    the end brings what is missing; other periods count actual days. So parts always add up.
    """
    by_calendar = day_count is DayCount.ACT_ACT
    whole = year_parts(day_count, start, end) if by_calendar else days
    actual = not (in_months or by_calendar)

    def elapsed(on: date) -> int:
        if on >= end:
            return whole
        if on <= start:
            return 0
        return min(actual_days(start, on) if actual else year_parts(day_count, start, on), whole)

    return elapsed


def factor(rates: RateSteps, elapsed: Elapsed, until: date) -> int:
    """Interest per unit of balance up to `until`, over `rates.denominator` × the year basis."""
    whole = elapsed(until)
    total = rates.rate * whole
    for day, step in rates.steps:
        if day < until:
            total += step * (whole - elapsed(day))
    return total


def interest_until(
    until: date,
    *,
    balance: int,
    balance_changes: Iterable[BalanceChange],
    rates: RateSteps,
    day_count: DayCount,
    elapsed: Elapsed,
    rounding: Rounding,
) -> int:
    """Interest up to `until`, excluded, in minor units, rounded once.

    `balance_changes` are in the order of their days; of two on one day the later holds.
    """
    whole = factor(rates, elapsed, until)
    total = balance * whole
    for change in balance_changes:
        if change.on < until:
            total += (change.balance - balance) * (whole - factor(rates, elapsed, change.on))
            balance = change.balance
    return divide_rounded(total, rates.denominator * year_basis(day_count), rounding)
