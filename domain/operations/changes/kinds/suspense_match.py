"""待查款认领: money in suspense is said to be for a loan, which it then pays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.changes.kinds.loan_case import about, loan_of
from domain.operations.lending.settle_suspense import match_suspense
from domain.operations.perform import Result, Step
from domain.queries.lending.incoming import find_in_suspense
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseMatch:
    """Which payment is for which loan; what the payment is, is filled in for the eye."""

    payment_id: int
    loan_id: int
    amount: Decimal = Decimal(0)
    currency: str = ""
    value_date: dt.date | None = None
    payer_name: str = ""


async def _validate(actor: Actor, asked: SuspenseMatch) -> Proposal[SuspenseMatch]:
    payment = await find_in_suspense(asked.payment_id)
    loan = await loan_of(actor, asked.loan_id)
    amount, currency = format_minor(payment["amount"], payment["currency"]), payment["currency"]
    number = human_number(NumberKind.INCOMING_PAYMENT, asked.payment_id)
    on, payer = payment["value_date"], payment["payer_name"]
    return about(
        loan,
        replace(asked, amount=Decimal(amount), currency=currency, value_date=on, payer_name=payer),
        en=f"pay with {number} in suspense, {amount} {currency} of {on} from {payer or '?'}.",
        zh=f"以待查款 {number} 还款，{on} 收到 {amount} {currency}，付款人 {payer or '？'}。",
    )


async def _apply(step: Step, actor: Actor, asked: SuspenseMatch) -> Result:
    return await match_suspense(step, actor, payment_id=asked.payment_id, loan_id=asked.loan_id)


SUSPENSE_MATCH = Kind(
    name="SUSPENSE_MATCH",
    en="Money in suspense pays a loan.",
    zh="待查款认领",
    payload=SuspenseMatch,
    propose=frozenset({Role.CASHIER}),
    approve=frozenset({Role.ACCOUNTANT}),
    validate=_validate,
    apply=_apply,
)
