"""What each row of a schedule pays: the rules of docs/domain.md §5 for every repayment method.

Factors are exact; the interest of a row is rounded once. Amounts are minor units.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import lcm

from domain.rules.lending.custom_plan import plan_amounts
from domain.rules.lending.interest import rate_steps
from domain.rules.lending.periods import Period
from domain.rules.lending.row_factors import Amounts, Factors, row_factors
from domain.rules.lending.schedule_terms import RepaymentMethod, ScheduleTerms
from domain.rules.money import Rounding, divide_rounded


def amounts_of(terms: ScheduleTerms, periods: Sequence[Period]) -> list[Amounts]:
    """What each of the `periods` of valid `terms` pays."""
    grace = terms.principal_grace
    factors, parts = row_factors(terms, periods)
    match terms.method:
        case RepaymentMethod.EQUAL_INSTALLMENT:
            return _equal_installments(terms, periods, factors, parts)
        case RepaymentMethod.EQUAL_PRINCIPAL:
            part = divide_rounded(terms.principal, len(periods) - grace, terms.rounding)
            return _pay_down(terms, terms.principal, factors, lambda _: part, grace=grace)
        case RepaymentMethod.INTEREST_ONLY | RepaymentMethod.BULLET:
            return _pay_down(terms, terms.principal, factors, lambda _: 0, grace=grace)
        case RepaymentMethod.CUSTOM_PLAN:
            return plan_amounts(terms, factors)


def _pay_down(
    terms: ScheduleTerms,
    balance: int,
    factors: Factors,
    principal_of: Callable[[int], int],
    *,
    grace: int,
    rows: int | None = None,
) -> list[Amounts]:
    """Run the balance down over the first `rows` of the rows to come, all of them by default.

    After `grace` rows each pays `principal_of(interest)`, at least 0 and at most the balance; the
    last of the rows to come pays what is left.
    """
    paid: list[Amounts] = []
    last = len(factors.of_row) - 1
    for place, above in enumerate(factors.of_row[:rows]):
        interest = divide_rounded(balance * above, factors.denominator, terms.rounding)
        if place == last:
            principal = balance
        elif place < grace:
            principal = 0
        else:
            principal = min(max(principal_of(interest), 0), balance)
        paid.append(Amounts(principal, interest))
        balance -= principal
    return paid


def _equal_installments(
    terms: ScheduleTerms, periods: Sequence[Period], factors: Factors, parts: Sequence[int]
) -> list[Amounts]:
    """Stretch by stretch between the rows at which the instalment is worked out anew.

    The rate changes in the last row of a stretch alone, so that the others are as planned.
    """
    paid: list[Amounts] = []
    balance = terms.principal
    repriced = _repriced(terms, periods)
    stops = [*(place for place, _ in repriced[1:]), len(periods)]
    for (first, rate), stop in zip(repriced, stops, strict=True):
        installment, planned = _plan(
            terms,
            balance,
            Factors([rate * part for part in parts[first:]], factors.denominator),
            grace=max(terms.principal_grace - first, 0),
        )
        last = stop - 1
        stretch = planned[: last - first]
        balance -= sum(each.principal for each in stretch)
        (mixed,) = _pay_down(
            terms,
            balance,
            Factors(factors.of_row[last:], factors.denominator),
            _to_fill(installment),
            grace=max(terms.principal_grace - last, 0),
            rows=1,
        )
        balance -= mixed.principal
        paid += [*stretch, mixed]
    return paid


def _to_fill(installment: int) -> Callable[[int], int]:
    """The principal that fills `installment` up beside the interest."""
    return lambda interest: installment - interest


def _repriced(terms: ScheduleTerms, periods: Sequence[Period]) -> list[tuple[int, int]]:
    """Where the equal instalment is worked out, and the rate in force there, over the denominator
    of the rates: the first row, and the first row to begin on or after each day on which the rate
    really changes."""
    starts = [period.start for period in periods]
    rates = rate_steps(terms.annual_rate, terms.rate_changes)
    rate = rates.rate
    found = {0: rate}
    for day, step in rates.steps:
        if step:
            rate += step
            found[bisect_left(starts, day)] = rate
    return [(place, rate) for place, rate in found.items() if place < len(starts)]


def _plan(
    terms: ScheduleTerms, balance: int, factors: Factors, *, grace: int
) -> tuple[int, list[Amounts]]:
    """The equal instalment of the rows to come, as docs/domain.md §5 rounds and smooths it, and
    what the rows then pay. `factors` are those of a rate that stays."""
    amortising = len(factors.of_row) - grace
    installment = _annuity(
        balance, Factors(factors.of_row[grace:], factors.denominator), terms.rounding
    )

    def paying(amount: int) -> list[Amounts]:
        return _pay_down(terms, balance, factors, _to_fill(amount), grace=grace)

    multiple = terms.installment_multiple
    if multiple is not None:
        installment = multiple * divide_rounded(installment, multiple, terms.rounding)
        return installment, paying(installment)
    rows = paying(installment)
    difference = sum(rows[-1]) - installment
    if abs(difference) <= amortising // 2:
        return installment, rows
    # The cent rounded off each instalment has piled up on the last: spread it once, and keep that
    # only where it helped.
    spread = installment + divide_rounded(difference, amortising, terms.rounding)
    retried = paying(spread)
    if abs(sum(retried[-1]) - spread) < abs(difference):
        return spread, retried
    return installment, rows


def equal_installment(
    *, principal: int, factors: Sequence[Fraction], rounding: Rounding = Rounding.HALF_UP
) -> int:
    """The equal instalment (等额本息) over periods that need not be even, in minor units.

    EMI = P × Π(1+fₖ) ÷ Fₙ with F₁ = 1, Fₖ = 1 + Fₖ₋₁(1+fₖ), rounded once. `factors` are the fₖ of
    the n ≥ 1 amortising periods.
    """
    denominator = lcm(*(factor.denominator for factor in factors))
    whole = [int(factor * denominator) for factor in factors]
    return _annuity(principal, Factors(whole, denominator), rounding)


def _annuity(principal: int, factors: Factors, rounding: Rounding) -> int:
    growth, _, annuity = _grown(factors.of_row, factors.denominator)
    return divide_rounded(principal * growth, annuity, rounding)


def _grown(factors: Sequence[int], denominator: int) -> tuple[int, int, int]:
    """Π(1+fₖ), 1 and Fₙ, each times the same whole number, Dⁿ.

    By halves, F = F_left × Π_right + F_right: the numbers have thousands of digits, and multiplying
    few large ones is cheaper than many times a large by a small one.
    """
    if len(factors) == 1:
        return denominator + factors[0], denominator, denominator
    half = len(factors) // 2
    growth, unit, annuity = _grown(factors[:half], denominator)
    later_growth, later_unit, later_annuity = _grown(factors[half:], denominator)
    return (
        growth * later_growth,
        unit * later_unit,
        annuity * later_growth + later_annuity * unit,
    )
