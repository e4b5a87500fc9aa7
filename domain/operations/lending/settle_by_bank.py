"""What a bank's file says of our own orders: paid, or come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.actor import Actor
from domain.operations.lending.settle_order import REASON_MAX, bounce, confirm, read_order
from domain.operations.perform import Step
from domain.rules.lending.payment_states import LineFlow, LineState, OrderState
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, row_id
from domain.rules.refusal import ErrorCode, Problem, Refused

_DONE = {
    LineFlow.PAID_OUT: (OrderState.CONFIRMED, OrderState.BOUNCED),
    LineFlow.RETURNED: (OrderState.BOUNCED,),
}


async def settle_by_bank(step: Step, actor: Actor, line: Mapping[str, Any]) -> LineState:
    """Confirm or bounce the order that a line of a payment file names; say what became of the line.

    A second notice of the same changes nothing. Raises :class:`Refused` for an order that is not
    there, of another amount, not exported yet, or whose disbursement cannot be undone.
    """
    flow = LineFlow(line["flow"])
    order_id = row_id(NumberKind.PAYMENT_ORDER, line["order_number"]) or 0
    order = await read_order(actor, order_id)
    if (order["currency"], order["amount"]) != (line["currency"], line["amount"]):
        raise Refused([_other_amount(order, line)])
    if OrderState(order["state"]) in _DONE[flow]:
        return LineState.DUPLICATE
    if flow is LineFlow.PAID_OUT:
        await confirm(step, actor, order_id, bank_reference=line["external_reference"])
        return LineState.ORDER_CONFIRMED
    reason = line["remittance"] or line["external_reference"]
    await bounce(step, actor, order_id, reason=reason[:REASON_MAX])
    return LineState.ORDER_BOUNCED


def _other_amount(order: Mapping[str, Any], line: Mapping[str, Any]) -> Problem:
    ordered = f"{format_minor(order['amount'], order['currency'])} {order['currency']}"
    said = f"{format_minor(line['amount'], line['currency'])} {line['currency']}"
    return Problem(
        ErrorCode.INVALID_VALUE,
        ("orderNumber",),
        f"The order {line['order_number']} is over {ordered}; the bank says {said}. Ask the bank "
        "which is right.",
        f"付款指令 {line['order_number']} 金额为 {ordered}，银行通知为 {said}，请向银行核实。",
    )
