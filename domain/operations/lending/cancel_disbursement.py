"""Undo a disbursement whose money came back: the loan is cancelled, its limit freed."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.db import execute, in_list, rows
from domain.models.lending.contract import Drawdown
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Loan
from domain.models.lending.loan_history_events import NOT_REPLAYED
from domain.operations.lending.account import OpenLoan, open_loan, save
from domain.operations.perform import Step
from domain.rules.lending.postings import Account, Event
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
    """Take all that the books hold of a loan that nothing has happened to out of them again, and
    cancel it.

    The caller holds the business date; facility, drawdown and loan are locked here, in that order.
    The money comes back into clearing, whence the order took it. Raises :class:`Refused` for a loan
    with repayments or changed terms: those are reversed first.
    """
    seen = await Loan.get(id=loan_id)
    await CreditFacility.filter(id=seen.facility_id).select_for_update().get()
    drawdown = await Drawdown.filter(id=seen.drawdown_id).select_for_update().get()
    _, loan = await open_loan(actor, loan_id)
    before = loan.state()
    move(LOAN_MOVES, LOAN, loan.account.state, LoanState.CANCELLED)
    move(DRAWDOWN_MOVES, DRAWDOWN, DrawdownState(drawdown.state), DrawdownState.CANCELLED)
    await _refuse_touched(loan_id)
    _empty(loan, today)
    loan.book(
        Event.DISBURSEMENT,
        journal=f"order-bounced:{order_id}",
        value_date=today,
        posting_date=today,
        cash=Account.DISBURSEMENT_CLEARING,
    )
    await save(loan, schedule_event=loan.next_sequence())
    await _free_limit(loan, seen.contract_id)
    drawdown.state = DrawdownState.CANCELLED
    await drawdown.save(update_fields=["state"])
    step.changed("Loan", loan_id, before=before, after=loan.state(), event="loan.cancelled")
    step.changed(
        "Drawdown",
        drawdown.id,
        before={"state": DrawdownState.DISBURSED},
        after={"state": drawdown.state},
        event="drawdown.cancelled",
    )


def _empty(loan: OpenLoan, today: dt.date) -> None:
    """Leave nothing owed and no schedule; the one there was is kept as a former one."""
    account = loan.account
    account.state, account.closed_on = LoanState.CANCELLED, today
    account.next_due_date = account.arrears_cleared_on = None
    account.principal_outstanding = account.interest_receivable = 0
    account.penalty_receivable = account.compound_receivable = account.fee_receivable = 0
    account.taxed_income = account.vat = 0
    account.installments = []
    account.charges = []


async def _free_limit(loan: OpenLoan, contract_id: int) -> None:
    """Free what the loan still holds of its facility, whether that revolves or not, and of its
    contract: the money never arrived."""
    held = loan.account.limit_used
    if held:
        await execute(
            "UPDATE credit_facility SET excess = CASE WHEN reserved + used - %s > limit_amount "
            "THEN reserved + used - %s - limit_amount ELSE 0 END, used = used - %s WHERE id = %s",
            [held, held, held, loan.row.facility_id],
        )
        await execute("UPDATE loan SET limit_used = 0 WHERE id = %s", [loan.row.id])
    await execute(
        "UPDATE loan_contract SET drawn = drawn - %s WHERE id = %s",
        [loan.row.principal, contract_id],
    )


async def _refuse_touched(loan_id: int) -> None:
    touched = await rows(
        "SELECT id FROM repayment WHERE loan_id = %s AND reversed_by IS NULL UNION ALL "
        "SELECT id FROM loan_event WHERE loan_id = %s AND reversed_by IS NULL "
        f"AND kind NOT IN {in_list(NOT_REPLAYED)} LIMIT 1",
        [loan_id, loan_id, *NOT_REPLAYED],
    )
    if not touched:
        return
    raise Refused(
        [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("orderId",),
                "The loan has repayments or changed terms, so its disbursement cannot be undone. "
                "Reverse them first, or enter the returned money as a payment.",
                "该借据已有还款或变更，无法撤销放款；请先冲销，或将退回款项登记为来款。",
            )
        ]
    )
