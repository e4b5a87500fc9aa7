"""What the bank says of a payment order: made, or come back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from domain.actor import Actor
from domain.db import execute, for_update, rows
from domain.operations.lending.cancel_disbursement import cancel_disbursement
from domain.operations.lending.cash_journal import move_cash
from domain.operations.lending.take_incoming import Incoming, take_incoming
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.queries.lending.find import not_found
from domain.queries.lending.payment_sight import orders_in_sight
from domain.rules.form import Form
from domain.rules.lending.payment_states import (
    INCOMING,
    INCOMING_MOVES,
    ORDER,
    ORDER_MOVES,
    IncomingState,
    OrderPurpose,
    OrderState,
)
from domain.rules.lending.postings import Account, Event
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Problem
from domain.rules.states import move

RETURNS = "RETURNED-ORDERS"
"""The source of refunds that came back, among the incoming payments."""
REFERENCE_MAX = 100
REASON_MAX = 200


async def confirm_order(*, actor: Actor, key: str, order_id: int, bank_reference: str) -> Done:
    """Record that the bank made an EXPORTED payment: what lay in clearing has left the bank.

    Result: `order`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        form = Form()
        reference = form.text("bankReference", bank_reference, longest=REFERENCE_MAX)
        form.refuse()
        await confirm(step, actor, order_id, bank_reference=reference)
        return {"order": order_id}

    return await perform(
        actor=actor,
        action="confirmPaymentOrder",
        key=key,
        arguments={"order": order_id, "reference": bank_reference},
        work=work,
    )


async def bounce_order(*, actor: Actor, key: str, order_id: int, reason: str) -> Done:
    """Record that an exported payment came back, and undo what it paid for.

    A disbursement is reversed and its loan cancelled, if nothing has happened to it since; money
    that was to go back, and a refund, lie in suspense. Result: `order`, and `loan` where there is
    one. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        form = Form()
        said = form.text("reason", reason, longest=REASON_MAX)
        form.refuse()
        loan_id = await bounce(step, actor, order_id, reason=said)
        return {"order": order_id} | ({"loan": loan_id} if loan_id is not None else {})

    return await perform(
        actor=actor,
        action="bouncePaymentOrder",
        key=key,
        arguments={"order": order_id, "reason": reason},
        work=work,
    )


async def confirm(step: Step, actor: Actor, order_id: int, *, bank_reference: str) -> None:
    """:func:`confirm_order` inside a running transaction."""
    today = await held_business_date()
    order = await _lock(actor, order_id, to=OrderState.CONFIRMED)
    await execute(
        "UPDATE payment_order SET state = %s, bank_reference = %s, confirmed_on = %s WHERE id = %s",
        [OrderState.CONFIRMED, bank_reference, today, order_id],
    )
    await _between_bank_and_clearing(order, out=True, today=today)
    _moved(step, order, OrderState.CONFIRMED, {"bankReference": bank_reference})


async def bounce(step: Step, actor: Actor, order_id: int, *, reason: str) -> int | None:
    """:func:`bounce_order` inside a running transaction; the id of the loan it cancelled."""
    today = await held_business_date()
    seen = await read_order(actor, order_id)
    # Facility and loan are locked before the order.
    if seen["purpose"] == OrderPurpose.DISBURSEMENT:
        await cancel_disbursement(
            step, actor, loan_id=seen["loan_id"], order_id=order_id, today=today
        )
    order = await _lock(actor, order_id, to=OrderState.BOUNCED)
    if order["purpose"] == OrderPurpose.REFUND:
        await _refund_came_back(step, actor, order, reason, today=today)
    elif order["state"] == OrderState.CONFIRMED:
        await _between_bank_and_clearing(order, out=False, today=today)
    if order["purpose"] == OrderPurpose.SUSPENSE_RETURN:
        await _suspend_again(step, order, today=today)
    await execute(
        "UPDATE payment_order SET state = %s, bounce_reason = %s, bounced_on = %s WHERE id = %s",
        [OrderState.BOUNCED, reason, today, order_id],
    )
    _moved(step, order, OrderState.BOUNCED, {"reason": reason})
    loan_id: int | None = order["loan_id"]
    return loan_id


async def read_order(actor: Actor, order_id: int, lock: str = "") -> dict[str, Any]:
    """Return the order's row; raises NOT_FOUND for an absent or unseen one."""
    condition, values = orders_in_sight(actor, table="payment_order")
    found = await rows(
        f"SELECT * FROM payment_order WHERE id = %s AND ({condition})" + lock,
        [order_id, *values],
    )
    if not found:
        raise not_found(ORDER, "orderId")
    return found[0]


