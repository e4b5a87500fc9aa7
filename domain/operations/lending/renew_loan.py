"""Settling a loan by the one that renews it (无还本续贷): through clearing, and no cash moves."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.contract import Drawdown, LoanContract
from domain.models.lending.loan_account import share_misused
from domain.models.lending.loan_rows import LoanRow
from domain.operations.lending.account import OpenLoan, open_loan
from domain.operations.lending.take_payment import Payer, take_payment
from domain.operations.perform import Step
from domain.queries.lending.loan_rows import see_loan
from domain.rules.lending.postings import Account
from domain.rules.lending.renewal import OldLoan, Renewal, renewal_problems, uncovered
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.events import Payoff
from domain.rules.lending.states import DrawdownState, LoanState
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if


async def refusals_to_renew(
    actor: Actor, loan_id: int, contract: LoanContract, amount: int, *, today: dt.date
) -> list[Problem]:
    """Why a drawdown of `amount` minor units may not be requested to renew a loan.

    The caller holds the facility, so no other request for the same loan comes between. Raises
    :class:`Refused` for an absent or unseen loan.
    """
    row = await see_loan(actor, loan_id, path="renewsLoanId")
    problems = renewal_problems(_renewal(contract, amount), _as_it_stands(row, row), today=today)
    others = await rows(
        "SELECT id FROM drawdown WHERE renews_loan_id = %s AND state = %s",
        [loan_id, DrawdownState.REQUESTED],
    )
    if others:
        number = human_number(NumberKind.DRAWDOWN, others[0]["id"])
        problems.append(
            Problem(
                ErrorCode.DUPLICATE,
                ("renewsLoanId",),
                f"Drawdown {number} has been requested to renew this loan. Disburse or cancel it.",
                f"提款 {number} 已申请为该借据续贷，请放款或取消该笔提款。",
            )
        )
    return problems


async def to_be_renewed(application_id: int) -> int | None:
    """Return the loan that an application was approved to renew, while it is still there; None for
    any other application."""
    found = await rows(
        "SELECT a.renews_loan_id FROM loan_application a JOIN loan l ON l.id = a.renews_loan_id "
        "WHERE a.id = %s AND l.state = %s",
        [application_id, LoanState.ACTIVE],
    )
    return found[0]["renews_loan_id"] if found else None


def approved_to_renew(loan_id: int) -> Problem:
    """Say that the contract's application counted on this loan being renewed."""
    number = human_number(NumberKind.LOAN, loan_id)
    return Problem(
        ErrorCode.NOT_PERMITTED,
        ("renewsLoanId",),
        f"The application was approved to renew loan {number}. Name that loan, or let it be repaid "
        "first.",
        f"该申请系为借据 {number} 续贷而批准，请填写该借据，或先还清该借据。",
    )


async def open_renewed(actor: Actor, drawdown: Drawdown, contract: LoanContract) -> OpenLoan | None:
    """Lock the loan that a drawdown renews, None where it renews none; refuse one that cannot be
    settled by it today. The caller holds facility and drawdown."""
    if drawdown.renews_loan_id is None:
        return None
    today, old = await open_loan(actor, drawdown.renews_loan_id)
    path = "drawdownId"
    refuse_if(
        renewal_problems(
            _renewal(contract, drawdown.amount),
            _as_it_stands(old.row, old.account),
            today=today,
            path=path,
        )
    )
    refuse_if(
        uncovered(old.account, drawdown.amount, today=today, currency=drawdown.currency, path=path)
    )
    return old


async def settle_renewed(
    step: Step, actor: Actor, old: OpenLoan, drawdown: Drawdown, *, today: dt.date
) -> int:
    """Pay the old loan off with what the new one brings into clearing; return the repayment's id.

    The new loan takes over what the old one used of the facility, whether that revolves or not.
    """
    old.handed_over = drawdown.amount
    return await take_payment(
        step,
        old,
        Payoff(sequence=old.next_sequence(), on=today, amount=drawdown.amount),
        actor=actor,
        payer=Payer(reference=human_number(NumberKind.DRAWDOWN, drawdown.id)),
        today=today,
        cash=Account.DISBURSEMENT_CLEARING,
    )


async def refuse_renewed(repayment_id: int) -> None:
    """Refuse to reverse the repayment that settled a loan by its renewal: both stand or fall
    together."""
    found = await rows("SELECT loan_id FROM disbursement WHERE repayment_id = %s", [repayment_id])
    if not found:
        return
    number = human_number(NumberKind.LOAN, found[0]["loan_id"])
    raise Refused(
        [
            Problem(
                ErrorCode.NOT_PERMITTED,
                ("repaymentId",),
                f"Loan {number} settled this loan as its renewal: that cannot be reversed alone. "
                f"What is wrong is put right on {number}.",
                f"本借据由续贷借据 {number} 结清，不能单独冲销；如有差错，请在 {number} 上更正。",
            )
        ]
    )


def _renewal(contract: LoanContract, amount: int) -> Renewal:
    return Renewal(
        borrower_id=contract.borrower_id,
        facility_id=contract.facility_id,
        contract_id=contract.id,
        currency=contract.currency,
        amount=amount,
        signed_on=contract.signed_on,
    )


def _as_it_stands(row: LoanRow, state: LoanRow | LoanAccount) -> OldLoan:
    return OldLoan(
        borrower_id=row.borrower_id,
        facility_id=row.facility_id,
        contract_id=row.contract_id,
        currency=row.currency,
        state=state.state,
        book_status=state.book_status,
        principal=state.principal_outstanding,
        maturity_date=state.maturity_date,
        next_due_date=state.next_due_date,
        misused=share_misused(row.misuse) > 0,
    )
