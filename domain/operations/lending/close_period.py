"""Close an accounting period (结账): from then on nothing is posted into its month.

Income and expense accounts run on, they are not emptied at a close: a period's profit is its
movement in the trial balance, and the year's transfer to equity is a manual journal.
"""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.ledger import AccountingPeriod
from domain.models.records import BusinessDate
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.periods_closed import closed_through
from domain.rules.lending.periods_of_books import close_problems, last_day_of, month_of
from domain.rules.lending.states import LoanState
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Problem, refuse_if


async def close_period(*, actor: Actor, key: str, month: dt.date) -> Done:
    """Close the calendar month that begins on `month`, in order, once every loan has accrued all of
    it. Result: `period`. Raises :class:`~domain.rules.refusal.Refused`."""

    async def work(step: Step) -> Result:
        # Alone: money events hold the business date for reading.
        today = (await BusinessDate.filter(id=1).select_for_update().get()).current
        refuse_if(
            close_problems(
                month,
                business_date=today,
                closed_through=await closed_through(),
                first_month=await _first_month(today),
            )
        )
        refuse_if(await _loans_behind(last_day_of(month)))
        period = await AccountingPeriod.create(month=month, closed_on=today, closed_by_id=actor.id)
        step.changed(
            "AccountingPeriod",
            period.id,
            before={"state": "OPEN"},
            after={"state": "CLOSED", "month": month},
            event="accounting_period.closed",
        )
        return {"period": period.id}

    return await perform(
        actor=actor,
        action="closeAccountingPeriod",
        key=key,
        arguments={"month": month},
        work=work,
    )


async def _first_month(today: dt.date) -> dt.date:
    found = await rows("SELECT MIN(posting_date) AS first FROM ledger_entry")
    first = found[0]["first"]
    if isinstance(first, str):  # SQLite knows no type of a function's result
        first = dt.date.fromisoformat(first)
    return month_of(first or today)


async def _loans_behind(last_day: dt.date) -> list[Problem]:
    """A loan that has not accrued the month yet would still post into it."""
    found = await rows(
        "SELECT id FROM loan WHERE state IN (%s, %s) AND accrued_through <= %s ORDER BY id LIMIT 1",
        [LoanState.ACTIVE, LoanState.WRITTEN_OFF, last_day],
    )
    if not found:
        return []
    number = human_number(NumberKind.LOAN, found[0]["id"])
    return [
        Problem(
            ErrorCode.ILLEGAL_STATE,
            ("month",),
            f"Loan {number} has not accrued {last_day} yet. Close the business day first, and mend "
            "what was set aside.",
            f"借据 {number} 尚未计提至 {last_day}，请先完成日终并处理搁置的借据。",
        )
    ]
