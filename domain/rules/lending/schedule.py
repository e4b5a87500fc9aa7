"""The repayment schedule (还款计划): what falls due, when, to the cent.

Amounts are minor units of the loan's currency. Factors are exact fractions; the interest of a row
is rounded once. docs/domain.md §5 is the source of every formula. `schedule_terms.py` says what the
terms may be.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm

from domain.rules.lending.day_count import year_basis
from domain.rules.lending.interest import BalanceChange, elapsed_in_period, factor, rate_steps
from domain.rules.lending.periods import Period, PeriodUnit
from domain.rules.lending.schedule_terms import (
    RepaymentMethod,
    ScheduleTerms,
    periods_of,
    validate,
)
from domain.rules.money import Rounding, divide_rounded, round_half
from domain.rules.refusal import refuse_if

__all__ = ["RepaymentMethod", "ScheduleRow", "ScheduleTerms", "build_schedule", "validate"]


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One instalment (分期). `opening`, `principal`, `interest`, `due`, `balance` in minor units.

    The period runs from `start_date` to `end_date`, which is excluded from it and is the
    `due_date`; `days` are the days that earn under the day count; `due` is principal plus interest;
    `balance` is what remains after the row. `balance_changes`, in the order of their days, say what
    bears interest from a day inside the row on (a prepayment); a built schedule has none.
    """

    number: int
    start_date: date
    end_date: date
    due_date: date
    days: int
    opening: int
    principal: int
    interest: int
    due: int
    balance: int
    balance_changes: tuple[BalanceChange, ...] = ()


def build_schedule(terms: ScheduleTerms) -> tuple[ScheduleRow, ...]:
    """Every row of the loan; principal sums to the loan and the last balance is 0.

    Where the rate changes, a row's interest is that of the rates inside it, and the equal
    instalment is worked out anew from the first row that begins on or after the change, as if the
    rate then in force stayed: the row with the change inside keeps its instalment.
    Raises :class:`~domain.rules.refusal.Refused` with all the mistakes of `terms`.
    """
    refuse_if(validate(terms))
    periods = periods_of(terms)
    factors = _factors(terms, periods)
    match terms.method:
        case RepaymentMethod.EQUAL_INSTALLMENT:
            amounts = _equal_installments(terms, periods, factors)
        case RepaymentMethod.EQUAL_PRINCIPAL:
            amortising = len(periods) - terms.principal_grace
            part = divide_rounded(terms.principal, amortising, terms.rounding)
            amounts = _pay_down(terms, terms.principal, factors, lambda _: part)
        case RepaymentMethod.INTEREST_ONLY | RepaymentMethod.BULLET:
            amounts = _pay_down(terms, terms.principal, factors, lambda _: 0)
    return _rows(terms, periods, amounts)


def _factors(terms: ScheduleTerms, periods: Sequence[Period]) -> list[Fraction]:
    rates = rate_steps(terms.annual_rate, terms.rate_changes)
    below = rates.denominator * year_basis(terms.day_count)
    return [
        Fraction(
            factor(
                rates,
                elapsed_in_period(
                    terms.day_count,
                    start=period.start,
                    end=period.end,
                    days=period.days(terms.day_count),
                    in_months=terms.unit is PeriodUnit.MONTH,
                ),
                period.end,
            ),
            below,
        )
        for period in periods
    ]


@dataclass(frozen=True, slots=True)
class _Amounts:
    """What a row pays."""

    principal: int
    interest: int

    @property
    def due(self) -> int:
        return self.principal + self.interest


def _pay_down(
    terms: ScheduleTerms,
    balance: int,
    factors: Sequence[Fraction],
    principal_of: Callable[[int], int],
    *,
    first: int = 0,
    closes: bool = True,
) -> list[_Amounts]:
    """Run the balance down from the row at `first`; `factors` are those of all rows from row 0.

    After the grace rows each pays `principal_of(interest)`, at least 0 and at most the balance; the
    last row pays what is left where it `closes` the loan.
    """
    paid: list[_Amounts] = []
    for place in range(first, len(factors)):
        interest = round_half(balance * factors[place], terms.rounding)
        if closes and place == len(factors) - 1:
            principal = balance
        elif place < terms.principal_grace:
            principal = 0
        else:
            principal = min(max(principal_of(interest), 0), balance)
        paid.append(_Amounts(principal, interest))
        balance -= principal
    return paid


