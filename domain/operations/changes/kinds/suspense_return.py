"""待查款退回: money in suspense is ordered back to the account that it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.lending.settle_suspense import refuse_no_way_back, return_suspense
from domain.operations.perform import Result, Step
from domain.queries.lending.incoming import find_in_suspense
from domain.rules.form import Form
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseReturn:
    """Which payment goes back, and why; what it is, is filled in for the eye."""

    payment_id: int
    reason: str
    amount: Decimal = Decimal(0)
    currency: str = ""
    payer_name: str = ""
    payer_account_tail: str = ""


async def _validate(actor: Actor, asked: SuspenseReturn) -> Proposal[SuspenseReturn]:
    form = Form()
    reason = form.text("reason", asked.reason, longest=200)
    form.refuse()
    payment = await find_in_suspense(asked.payment_id)
    refuse_no_way_back(payment)
    amount, currency = format_minor(payment["amount"], payment["currency"]), payment["currency"]
    number = human_number(NumberKind.INCOMING_PAYMENT, asked.payment_id)
    payer, tail = payment["payer_name"], payment["payer_account_tail"]
    return Proposal(
        payload=replace(
            asked,
            reason=reason,
            amount=Decimal(amount),
            currency=currency,
            payer_name=payer,
            payer_account_tail=tail,
        ),
        en=f"Return {number}: {amount} {currency} to {payer or '?'} ****{tail}. {reason}",
        zh=f"退回 {number}：{amount} {currency} 至 {payer or '？'} ****{tail}。{reason}",
        subject=("IncomingPayment", asked.payment_id),
    )


async def _apply(step: Step, actor: Actor, asked: SuspenseReturn) -> Result:
    return await return_suspense(step, actor, payment_id=asked.payment_id, reason=asked.reason)


SUSPENSE_RETURN = Kind(
    name="SUSPENSE_RETURN",
    en="Money in suspense is sent back.",
    zh="待查款退回",
    payload=SuspenseReturn,
    propose=frozenset({Role.CASHIER}),
    approve=frozenset({Role.ACCOUNTANT}),
    validate=_validate,
    apply=_apply,
)
