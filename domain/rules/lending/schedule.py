"""The repayment schedule (还款计划): what falls due, when, to the cent.

Amounts are minor units of the loan's currency. Factors are exact fractions; the interest of a row
is rounded once. docs/domain.md §5 is the source of every formula. `schedule_terms.py` says what the
terms may be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm

from domain.rules.lending.day_count import year_fraction
from domain.rules.lending.periods import Period
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
    `balance` is what remains after the row.
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


def build_schedule(terms: ScheduleTerms) -> tuple[ScheduleRow, ...]:
    """Every row of the loan; principal sums to the loan and the last balance is 0.

    Raises :class:`~domain.rules.refusal.Refused` with all the mistakes of `terms`.
    """
    refuse_if(validate(terms))
    periods = periods_of(terms)
    factors = _factors(terms, periods)
    match terms.method:
        case RepaymentMethod.EQUAL_INSTALLMENT:
            return _equal_installments(terms, periods, factors)
        case RepaymentMethod.EQUAL_PRINCIPAL:
            amortising = len(periods) - terms.principal_grace
            part = divide_rounded(terms.principal, amortising, terms.rounding)
            return _rows(terms, periods, factors, lambda _: part)
        case RepaymentMethod.INTEREST_ONLY | RepaymentMethod.BULLET:
            return _rows(terms, periods, factors, lambda _: 0)


def _factors(terms: ScheduleTerms, periods: Sequence[Period]) -> list[Fraction]:
    rate = Fraction(terms.annual_rate)
    return [
        rate
        * year_fraction(
            terms.day_count,
            start=period.start,
            end=period.end,
            days=period.days(terms.day_count),
        )
        for period in periods
    ]


def _rows(
    terms: ScheduleTerms,
    periods: Sequence[Period],
    factors: Sequence[Fraction],
    principal_of: Callable[[int], int],
) -> tuple[ScheduleRow, ...]:
    """Run the balance down: after the grace rows each pays `principal_of(interest)`, at least 0 and
    at most the balance, and the last row pays what is left."""
    rows: list[ScheduleRow] = []
    balance = terms.principal
    for number, (period, factor) in enumerate(zip(periods, factors, strict=True), start=1):
        interest = round_half(balance * factor, terms.rounding)
        if number == len(periods):
            principal = balance
        elif number <= terms.principal_grace:
            principal = 0
        else:
            principal = min(max(principal_of(interest), 0), balance)
        rows.append(
            ScheduleRow(
                number=number,
                start_date=period.start,
                end_date=period.end,
                due_date=period.end,
                days=period.days(terms.day_count),
                opening=balance,
                principal=principal,
                interest=interest,
                due=principal + interest,
                balance=balance - principal,
            )
        )
        balance -= principal
    return tuple(rows)


def _equal_installments(
    terms: ScheduleTerms, periods: Sequence[Period], factors: Sequence[Fraction]
) -> tuple[ScheduleRow, ...]:
    amortising = len(periods) - terms.principal_grace
    installment = equal_installment(
        principal=terms.principal,
        factors=factors[terms.principal_grace :],
        rounding=terms.rounding,
    )
    multiple = terms.installment_multiple
    if multiple is not None:
        installment = multiple * divide_rounded(installment, multiple, terms.rounding)
        return _rows(terms, periods, factors, lambda interest: installment - interest)

    rows = _rows(terms, periods, factors, lambda interest: installment - interest)
    difference = rows[-1].due - installment
    if abs(difference) <= amortising // 2:
        return rows
    # The cent rounded off each instalment has piled up on the last: spread it once, and keep that
    # only where it helped.
    spread = installment + divide_rounded(difference, amortising, terms.rounding)
    retried = _rows(terms, periods, factors, lambda interest: spread - interest)
    return retried if abs(retried[-1].due - spread) < abs(difference) else rows


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
