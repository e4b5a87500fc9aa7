"""Money in suspense: matched to a loan by a person, or sent back to whoever paid it.

Both are the work of another person than the one who brought the payment in. Each is a function of
a running step, so that it can be a kind of change request too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from domain.actor import Actor, ActorKind
from domain.db import execute, for_update, rows
from domain.encryption import decrypt
from domain.operations.lending.order_payment import NewOrder, create_order
from domain.operations.lending.pay_loan import pay_loan
from domain.operations.lending.take_incoming import PAYER_ACCOUNT
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.queries.lending.find import not_found
from domain.rules.lending.payment_states import (
    INCOMING,
    INCOMING_MOVES,
    IncomingState,
    OrderPurpose,
)
from domain.rules.lending.postings import Account
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.separation import refuse_same_person
from domain.rules.states import move


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseMatch:
    """Which payment is whose: row ids."""

    payment_id: int
    loan_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseReturn:
    """Which payment goes back to the account that it came from, and why."""

    payment_id: int
    reason: str


async def match_suspense(step: Step, actor: Actor, match: SuspenseMatch) -> Result:
    """Pay the loan with money in suspense, as of the day that it came in. Result: `payment`,
    `loan`, `repayment`. Raises :class:`Refused`."""
    today = await held_business_date()
    payment = await _lock(actor, match.payment_id, to=IncomingState.MATCHED)
    repayment_id = await pay_loan(
        step,
        actor,
        loan_id=match.loan_id,
        currency=payment["currency"],
        amount=payment["amount"],
        value_date=payment["value_date"],
        payer_name=payment["payer_name"],
        external_reference=payment["external_reference"],
        cash=Account.SUSPENSE,
    )
    await execute(
        "UPDATE incoming_payment SET state = %s, loan_id = %s, repayment_id = %s, settled_on = %s "
        "WHERE id = %s",
        [IncomingState.MATCHED, match.loan_id, repayment_id, today, match.payment_id],
    )
    step.changed(
        "IncomingPayment",
        match.payment_id,
        before={"state": IncomingState.SUSPENSE},
        after={
            "state": IncomingState.MATCHED,
            "loan": match.loan_id,
            "amount": payment["amount"],
            "currency": payment["currency"],
        },
        event="incoming_payment.matched",
    )
    return {"payment": match.payment_id, "loan": match.loan_id, "repayment": repayment_id}


async def return_suspense(step: Step, actor: Actor, back: SuspenseReturn) -> Result:
    """Order money in suspense to be paid back to where it came from. Result: `payment`, `order`.

    It goes to the payer's own account and no other. Raises :class:`Refused`, also when the bank
    did not say which account that is.
    """
    today = await held_business_date()
    payment = await _lock(actor, back.payment_id, to=IncomingState.RETURNED)
    if payment["payer_account_cipher"] is None:
        raise Refused(
            [
                Problem(
                    ErrorCode.REQUIRED,
                    ("paymentId",),
                    "The bank did not say from which account this money came, so it cannot be "
                    "sent back there. Ask the bank to return it.",
                    "银行未提供该来款的付款账号，无法原路退回，请由银行办理退款。",
                )
            ]
        )
    order_id = await create_order(
        step,
        actor,
        NewOrder(
            purpose=OrderPurpose.SUSPENSE_RETURN,
            incoming_payment_id=back.payment_id,
            currency=payment["currency"],
            amount=payment["amount"],
            payee_name=payment["payer_name"] or payment["source"],
            payee_account=decrypt(payment["payer_account_cipher"], column=PAYER_ACCOUNT),
            remittance=f"Return of {payment['external_reference']}"[:140],
            from_account=Account.SUSPENSE,
        ),
        today=today,
    )
    await execute(
        "UPDATE incoming_payment SET state = %s, settled_on = %s WHERE id = %s",
        [IncomingState.RETURNED, today, back.payment_id],
    )
    step.changed(
        "IncomingPayment",
        back.payment_id,
        before={"state": IncomingState.SUSPENSE},
        after={
            "state": IncomingState.RETURNED,
            "order": human_number(NumberKind.PAYMENT_ORDER, order_id),
            "reason": back.reason,
        },
        event="incoming_payment.returned",
    )
    return {"payment": back.payment_id, "order": order_id}


async def match_suspense_now(*, actor: Actor, key: str, match: SuspenseMatch) -> Done:
    """:func:`match_suspense` as a mutation of its own."""
    return await _alone(actor, key, "matchSuspense", match, match_suspense)


async def return_suspense_now(*, actor: Actor, key: str, back: SuspenseReturn) -> Done:
    """:func:`return_suspense` as a mutation of its own."""
    return await _alone(actor, key, "returnSuspense", back, return_suspense)


async def _alone(
    actor: Actor,
    key: str,
    action: str,
    payload: Any,
    settle: Callable[[Step, Actor, Any], Awaitable[Result]],
) -> Done:
    async def work(step: Step) -> Result:
        return await settle(step, actor, payload)

    return await perform(actor=actor, action=action, key=key, arguments=asdict(payload), work=work)


async def _lock(actor: Actor, payment_id: int, *, to: IncomingState) -> dict[str, Any]:
    """Return the payment, locked, if the person may move it to `to`."""
    found = await rows("SELECT * FROM incoming_payment WHERE id = %s" + for_update(), [payment_id])
    if not found:
        raise not_found(INCOMING, "paymentId")
    payment = found[0]
    move(INCOMING_MOVES, INCOMING, IncomingState(payment["state"]), to)
    if payment["received_by_kind"] == ActorKind.EMPLOYEE:
        refuse_same_person(actor.id, payment["received_by_id"], ("brought in", "登记"))
    return payment
