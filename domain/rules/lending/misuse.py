"""Misused principal (挪用): what was not used as the contract says bears penalty interest.

A share of the principal counts as misused from a day on, and bears the contract rate × (1 + markup)
instead of the contract rate; overdue, it bears the heavier of that and the overdue penalty rate
(docs/domain.md §5). Both rates follow repricing. Contract interest is charged as planned, so what
is here is what comes on top of it: a surcharge on principal not due yet, and a penalty rate that
mixes both shares for principal overdue. Source: Yinfa [2003] 251, III.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final, NamedTuple, Protocol

from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.interest import RateSteps, rate_steps

_SHARE_UNIT: Final = Decimal("1e-12")
_PRECISION: Final = 60


@dataclass(frozen=True, slots=True)
class MisuseStep:
    """From a day on, `share` of the principal (0 to 1) bears the contract rate × (1 + `markup`).

    `arrears` is the penalty for days before that, in minor units, which was added to the instalment
    `number` on that day.
    """

    effective_from: date
    share: Decimal
    markup: Decimal
    number: int = 0
    arrears: int = 0


class MisuseTerms(Protocol):
    """What of a loan's overdue terms decides the penalty for misuse; changes in dated order."""

    @property
    def contract_rate(self) -> Decimal: ...
    @property
    def penalty_rate(self) -> Decimal: ...
    @property
    def rate_changes(self) -> Sequence[DatedRate]: ...
    @property
    def penalty_changes(self) -> Sequence[DatedRate]: ...
    @property
    def misuse(self) -> Sequence[MisuseStep]: ...


def misused_share(amount: int, outstanding: int) -> Decimal:
    """The share of `outstanding` principal that `amount` is, at most 1, to twelve decimals."""
    if amount >= outstanding:
        return Decimal(1) if amount else Decimal(0)
    with localcontext(prec=_PRECISION):
        return (Decimal(amount) / outstanding).quantize(_SHARE_UNIT, rounding=ROUND_HALF_UP)


def surcharge_rates(terms: MisuseTerms) -> RateSteps:
    """What principal that is not due bears on top of the contract rate."""
    return _steps(terms, _surcharge)


def overdue_rates(terms: MisuseTerms) -> RateSteps:
    """What overdue principal bears."""
    return _steps(terms, lambda on: on.penalty + _on_overdue(on))


def more_surcharge(terms: MisuseTerms, step: MisuseStep) -> RateSteps:
    """What `step` adds to :func:`surcharge_rates`, from its day on; never below 0."""
    return _steps(terms, _more(_surcharge, step), step)


def more_on_overdue(terms: MisuseTerms, step: MisuseStep) -> RateSteps:
    """What `step` adds to :func:`overdue_rates`, from its day on; never below 0."""
    return _steps(terms, _more(_on_overdue, step), step)


class _Rates(NamedTuple):
    """The rates of a day, and what of the principal counts as misused."""

    day: date
    contract: Decimal
    penalty: Decimal
    share: Decimal
    markup: Decimal


def _surcharge(on: _Rates) -> Decimal:
    return on.share * on.markup * on.contract


def _on_overdue(on: _Rates) -> Decimal:
    return on.share * max(on.contract * (1 + on.markup) - on.penalty, Decimal(0))


def _more(rule: Callable[[_Rates], Decimal], step: MisuseStep) -> Callable[[_Rates], Decimal]:
    def difference(on: _Rates) -> Decimal:
        if on.day < step.effective_from:
            return Decimal(0)
        with_step = on._replace(share=step.share, markup=step.markup)
        return max(rule(with_step) - rule(on), Decimal(0))

    return difference


def _steps(terms: MisuseTerms, rule: Callable[[_Rates], Decimal], *more: MisuseStep) -> RateSteps:
    """What `rule` gives from the beginning, and from each day on which something changes."""
    days = {change.effective_from for change in (*terms.rate_changes, *terms.penalty_changes)}
    days |= {step.effective_from for step in (*terms.misuse, *more)}
    with localcontext(prec=_PRECISION):
        return rate_steps(
            rule(_rates_on(terms, date.min)),
            [DatedRate(day, rule(_rates_on(terms, day))) for day in sorted(days)],
        )


def _rates_on(terms: MisuseTerms, day: date) -> _Rates:
    contract, penalty = terms.contract_rate, terms.penalty_rate
    share = markup = Decimal(0)
    for change in terms.rate_changes:
        if change.effective_from <= day:
            contract = change.rate
    for change in terms.penalty_changes:
        if change.effective_from <= day:
            penalty = change.rate
    for step in terms.misuse:
        if step.effective_from <= day:
            share, markup = step.share, step.markup
    return _Rates(day, contract, penalty, share, markup)
