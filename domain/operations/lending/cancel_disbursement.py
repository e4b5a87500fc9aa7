"""Undo a disbursement whose money came back: the loan is cancelled, its limit freed."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.db import execute, rows
from domain.models.lending.contract import Drawdown
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Loan
from domain.operations.lending.post import Posting, post
from domain.operations.perform import Step
from domain.rules.lending.postings import Account, Entry, Event
from domain.rules.lending.states import (
    DRAWDOWN,
    DRAWDOWN_MOVES,
    LOAN,
    LOAN_MOVES,
    DrawdownState,
    LoanState,
)
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.states import move


async def cancel_disbursement(
    step: Step, actor: Actor, *, loan_id: int, order_id: int, today: dt.date
) -> None:
    """Reverse all that the books hold of a loan that nobody has paid on, and cancel it.

    The caller holds the business date; facility, drawdown and loan are locked here, in that order.
    The money comes back into clearing, whence the order took it. Raises :class:`Refused` for a loan
    with repayments: those are reversed first.
    """
    seen = await Loan.get(id=loan_id)
    facility = await CreditFacility.filter(id=seen.facility_id).select_for_update().get()
    drawdown = await Drawdown.filter(id=seen.drawdown_id).select_for_update().get()
    loan = await Loan.filter(id=loan_id).select_for_update().get()
    move(LOAN_MOVES, LOAN, LoanState(loan.state), LoanState.CANCELLED)
    move(DRAWDOWN_MOVES, DRAWDOWN, DrawdownState(drawdown.state), DrawdownState.CANCELLED)
    await _refuse_touched(loan)
    before = {"state": loan.state, "principalOutstanding": loan.principal_outstanding}
    await _reverse_books(loan, order_id=order_id, today=today)
    loan.state, loan.closed_on, loan.next_due_date = LoanState.CANCELLED, today, None
    loan.principal_outstanding = loan.interest_receivable = 0
    loan.penalty_receivable = loan.compound_receivable = 0
    await loan.save()
    await execute("DELETE FROM installment WHERE loan_id = %s", [loan.id])
    await execute(
        "UPDATE credit_facility SET used = used - %s WHERE id = %s", [loan.principal, facility.id]
    )
    await execute(
        "UPDATE loan_contract SET drawn = drawn - %s WHERE id = %s",
        [loan.principal, loan.contract_id],
    )
    drawdown.state = DrawdownState.CANCELLED
    await drawdown.save(update_fields=["state"])
    step.changed(
        "Loan",
        loan.id,
        before=before,
        after={"state": loan.state, "principalOutstanding": 0},
        event="loan.cancelled",
    )
    step.changed(
        "Drawdown",
        drawdown.id,
        before={"state": DrawdownState.DISBURSED},
        after={"state": drawdown.state},
        event="drawdown.cancelled",
    )


async def _refuse_touched(loan: Loan) -> None:
    if not await rows("SELECT 1 AS one FROM repayment WHERE loan_id = %s LIMIT 1", [loan.id]):
        return
    raise Refused(
        [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("orderId",),
                "The loan has repayments, so its disbursement cannot be undone. Reverse them "
                "first, or enter the returned money as a payment.",
                "该借据已有还款，无法撤销放款；请先冲销还款，或将退回款项登记为来款。",
            )
        ]
    )


async def _reverse_books(loan: Loan, *, order_id: int, today: dt.date) -> None:
    """Post the opposite of everything posted for the loan, and take the money out of clearing."""
    posted = await rows(
        "SELECT account_code, SUM(amount) AS total FROM ledger_entry WHERE loan_id = %s "
        "GROUP BY account_code",
        [loan.id],
    )
    totals = {Account(row["account_code"]): int(row["total"]) for row in posted}
    paid_out = totals.pop(Account.BANK)
    await post(
        [
            Posting(
                journal=f"order-bounced:{order_id}",
                event=Event.DISBURSEMENT,
                loan=loan,
                entries=[
                    *(Entry(account, -total) for account, total in totals.items() if total),
                    Entry(Account.DISBURSEMENT_CLEARING, -paid_out),
                ],
                value_date=today,
                posting_date=today,
            )
        ]
    )