async def _lock(actor: Actor, order_id: int, *, to: OrderState) -> dict[str, Any]:
    order = await read_order(actor, order_id, for_update())
    move(ORDER_MOVES, ORDER, OrderState(order["state"]), to)
    return order


_EVENTS = {
    OrderPurpose.DISBURSEMENT: Event.DISBURSEMENT,
    OrderPurpose.SUSPENSE_RETURN: Event.SUSPENSE,
    OrderPurpose.REFUND: Event.REFUND,
}


async def _between_bank_and_clearing(order: dict[str, Any], *, out: bool, today: dt.date) -> None:
    amount = order["amount"] if out else -order["amount"]
    await move_cash(
        journal=f"order-{'paid' if out else 'unpaid'}:{order['id']}",
        event=_EVENTS[OrderPurpose(order["purpose"])],
        currency=order["currency"],
        amounts={Account.DISBURSEMENT_CLEARING: amount, Account.BANK: -amount},
        value_date=today,
        today=today,
    )


async def _refund_came_back(
    step: Step, actor: Actor, order: dict[str, Any], reason: str, *, today: dt.date
) -> None:
    """A refund is an event of its loan that happened; its money has come in anew, for nobody yet.

    The order's number is the reference under which it lies in suspense.
    """
    if order["state"] == OrderState.EXPORTED:
        await _between_bank_and_clearing(order, out=True, today=today)
    number = human_number(NumberKind.PAYMENT_ORDER, order["id"])
    came_back = Problem(
        ErrorCode.ILLEGAL_STATE,
        ("orderId",),
        f"The refund {number} came back: {reason}. Match it to the loan, or pay it out anew.",
        f"退款 {number} 被退回：{reason}；请认领至借据或重新支付。",
    )
    await take_incoming(
        step,
        actor,
        Incoming(
            source=RETURNS,
            external_reference=number,
            currency=order["currency"],
            amount=order["amount"],
            value_date=today,
            payer_name=order["payee_name"],
            remittance=order["remittance"],
        ),
        suspend=[came_back],
    )


async def _suspend_again(step: Step, order: dict[str, Any], *, today: dt.date) -> None:
    payment_id = order["incoming_payment_id"]
    move(INCOMING_MOVES, INCOMING, IncomingState.RETURNED, IncomingState.SUSPENSE)
    await execute(
        "UPDATE incoming_payment SET state = %s, suspended_on = %s, settled_on = NULL "
        "WHERE id = %s AND state = %s",
        [IncomingState.SUSPENSE, today, payment_id, IncomingState.RETURNED],
    )
    await move_cash(
        journal=f"order-bounced:{order['id']}",
        event=Event.SUSPENSE,
        currency=order["currency"],
        amounts={
            Account.DISBURSEMENT_CLEARING: order["amount"],
            Account.SUSPENSE: -order["amount"],
        },
        value_date=today,
        today=today,
    )
    step.changed(
        "IncomingPayment",
        payment_id,
        before={"state": IncomingState.RETURNED},
        after={"state": IncomingState.SUSPENSE},
        event="incoming_payment.suspended",
    )


def _moved(step: Step, order: dict[str, Any], to: OrderState, more: dict[str, str]) -> None:
    step.changed(
        "PaymentOrder",
        order["id"],
        before={"state": order["state"]},
        after={"state": to, **more},
        event=f"payment_order.{to.lower()}",
    )
