"""核销 (账销案存): a loan goes out of the books, and the claim stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.actor import Actor
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.changes.kinds.loan_case import about, loan_of
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import do_event
from domain.operations.perform import Result, Step
from domain.rules.form import Form
from domain.rules.lending.servicing.events import WriteOff
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.money import format_minor
from domain.rules.roles import Role
from domain.rules.states import require_state


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanWriteOff:
    """The loan and why."""

    loan_id: int
    reason: str


async def _validate(actor: Actor, asked: LoanWriteOff) -> Proposal[LoanWriteOff]:
    loan = await loan_of(actor, asked.loan_id)
    require_state(LOAN, LoanState(loan.state), LoanState.ACTIVE)
    form = Form()
    reason = form.text("reason", asked.reason, longest=500)
    form.refuse()
    owed = f"{format_minor(loan.principal_outstanding, loan.currency)} {loan.currency}"
    return about(
        loan,
        replace(asked, reason=reason),
        en=f"write off {owed} of principal. {reason}",
        zh=f"核销本金 {owed}。{reason}",
    )


async def _apply(step: Step, actor: Actor, asked: LoanWriteOff) -> Result:
    today, loan = await open_loan(actor, asked.loan_id)
    event = WriteOff(sequence=loan.next_sequence(), on=today)
    event_id = await do_event(
        step, loan, event, actor=actor, today=today, reason=asked.reason, outbox="loan.written_off"
    )
    return {"loan": loan.row.id, "loan_history_event": event_id}


WRITE_OFF = Kind(
    name="WRITE_OFF",
    en="A loan is written off; the claim stays.",
    zh="贷款核销",
    payload=LoanWriteOff,
    propose=frozenset({Role.RISK_OFFICER}),
    approve=frozenset({Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
