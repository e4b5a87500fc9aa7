"""Money in suspense: matched to a loan by a person, or sent back to whoever paid it.

Both are changes that take two persons (domain/operations/changes/kinds), neither of whom approves
what they brought in themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.actor import Actor, ActorKind
from domain.db import execute
from domain.encryption import decrypt
from domain.operations.lending.order_payment import NewOrder, create_order
from domain.operations.lending.pay_loan import pay_loan
from domain.operations.lending.take_incoming import PAYER_ACCOUNT
from domain.operations.perform import Result, Step
from domain.queries.business_date import held_business_date
from domain.queries.lending.incoming import find_in_suspense
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


async def match_suspense(step: Step, actor: Actor, *, payment_id: int, loan_id: int) -> Result:
    """Pay the loan with money in suspense, as of the day that it came in. Result:
    `incoming_payment`, `loan`, `repayment`. Raises :class:`Refused`."""
    today = await held_business_date()
    payment = await _lock(actor, payment_id, to=IncomingState.MATCHED)
    repayment_id = await pay_loan(
        step,
        actor,
        loan_id=loan_id,
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
        [IncomingState.MATCHED, loan_id, repayment_id, today, payment_id],
    )
    step.changed(
        "IncomingPayment",
        payment_id,
        before={"state": IncomingState.SUSPENSE},
        after={
            "state": IncomingState.MATCHED,
            "loan": loan_id,
            "amount": payment["amount"],
            "currency": payment["currency"],
        },
        event="incoming_payment.matched",
    )
    return {"incoming_payment": payment_id, "loan": loan_id, "repayment": repayment_id}


async def return_suspense(step: Step, actor: Actor, *, payment_id: int, reason: str) -> Result:
    """Order money in suspense to be paid back to where it came from.

    It goes to the payer's own account and no other. Raises :class:`Refused`, also when the bank
    did not say which account that is.
    """
    today = await held_business_date()
    payment = await _lock(actor, payment_id, to=IncomingState.RETURNED)
    refuse_no_way_back(payment)
    order_id = await create_order(
        step,
        actor,
        NewOrder(
            purpose=OrderPurpose.SUSPENSE_RETURN,
            incoming_payment_id=payment_id,
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
        [IncomingState.RETURNED, today, payment_id],
    )
    step.changed(
        "IncomingPayment",
        payment_id,
        before={"state": IncomingState.SUSPENSE},
        after={
            "state": IncomingState.RETURNED,
            "order": human_number(NumberKind.PAYMENT_ORDER, order_id),
            "reason": reason,
        },
        event="incoming_payment.returned",
    )
    return {"incoming_payment": payment_id, "payment_order": order_id}


def refuse_no_way_back(payment: Mapping[str, Any]) -> None:
    """Refuse to send back what came from an account that the bank did not name."""
    if payment["payer_account_cipher"] is not None:
        return
    raise Refused(
        [
            Problem(
                ErrorCode.REQUIRED,
                ("paymentId",),
                "The bank did not say from which account this money came, so it cannot be sent "
                "back there. Ask the bank to return it.",
                "银行未提供该来款的付款账号，无法原路退回，请由银行办理退款。",
            )
        ]
    )


async def _lock(actor: Actor, payment_id: int, *, to: IncomingState) -> dict[str, Any]:
    """Return the payment, locked, if the person may move it to `to`."""
    payment = await find_in_suspense(payment_id, lock=True)
    move(INCOMING_MOVES, INCOMING, IncomingState(payment["state"]), to)
    if payment["received_by_kind"] == ActorKind.EMPLOYEE:
        refuse_same_person(actor.id, payment["received_by_id"], ("brought in", "登记"))
    return payment
