"""Recording money received for a loan: the repayment, its allocation, its posting, the limit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor
from domain.db import execute, execute_many, insert
from domain.models.lending.loan_rows import RevolvingFacility
from domain.operations.clock import now
from domain.operations.lending.account import LoanAccount
from domain.operations.lending.post import Posting, post
from domain.operations.perform import Step
from domain.rules.lending import postings
from domain.rules.lending.allocation import AllocatedItem
from domain.rules.lending.states import FacilityState, LoanState

_INSERT_ALLOCATION = (
    "INSERT INTO repayment_allocation (repayment_id, loan_id, installment_number, bucket, "
    "currency, amount, value_date) VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money for a loan, minor units: `amount` came in (0 when only credit is used), `credit_used`
    was lying there, and `credit_kept` is what nothing was owed for."""

    kind: str
    amount: int
    items: tuple[AllocatedItem, ...]
    credit_used: int = 0
    credit_kept: int = 0
    payer_name: str = ""
    external_reference: str = ""


async def receive(
    step: Step,
    account: LoanAccount,
    receipt: Receipt,
    *,
    actor: Actor,
    facility: RevolvingFacility | None,
    today: dt.date,
) -> int:
    """Write everything a receipt changes, for a loan (and its revolving facility) under lock.

    Returns the id of the repayment.
    """
    loan = account.loan
    before = _state_of(account)
    repayment_id = await insert(
        "repayment",
        {
            "loan_id": loan.id,
            "kind": receipt.kind,
            "currency": loan.currency,
            "amount": receipt.amount,
            "to_credit": receipt.credit_kept,
            "value_date": today,
            "payer_name": receipt.payer_name,
            "external_reference": receipt.external_reference,
            "received_by_kind": actor.kind,
            "received_by_id": actor.id,
            "created_at": now(),
        },
    )
    if receipt.items:
        await execute_many(
            _INSERT_ALLOCATION,
            [
                (repayment_id, loan.id, i.installment, i.bucket, loan.currency, i.amount, today)
                for i in receipt.items
            ],
        )
    parts = account.settle(receipt.items, today=today)
    loan.credit_balance += receipt.credit_kept - receipt.credit_used
    await account.save()
    await post(
        [
            Posting(
                journal=f"repayment:{repayment_id}",
                event=postings.Event.REPAYMENT if receipt.amount else postings.Event.CREDIT_APPLIED,
                loan=loan,
                entries=postings.repaid(
                    parts, credit_kept=receipt.credit_kept, credit_used=receipt.credit_used
                ),
                value_date=today,
                posting_date=today,
            )
        ]
    )
    # A repayment frees the limit only of a revolving facility that is ACTIVE (docs/domain.md §2).
    if facility is not None and facility.state == FacilityState.ACTIVE and parts.principal:
        await execute(
            "UPDATE credit_facility SET used = used - %s WHERE id = %s",
            [parts.principal, facility.id],
        )
    paid_off = loan.state == LoanState.PAID_OFF
    step.changed(
        "Loan",
        loan.id,
        before=before,
        after={**_state_of(account), "repayment": repayment_id, "amount": receipt.amount},
        event="loan.paid_off" if paid_off else "loan.repaid",
    )
    return repayment_id


def _state_of(account: LoanAccount) -> dict[str, object]:
    loan = account.loan
    return {
        "state": loan.state,
        "principalOutstanding": loan.principal_outstanding,
        "interestReceivable": loan.interest_receivable,
        "creditBalance": loan.credit_balance,
    }
