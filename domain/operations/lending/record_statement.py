"""Record a borrower's financial statement of one year; a correction is a new version of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal

from domain.actor import Actor
from domain.models.lending.borrower import Borrower, FinancialStatement
from domain.operations.lending.owner_side import refuse_other_side
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import business_date
from domain.queries.lending.find import find_borrower
from domain.rules.form import Form
from domain.rules.lending.financial_statement import (
    StatementAmounts,
    check_period,
    read_amounts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementForm:
    """What the form gives; `amounts` in major units of `currency`, both days inclusive."""

    borrower_id: int
    period_start: dt.date
    period_end: dt.date
    currency: str
    amounts: StatementAmounts[Decimal]


async def record_statement(*, actor: Actor, key: str, statement: StatementForm) -> Done:
    """Record the statement as the borrower's user or its relationship manager.

    A second one of the same last day becomes its next version; the earlier stays as it was, since
    decisions rest on it. Result: `statement`. Raises :class:`Refused` with every mistake.
    """

    async def work(step: Step) -> Result:
        refuse_other_side(actor)
        today = await business_date()
        borrower = await find_borrower(actor, statement.borrower_id)
        form = Form()
        currency = form.currency("currency", statement.currency)
        check_period(form, start=statement.period_start, end=statement.period_end, today=today)
        amounts = read_amounts(form, statement.amounts, currency)
        form.refuse()
        if amounts is None:
            raise ValueError("amounts that cannot be read have a problem")
        row = await _append(actor, borrower, statement, amounts)
        step.changed(
            "FinancialStatement",
            row.id,
            after={
                "borrower": borrower.id,
                "periodStart": row.period_start,
                "periodEnd": row.period_end,
                "version": row.version,
                "currency": currency,
                **asdict(amounts),
            },
            event="statement.recorded",
        )
        return {"statement": row.id}

    return await perform(
        actor=actor,
        action="recordFinancialStatement",
        key=key,
        arguments=asdict(statement),
        work=work,
    )


async def _append(
    actor: Actor, borrower: Borrower, statement: StatementForm, amounts: StatementAmounts[int]
) -> FinancialStatement:
    """Create the next version; two at once are ordered by the borrower's row."""
    await Borrower.filter(id=borrower.id).select_for_update().get()
    newest = (
        await FinancialStatement.filter(borrower_id=borrower.id, period_end=statement.period_end)
        .order_by("-version")
        .first()
    )
    return await FinancialStatement.create(
        borrower_id=borrower.id,
        version=newest.version + 1 if newest else 1,
        period_start=statement.period_start,
        period_end=statement.period_end,
        currency=statement.currency,
        recorded_by_kind=actor.kind,
        recorded_by_id=actor.id,
        **asdict(amounts),
    )
