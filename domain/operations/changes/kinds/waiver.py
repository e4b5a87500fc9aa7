"""减免: part of a claim is given up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.changes.kinds.loan_case import about, loan_of, read_amount
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import do_event
from domain.operations.perform import Result, Step
from domain.rules.form import Form
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.servicing.events import Waiver
from domain.rules.lending.servicing.waive import WAIVABLE
from domain.rules.money import to_minor
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class WaivedClaim:
    """How much of which bucket is waived; `amount` in major units."""

    loan_id: int
    bucket: Bucket
    amount: Decimal
    currency: str
    reason: str


async def _validate(actor: Actor, asked: WaivedClaim) -> Proposal[WaivedClaim]:
    loan = await loan_of(actor, asked.loan_id)
    form = Form()
    read_amount(form, loan, asked.amount, asked.currency)
    reason = form.text("reason", asked.reason, longest=500)
    if asked.bucket not in WAIVABLE:
        form.add(
            ErrorCode.INVALID_VALUE,
            "bucket",
            "Principal cannot be waived: write the loan off instead.",
            "本金不得减免，请走核销流程。",
        )
    form.refuse()
    return about(
        loan,
        replace(asked, reason=reason),
        en=f"waive {asked.amount} {asked.currency} of {asked.bucket}. {reason}",
        zh=f"减免 {asked.bucket} {asked.amount} {asked.currency}。{reason}",
    )


async def _apply(step: Step, actor: Actor, asked: WaivedClaim) -> Result:
    today, loan = await open_loan(actor, asked.loan_id)
    event = Waiver(
        sequence=loan.next_sequence(),
        on=today,
        bucket=asked.bucket,
        amount=to_minor(asked.amount, asked.currency),
    )
    event_id = await do_event(
        step, loan, event, actor=actor, today=today, reason=asked.reason, outbox="loan.waived"
    )
    return {"loan": loan.row.id, "loan_history_event": event_id}


WAIVER = Kind(
    name="WAIVER",
    en="Part of a claim is waived.",
    zh="息费减免",
    payload=WaivedClaim,
    propose=frozenset({Role.RELATIONSHIP_MANAGER, Role.RISK_OFFICER}),
    approve=frozenset({Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
