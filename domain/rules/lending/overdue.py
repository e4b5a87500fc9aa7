"""What an overdue instalment costs: penalty interest (罚息) and compound interest (复利).

Both are computed afresh from the instalment's history, so a back-dated or reversed payment gives
the right answer by itself; a day's charge is the difference of two calls. docs/domain.md §5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Protocol

from domain.rules.lending.day_count import DatedRate, DayCount, actual_days
from domain.rules.lending.interest import (
    BalanceChange,
    RateSteps,
    elapsed_between,
    interest_until,
    rate_steps,
)
from domain.rules.lending.misuse import (
    MisuseStep,
    more_on_overdue,
    overdue_rates,
)
from domain.rules.money import Rounding


class CompoundBasis(StrEnum):
    """The rate at which unpaid contract interest earns compound interest."""

    PENALTY = "PENALTY"
    """The penalty rate from the due date."""
    CONTRACT_UNTIL_MATURITY = "CONTRACT_UNTIL_MATURITY"
    """The contract rate up to the loan's maturity, the penalty rate from that day."""


@dataclass(frozen=True, slots=True)
class InstallmentPayment:
    """What a payment took off one instalment's principal and contract interest, minor units."""

    value_date: date
    principal: int
    interest: int


@dataclass(frozen=True, slots=True)
class DueInstallment:
    """An instalment as it fell due (`principal`, `interest`, minor units) and what was paid on it.

    `due_date` is the date after any roll to a business day. Payments may be in any order, and
    before the due date.
    """

    due_date: date
    principal: int
    interest: int
    payments: tuple[InstallmentPayment, ...] = ()


class OverdueItem(Protocol):
    """What decides the charges of a :class:`DueInstallment`, or of one being serviced."""

    @property
    def due_date(self) -> date: ...
    @property
    def principal(self) -> int: ...
    @property
    def interest(self) -> int: ...
    @property
    def payments(self) -> Sequence[InstallmentPayment]: ...


@dataclass(frozen=True, slots=True)
class OverdueTerms:
    """Rates are annual fractions; `maturity` is the loan's; `grace_days` follow the due date.

    `rate_changes` replace the contract rate and `penalty_changes` the penalty rate, each from its
    day on and in that order, so that an overdue amount follows repricing. `misuse` says what share
    of the principal is misused, and how much heavier that is charged.
    """

    contract_rate: Decimal
    penalty_rate: Decimal
    day_count: DayCount
    maturity: date
    grace_days: int = 0
    compound_basis: CompoundBasis = CompoundBasis.PENALTY
    rounding: Rounding = Rounding.HALF_UP
    rate_changes: tuple[DatedRate, ...] = ()
    penalty_changes: tuple[DatedRate, ...] = ()
    misuse: tuple[MisuseStep, ...] = ()


def penalty_rate(
    *,
    contract_rate: Decimal,
    overdue_markup: Decimal,
    misuse_markup: Decimal | None = None,
    cap: Decimal | None = None,
) -> Decimal:
    """Contract rate × (1 + markup), the heavier markup where both apply, at most `cap`.

    A markup of 0.50 on 3.60 % gives 5.40 %. `cap` is the policy's limit on the all-in annual cost.
    """
    markup = overdue_markup if misuse_markup is None else max(overdue_markup, misuse_markup)
    with localcontext(prec=60):
        rate = contract_rate * (1 + markup)
    return rate if cap is None else min(rate, cap)


def days_past_due(*, business_date: date, unpaid_due_dates: Iterable[date]) -> int:
    """Days past due (逾期天数): the 21st unpaid is 1 on the 22nd; grace does not count."""
    oldest = min(unpaid_due_dates, default=business_date)
    return max(actual_days(oldest, business_date), 0)


def penalty_interest(installment: OverdueItem, terms: OverdueTerms, on: date) -> int:
    """Penalty interest on the overdue principal from the due date to `on`, excluded, minor units.

    It replaces contract interest on that principal. 0 while grace runs, and for good when the whole
    instalment was paid within it; a missed grace is charged from the due date. Misused principal
    bears the heavier penalty.
    """
    rates = overdue_rates(terms) if terms.misuse else _penalty_rates(terms)
    return _on_principal(installment, terms, on, rates)


def more_penalty_interest(
    installment: OverdueItem, terms: OverdueTerms, on: date, *, step: MisuseStep
) -> int:
    """What the overdue principal would have borne more up to `on`, excluded, had `step` held from
    its day on, in minor units."""
    return _on_principal(installment, terms, on, more_on_overdue(terms, step))


def compound_interest(installment: OverdueItem, terms: OverdueTerms, on: date) -> int:
    """Compound interest on due, unpaid contract interest to `on`, excluded, in minor units.

    Never on itself nor on penalty interest. Grace works as it does for :func:`penalty_interest`.
    """
    return _cumulative(
        installment,
        terms,
        on,
        owed=installment.interest,
        paid=[(payment.value_date, payment.interest) for payment in installment.payments],
        rates=_compound_rates(terms),
    )


def _penalty_rates(terms: OverdueTerms) -> RateSteps:
    return rate_steps(terms.penalty_rate, terms.penalty_changes)


def _compound_rates(terms: OverdueTerms) -> RateSteps:
    """Interest is not misused: compound interest goes by the overdue penalty rate alone."""
    if terms.compound_basis is CompoundBasis.PENALTY:
        return _penalty_rates(terms)
    before = [each for each in terms.rate_changes if each.effective_from < terms.maturity]
    after = [each for each in terms.penalty_changes if each.effective_from > terms.maturity]
    penalty = terms.penalty_rate
    for change in terms.penalty_changes:
        if change.effective_from <= terms.maturity:
            penalty = change.rate
    at_maturity = DatedRate(terms.maturity, penalty)
    return rate_steps(terms.contract_rate, [*before, at_maturity, *after])


def _on_principal(installment: OverdueItem, terms: OverdueTerms, on: date, rates: RateSteps) -> int:
    return _cumulative(
        installment,
        terms,
        on,
        owed=installment.principal,
        paid=[(payment.value_date, payment.principal) for payment in installment.payments],
        rates=rates,
    )


def _cumulative(
    installment: OverdueItem,
    terms: OverdueTerms,
    on: date,
    *,
    owed: int,
    paid: Iterable[tuple[date, int]],
    rates: RateSteps,
) -> int:
    """The unpaid balance's charge from the due date to `on`, rounded once."""
    if not _grace_missed(installment, terms.grace_days, on):
        return 0
    unpaid = owed
    balances: list[BalanceChange] = []
    for value_date, amount in sorted(paid):
        unpaid -= amount
        balances.append(BalanceChange(value_date, unpaid))
    if unpaid < 0:
        raise ValueError(f"more was paid than the {owed} that fell due")
    return interest_until(
        on,
        balance=owed,
        balance_changes=balances,
        rates=rates,
        day_count=terms.day_count,
        elapsed=elapsed_between(terms.day_count, installment.due_date),
        rounding=terms.rounding,
    )


def _grace_missed(installment: OverdueItem, grace_days: int, on: date) -> bool:
    grace_end = installment.due_date + timedelta(days=grace_days)
    if on <= grace_end:
        return False
    paid = sum(
        payment.principal + payment.interest
        for payment in installment.payments
        if payment.value_date <= grace_end
    )
    return paid < installment.principal + installment.interest
