"""Taking money for a loan inside a running transaction: the one way every payment is recorded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from domain.actor import Actor
from domain.db import insert
from domain.models.lending.loan_history_events import payment_kind
from domain.operations.clock import now
from domain.operations.lending.account import OpenLoan, save
from domain.operations.lending.allocations import write_taken
from domain.operations.lending.replay_loan import replay_loan
from domain.operations.perform import Step
from domain.rules.lending.postings import Account
from domain.rules.lending.postings import Event as LedgerEvent
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.events import Payment, Payoff, Prepayment
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.lending.states import LoanState
from domain.rules.refusal import refuse_if


class PayerRole(StrEnum):
    """Who a payment came from."""

    BORROWER = "BORROWER"
    GUARANTOR = "GUARANTOR"
    COLLATERAL_SALE = "COLLATERAL_SALE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose money it is, and how it names the payment; both texts may be empty."""

    role: PayerRole = PayerRole.BORROWER
    name: str = ""
    reference: str = ""


async def take_payment(
    step: Step,
    loan: OpenLoan,
    event: Payment | Prepayment | Payoff,
    *,
    actor: Actor,
    payer: Payer,
    today: dt.date,
    cash: Account = Account.BANK,
) -> int:
    """Record a payment for a loan that :func:`open_loan` opened; return the repayment's id.

    `event.on` before `today` replays the loan from that day and posts the difference today. The
    money is debited to `cash`. Raises :class:`~domain.rules.refusal.Refused`.
    """
    before = loan.state()
    if event.on < today:
        repayment_id = await _record(loan, event, actor, payer, today, to_credit=0)
        await replay_loan(
            loan,
            journal=f"repayment:{repayment_id}",
            superseded_by=event.sequence,
            today=today,
            value_date=event.on,
            cash=cash,
            asked=event.sequence,
        )
    else:
        refuse_if(problems_with(loan.account, event, currency=loan.row.currency))
        apply(loan.account, event)
        settled = sum(t.amount for t in loan.account.taken if t.sequence == event.sequence)
        repayment_id = await _record(
            loan, event, actor, payer, today, to_credit=max(event.amount - settled, 0)
        )
        loan.book(
            LedgerEvent.REPAYMENT,
            journal=f"repayment:{repayment_id}",
            value_date=today,
            posting_date=today,
            cash=cash,
        )
        await write_taken(loan, {event.sequence: repayment_id}, today=today)
    await save(loan, schedule_event=event.sequence)
    step.changed(
        "Loan",
        loan.row.id,
        before=before,
        after={**loan.state(), "repayment": repayment_id, "amount": event.amount},
        event=paid_event(loan.account.state),
    )
    return repayment_id


def paid_event(state: LoanState) -> str:
    """The outbox event of money that settled something on a loan, by the state it left it in."""
    return "loan.paid_off" if state is LoanState.PAID_OFF else "loan.repaid"


async def _record(
    loan: OpenLoan,
    event: Payment | Prepayment | Payoff,
    actor: Actor,
    payer: Payer,
    today: dt.date,
    *,
    to_credit: int,
) -> int:
    return await insert(
        "repayment",
        {
            "loan_id": loan.row.id,
            "kind": payment_kind(event),
            "currency": loan.row.currency,
            "amount": event.amount,
            "to_credit": to_credit,
            "value_date": event.on,
            "posting_date": today,
            "sequence": event.sequence,
            "keep": event.keep if isinstance(event, Prepayment) else "",
            "payer_role": payer.role,
            "payer_name": payer.name,
            "external_reference": payer.reference,
            "received_by_kind": actor.kind,
            "received_by_id": actor.id,
            "created_at": now(),
        },
    )
