"""Whether the books of a closing day prove right: what closes a day, or keeps it from closing."""

from __future__ import annotations

import asyncio
import datetime as dt

from domain.db import rows
from domain.operations.lending.verify_books import (
    BooksProof,
    shards,
    verify_books,
    verify_totals,
)
from domain.rules.lending.proof import Check, Fault
from domain.rules.lending.states import LIVING_LOANS

NAMED_MAX = 20
_SIDE_BY_SIDE = 2
"""Ranges of loans proved at once: the database works on each in a thread of its own, while the
other connections of the pool are left to those who pay."""


class ProofOfDay:
    """The proof of a closing day's books, range by range of its loans, begun while it closes.

    A range whose loans all have the day behind them takes no more entries of it: later payments
    post on the next one. So it can be proved while others still close, and the database is kept
    busy where a worker computes. What was proved is known to this process alone; another that goes
    on with the close proves anew.
    """

    def __init__(self, day: dt.date) -> None:
        self._day = day
        self._proven = BooksProof()
        self._next = 0
        self._going: asyncio.Task[None] | None = None

    async def go_on(self, closed_before: int) -> None:
        """Prove beside the close what ends before the loan `closed_before`, one range after the
        other; returns at once. Raises what a proof begun earlier raised."""
        if self._going is not None:
            if not self._going.done():
                return
            await self._going
        ready = [loans for loans in await self._left() if loans.stop <= closed_before]
        self._going = asyncio.create_task(self._prove(ready, side_by_side=1)) if ready else None

    async def end(self) -> BooksProof:
        """Prove what is left of the loans, a few ranges side by side, then the totals."""
        if self._going is not None:
            await self._going
        await self._prove(await self._left(), side_by_side=_SIDE_BY_SIDE)
        self._proven.add(await verify_totals(day=self._day))
        return self._proven

    async def stop(self) -> None:
        """Let go of a proof that is under way."""
        if self._going is not None:
            self._going.cancel()
            await asyncio.gather(self._going, return_exceptions=True)

    async def _left(self) -> list[range]:
        return [loans for loans in await shards() if loans.start >= self._next]

    async def _prove(self, ranges: list[range], *, side_by_side: int) -> None:
        turn = asyncio.Semaphore(side_by_side)

        async def prove(loans: range) -> BooksProof:
            async with turn:
                return await verify_books(day=self._day, loans=loans)

        proven = [prove(loans) for loans in ranges]
        # None goes on by itself where another fails.
        parts = await asyncio.gather(*proven, return_exceptions=True)
        for loans, part in zip(ranges, parts, strict=True):
            if isinstance(part, BaseException):
                raise part
            self._proven.add(part)
            self._next = loans.stop


async def verify_close(day: dt.date, proof: ProofOfDay) -> list[Fault]:
    """Return what is wrong with the books of `day`, each by name, up to 20 of a kind.

    Every living loan has its end behind it or was set aside, and the books prove right as
    :func:`verify_books` says; `proof` may have begun with that.
    """
    behind = await rows(
        "SELECT l.id, l.accrued_through FROM loan l WHERE l.state IN (%s, %s) "
        "AND l.accrued_through <= %s AND NOT EXISTS (SELECT 1 FROM loan_set_aside a "
        f"WHERE a.loan_id = l.id AND a.resolved_at IS NULL) LIMIT {NAMED_MAX}",
        [*LIVING_LOANS, day],
    )
    proven = await proof.end()
    return [
        *(
            Fault(
                check=Check.ACCRUED,
                noun="Loan",
                row=str(row["id"]),
                en="the day up to which it was accrued",
                zh="计提截止日",
                expected=str(day + dt.timedelta(days=1)),
                found=str(row["accrued_through"]),
            )
            for row in behind
        ),
        *proven.faults[:NAMED_MAX],
    ]