def _rows(
    terms: ScheduleTerms, periods: Sequence[Period], amounts: Sequence[_Amounts]
) -> tuple[ScheduleRow, ...]:
    rows: list[ScheduleRow] = []
    balance = terms.principal
    for number, (period, paid) in enumerate(zip(periods, amounts, strict=True), start=1):
        rows.append(
            ScheduleRow(
                number=number,
                start_date=period.start,
                end_date=period.end,
                due_date=period.end,
                days=period.days(terms.day_count),
                opening=balance,
                principal=paid.principal,
                interest=paid.interest,
                due=paid.due,
                balance=balance - paid.principal,
            )
        )
        balance -= paid.principal
    return tuple(rows)


def _equal_installments(
    terms: ScheduleTerms, periods: Sequence[Period], factors: Sequence[Fraction]
) -> list[_Amounts]:
    """Stretch by stretch between the rows at which the instalment is worked out anew."""
    paid: list[_Amounts] = []
    balance = terms.principal
    repriced = _repriced(terms, periods)
    stops = [*(place for place, _ in repriced[1:]), len(periods)]
    for (first, rate), stop in zip(repriced, stops, strict=True):
        planned = factors
        if terms.rate_changes:
            steady = replace(terms, annual_rate=rate, rate_changes=())
            planned = [*factors[:first], *_factors(steady, periods[first:])]
        stretch = _pay_down(
            terms,
            balance,
            factors[:stop],
            _to_fill(_planned_installment(terms, balance, planned, first)),
            first=first,
            closes=stop == len(periods),
        )
        paid += stretch
        balance -= sum(each.principal for each in stretch)
    return paid


def _to_fill(installment: int) -> Callable[[int], int]:
    """The principal that fills `installment` up beside the interest."""
    return lambda interest: installment - interest


def _repriced(terms: ScheduleTerms, periods: Sequence[Period]) -> list[tuple[int, Decimal]]:
    """Where the equal instalment is worked out, and the rate in force there: the first row, and the
    first row to begin on or after each day on which the rate really changes."""
    starts = [period.start for period in periods]
    rate = terms.annual_rate
    found = {0: rate}
    for change in terms.rate_changes:
        if change.rate != rate:
            rate = change.rate
            found[bisect_left(starts, change.effective_from)] = rate
    return [(place, rate) for place, rate in found.items() if place < len(starts)]


def _planned_installment(
    terms: ScheduleTerms, balance: int, factors: Sequence[Fraction], first: int
) -> int:
    """The equal instalment from the row at `first` on, as docs/domain.md §5 rounds and smooths it.

    `factors` are the whole loan's at a rate that stays.
    """
    begin = max(first, terms.principal_grace)
    amortising = len(factors) - begin
    installment = equal_installment(
        principal=balance, factors=factors[begin:], rounding=terms.rounding
    )
    multiple = terms.installment_multiple
    if multiple is not None:
        return multiple * divide_rounded(installment, multiple, terms.rounding)

    def last(amount: int) -> int:
        return _pay_down(terms, balance, factors, lambda interest: amount - interest, first=first)[
            -1
        ].due

    difference = last(installment) - installment
    if abs(difference) <= amortising // 2:
        return installment
    # The cent rounded off each instalment has piled up on the last: spread it once, and keep that
    # only where it helped.
    spread = installment + divide_rounded(difference, amortising, terms.rounding)
    return spread if abs(last(spread) - spread) < abs(difference) else installment


def equal_installment(
    *, principal: int, factors: Sequence[Fraction], rounding: Rounding = Rounding.HALF_UP
) -> int:
    """The equal instalment (等额本息) over periods that need not be even, in minor units.

    EMI = P × Π(1+fₖ) ÷ Fₙ with F₁ = 1, Fₖ = 1 + Fₖ₋₁(1+fₖ), rounded once. `factors` are the fₖ of
    the n ≥ 1 amortising periods.
    """
    # Integers over one denominator D: exact like fractions, without a gcd at every step. With
    # aₖ = D(1+fₖ) and Gₖ = Fₖ·Dᵏ⁻¹, EMI = P·Πaₖ ÷ (D·Gₙ).
    denominator = lcm(*(factor.denominator for factor in factors))
    grown = [int(denominator * (1 + factor)) for factor in factors]
    product, annuity, power = grown[0], 1, 1
    for each in grown[1:]:
        power *= denominator
        product *= each
        annuity = power + annuity * each
    return divide_rounded(principal * product, denominator * annuity, rounding)
