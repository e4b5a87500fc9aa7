"""Announcing that a loan will be repaid ahead of time, in part or in full."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from domain.actor import Actor
from domain.models.lending.loan_history_events import PREPAYMENT_NOTICE
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import note_event
from domain.operations.lending.owner_side import refuse_officer
from domain.operations.perform import Done, Result, Step, perform
from domain.rules.form import Form
from domain.rules.lending.prepayment_notice import AHEAD_DAYS_MAX, earliest_day
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.roles import Role
from domain.rules.states import require_state


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaymentNotice:
    """The day on which the borrower means to repay, and what was said with it."""

    loan_id: int
    planned_on: dt.date
    note: str = ""


async def announce_prepayment(*, actor: Actor, key: str, notice: PrepaymentNotice) -> Done:
    """Put a notice into the loan's history; an approver's is the lender's consent to any day.

    Result: `loan`, `event`. Raises :class:`~domain.rules.refusal.Refused`.
    """

    async def work(step: Step) -> Result:
        today, loan = await open_loan(actor, notice.loan_id)
        require_state(LOAN, loan.account.state, LoanState.ACTIVE)
        if consented := actor.has(Role.APPROVER):
            await refuse_officer(actor, loan.row.id)
        form = Form()
        planned = form.date(
            "plannedOn",
            notice.planned_on,
            earliest=earliest_day(
                today=today,
                notice_days=loan.row.prepayment_notice_days,
                consented=consented,
            ),
            latest=today + dt.timedelta(days=AHEAD_DAYS_MAX),
        )
        note = form.text("note", notice.note, longest=500, needed=False)
        form.refuse()
        event_id = await note_event(
            step,
            loan,
            kind=PREPAYMENT_NOTICE,
            data={"planned_on": planned.isoformat()},
            value_date=today,
            today=today,
            reason=note,
            after={"plannedOn": planned, "note": note},
            outbox="loan.prepayment_announced",
        )
        return {"loan": loan.row.id, "event": event_id}

    return await perform(
        actor=actor, action="announcePrepayment", key=key, arguments=asdict(notice), work=work
    )
