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


async def verify_close(day: dt.date) -> list[Fault]:
    """Return what is wrong with the books of `day`, each by name, up to 20 of a kind.

    Every living loan has its end behind it or was set aside, and the books prove right as
    :func:`verify_books` says. `day` takes no more entries: later payments post on the next one.
    """
    behind = await rows(
        "SELECT l.id, l.accrued_through FROM loan l WHERE l.state IN (%s, %s) "
        "AND l.accrued_through <= %s AND NOT EXISTS (SELECT 1 FROM loan_set_aside a "
        f"WHERE a.loan_id = l.id AND a.resolved_at IS NULL) LIMIT {NAMED_MAX}",
        [*LIVING_LOANS, day],
    )
    proof = await _proof(day)
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
        *proof.faults[:NAMED_MAX],
    ]


async def _proof(day: dt.date) -> BooksProof:
    """The proof of all ranges, a few side by side, in their order; then that of the totals."""
    turn = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def prove(loans: range) -> BooksProof:
        async with turn:
            return await verify_books(day=day, loans=loans)

    proof = BooksProof()
    proven = [prove(loans) for loans in await shards()]
    for part in await asyncio.gather(*proven, return_exceptions=True):  # none goes on by itself
        if isinstance(part, BaseException):
            raise part
        proof.add(part)
    proof.add(await verify_totals(day=day))
    return proof
