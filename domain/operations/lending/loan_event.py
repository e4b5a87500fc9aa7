"""Doing an event to a loan that is no payment, inside a running transaction, and reversing one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import orjson

from domain.actor import Actor
from domain.db import execute, insert, rows
from domain.models.lending.loan_history_events import REVERSAL, stored_event
from domain.operations.clock import now
from domain.operations.lending.account import OpenLoan, save
from domain.operations.lending.allocations import CREDIT_APPLIED, write_taken
from domain.operations.lending.release_incoming import release_incoming
from domain.operations.lending.renew_loan import refuse_renewed
from domain.operations.lending.replay_loan import replay_loan
from domain.operations.perform import Step
from domain.rules.lending.postings import Event as LedgerEvent
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if

_LEDGER_EVENTS = {
    e.Refund: LedgerEvent.REFUND,
    e.Levy: LedgerEvent.CHARGE,
    e.Waiver: LedgerEvent.WAIVER,
    e.WriteOff: LedgerEvent.WRITE_OFF,
}


async def do_event(
    step: Step,
    loan: OpenLoan,
    event: e.Event,
    *,
    actor: Actor,
    today: dt.date,
    reason: str,
    outbox: str,
) -> int:
    """Do `event` today to a loan that :func:`open_loan` opened; return the id of its row.

    Raises :class:`~domain.rules.refusal.Refused`.
    """
    before = loan.state()
    if isinstance(event, e.Restructuring):
        loan.account.settled_to = await _settled_to(loan.row.id)
    refuse_if(problems_with(loan.account, event, currency=loan.row.currency))
    kind, amount, data = stored_event(event)
    event_id = await record_event(
        loan,
        event.sequence,
        kind=kind,
        amount=amount,
        data=data,
        actor=actor,
        value_date=today,
        today=today,
        reason=reason,
    )
    journal = f"event:{event_id}"
    if event.reaches_back_to < today:
        await replay_loan(
            loan,
            journal=journal,
            superseded_by=event.sequence,
            today=today,
            value_date=event.reaches_back_to,
            asked=event.sequence,
        )
    else:
        apply(loan.account, event)
        loan.book(
            _LEDGER_EVENTS.get(type(event), LedgerEvent.TERMS),
            journal=journal,
            value_date=today,
            posting_date=today,
        )
        await write_taken(loan, {}, today=today)
    await save(loan, schedule_event=event.sequence)
    step.changed(
        "Loan",
        loan.row.id,
        before=before,
        after={**loan.state(), "event": event_id, "kind": kind, **data},
        event=outbox,
    )
    return event_id


async def reverse_repayment(
    step: Step,
    loan: OpenLoan,
    repayment_id: int,
    *,
    actor: Actor,
    today: dt.date,
    reason: str,
) -> int:
    """Take a payment out of the loan's history (冲销), and post the difference today; return the id
    of the reversal. Raises :class:`~domain.rules.refusal.Refused`."""
    found = await rows(
        "SELECT kind, sequence, amount, value_date, reversed_by FROM repayment "
        "WHERE id = %s AND loan_id = %s",
        [repayment_id, loan.row.id],
    )
    refuse_irreversible(found)
    await refuse_renewed(repayment_id)
    (repayment,) = found
    before = loan.state()
    sequence = loan.next_sequence()
    event_id = await record_event(
        loan,
        sequence,
        kind=REVERSAL,
        amount=repayment["amount"],
        data={"repayment": repayment_id},
        actor=actor,
        value_date=repayment["value_date"],
        today=today,
        reason=reason,
    )
    await execute("UPDATE repayment SET reversed_by = %s WHERE id = %s", [sequence, repayment_id])
    await replay_loan(
        loan,
        journal=f"reversal:{event_id}",
        superseded_by=sequence,
        today=today,
        value_date=repayment["value_date"],
    )
    await save(loan, schedule_event=sequence)
    await release_incoming(step, repayment_id, today=today)
    step.changed(
        "Loan",
        loan.row.id,
        before=before,
        after={**loan.state(), "reversed": repayment_id, "reason": reason},
        event="loan.repayment_reversed",
    )
    return event_id


async def _settled_to(loan_id: int) -> int:
    """The highest number of a loan's settled instalments, which are not in its account."""
    (found,) = await rows(
        "SELECT MAX(number) AS number FROM installment WHERE loan_id = %s "
        "AND settled_on IS NOT NULL",
        [loan_id],
    )
    return found["number"] or 0


def refuse_irreversible(found: Sequence[Mapping[str, object]]) -> None:
    """Refuse a repayment (the row found for an id, or none) that cannot be reversed."""
    if not found:
        code, en, zh = ErrorCode.NOT_FOUND, "There is no such repayment.", "该还款不存在。"
    elif found[0]["reversed_by"] is not None:
        code = ErrorCode.ILLEGAL_STATE
        en, zh = "This repayment has been reversed already.", "该笔还款已冲销。"
    elif found[0]["kind"] == CREDIT_APPLIED:
        code = ErrorCode.ILLEGAL_STATE
        en = "This is a use of a credit balance: reverse the payment that brought the money."
        zh = "该记录为溢缴款抵扣，请冲销带来该款项的还款。"
    else:
        return
    raise Refused([Problem(code, ("repaymentId",), en, zh)])


async def note_event(
    step: Step,
    loan: OpenLoan,
    *,
    kind: str,
    data: dict[str, object],
    value_date: dt.date,
    today: dt.date,
    reason: str,
    after: Mapping[str, object],
    outbox: str,
) -> int:
    """Put something into the history of a loan that :func:`open_loan` opened which leaves its money
    alone; return the id of its row. `after` is what the audit trail and the outbox say of it."""
    sequence = loan.next_sequence()
    event_id = await record_event(
        loan,
        sequence,
        kind=kind,
        amount=0,
        data=data,
        actor=step.actor,
        value_date=value_date,
        today=today,
        reason=reason,
    )
    await write_taken(loan, {}, today=today)  # of the days that passed when it was opened
    await save(loan, schedule_event=sequence)
    step.changed("Loan", loan.row.id, after=after, event=outbox)
    return event_id


async def record_event(
    loan: OpenLoan,
    sequence: int,
    *,
    kind: str,
    amount: int,
    data: dict[str, object],
    actor: Actor,
    value_date: dt.date,
    today: dt.date,
    reason: str,
) -> int:
    """Write a row of the loan's history and return its id."""
    return await insert(
        "loan_event",
        {
            "loan_id": loan.row.id,
            "sequence": sequence,
            "kind": kind,
            "value_date": value_date,
            "posting_date": today,
            "currency": loan.row.currency,
            "amount": amount,
            "data": orjson.dumps(data).decode(),
            "reason": reason,
            "recorded_by_kind": actor.kind,
            "recorded_by_id": actor.id,
            "created_at": now(),
        },
    )
