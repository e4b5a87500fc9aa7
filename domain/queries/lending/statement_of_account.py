"""A loan's statement of account for a period, for whoever may see the loan."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass

from domain.actor import Actor
from domain.queries.business_date import business_date
from domain.queries.lending.loan_rows import see_loan
from domain.queries.lending.loan_statement import (
    CHUNK,
    Line,
    Place,
    Standing,
    standing_at,
    statement_lines,
)
from domain.rules.form import Form
from domain.rules.refusal import ErrorCode, Refused

_ONE_DAY = dt.timedelta(days=1)
_ENTRIES_A_LINE = 40
"""How many entries a line of a page may well be made of: a month of accruals."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Whose statement, over which posting dates (both inclusive), with accruals by day or month."""

    loan_id: int
    currency: str
    start: dt.date
    end: dt.date
    daily: bool

    async def opening(self) -> Standing:
        """What was owed before the first day."""
        return await standing_at(self.loan_id, before=self.start)

    async def closing(self) -> Standing:
        """What was owed at the end of the last day."""
        return await standing_at(self.loan_id, before=self.end + _ONE_DAY)

    async def lines(self, *, after: Place | None = None, chunk: int = CHUNK) -> AsyncIterator[Line]:
        """Yield the lines, all of them or those after a place."""
        place = after or Place(0, 0, await self.opening())
        async for line in statement_lines(
            self.loan_id,
            start=self.start,
            end=self.end,
            after=place,
            daily=self.daily,
            chunk=chunk,
        ):
            yield line

    async def page(self, *, after: Place | None, limit: int) -> list[Line]:
        """Return up to `limit` lines after a place."""
        found: list[Line] = []
        async for line in self.lines(after=after, chunk=limit * _ENTRIES_A_LINE):
            found.append(line)
            if len(found) == limit:
                break
        return found


async def statement_of(
    actor: Actor,
    loan_id: int,
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    daily: bool = False,
) -> Statement | None:
    """Return the statement of a loan from its disbursement to the business date, or from `start` to
    `end`; None when the actor may see no such loan. Raises
    :class:`~domain.rules.refusal.Refused` for a period that ends before it begins."""
    try:
        loan = await see_loan(actor, loan_id)
    except Refused:
        return None
    first, last = start or loan.start_date, end or await business_date()
    form = Form()
    if last < first:
        form.add(
            ErrorCode.DATE_OUT_OF_RANGE,
            "to",
            f"The period would end on {last}, before it begins on {first}.",
            f"截止日 {last} 早于起始日 {first}。",
        )
    form.refuse()
    return Statement(loan.id, loan.currency, first, last, daily)
