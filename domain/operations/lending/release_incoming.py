"""A repayment that is reversed gives the money that it was made of back to suspense."""

from __future__ import annotations

import datetime as dt

from domain.db import execute, for_update, rows
from domain.operations.lending.cash_journal import move_cash
from domain.operations.lending.take_incoming import stored_reasons
from domain.operations.perform import Step
from domain.rules.lending.payment_states import INCOMING, INCOMING_MOVES, IncomingState
from domain.rules.lending.postings import Account, Event
from domain.rules.refusal import ErrorCode, Problem
from domain.rules.states import move


async def release_incoming(step: Step, repayment_id: int, *, today: dt.date) -> None:
    """Put the incoming payment behind a repayment, if there is one, into suspense.

    The reversal took its money out of the bank's account, where it still is: so it comes back in.
    """
    found = await rows(
        "SELECT id, state, currency, amount, value_date FROM incoming_payment "
        "WHERE repayment_id = %s" + for_update(),
        [repayment_id],
    )
    if not found:
        return
    payment = found[0]
    move(INCOMING_MOVES, INCOMING, IncomingState(payment["state"]), IncomingState.SUSPENSE)
    await execute(
        "UPDATE incoming_payment SET state = %s, reasons = %s, suspended_on = %s, "
        "loan_id = NULL, repayment_id = NULL, settled_on = NULL WHERE id = %s",
        [IncomingState.SUSPENSE, stored_reasons([_REVERSED]), today, payment["id"]],
    )
    await move_cash(
        journal=f"unmatched:{repayment_id}",
        event=Event.SUSPENSE,
        currency=payment["currency"],
        amounts={Account.BANK: payment["amount"], Account.SUSPENSE: -payment["amount"]},
        value_date=payment["value_date"],
        today=today,
    )
    step.changed(
        "IncomingPayment",
        payment["id"],
        before={"state": payment["state"], "repayment": repayment_id},
        after={"state": IncomingState.SUSPENSE},
        event="incoming_payment.suspended",
    )


_REVERSED = Problem(
    ErrorCode.ILLEGAL_STATE,
    ("repaymentId",),
    "The repayment that this money was taken for was reversed. Match it anew, or send it back.",
    "该来款对应的还款已冲销，请重新认领或原路退回。",
)
