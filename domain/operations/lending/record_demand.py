"""Recording that a borrower was asked to pay, or acknowledged the debt: limitation runs anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from domain.actor import Actor
from domain.models.lending.loan_history_events import DEMAND
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import note_event
from domain.operations.perform import Done, Result, Step, perform
from domain.rules.form import Form
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.states import require_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A demand for payment (催收函) or an acknowledgement, and the document that proves it."""

    loan_id: int
    on: dt.date
    document: str


async def record_demand(*, actor: Actor, key: str, demand: Demand) -> Done:
    """Note in the loan's history that it was demanded on a day. Result: `loan`, `event`. Raises
    :class:`~domain.rules.refusal.Refused`."""

    async def work(step: Step) -> Result:
        today, loan = await open_loan(actor, demand.loan_id)
        require_state(LOAN, loan.account.state, LoanState.ACTIVE, LoanState.WRITTEN_OFF)
        form = Form()
        on = form.date("on", demand.on, earliest=loan.row.start_date, latest=today)
        document = form.text("document", demand.document, longest=200)
        form.refuse()
        event_id = await note_event(
            step,
            loan,
            kind=DEMAND,
            data={},
            value_date=on,
            today=today,
            reason=document,
            after={"demandedOn": on, "document": document},
            outbox="loan.demanded",
        )
        return {"loan": loan.row.id, "event": event_id}

    return await perform(
        actor=actor, action="recordDemand", key=key, arguments=asdict(demand), work=work
    )
