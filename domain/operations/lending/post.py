"""Writing a money event to the books, in the transaction of what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.db import execute_many
from domain.operations.clock import now
from domain.queries.lending.periods_closed import closed_through
from domain.rules.lending.periods_of_books import closed_period_problems
from domain.rules.lending.postings import Entry, Event
from domain.rules.refusal import refuse_if

_INSERT = (
    "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
    "borrower_id, branch_id, value_date, posting_date, created_at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


class PostedLoan(Protocol):
    """What an entry says of its loan."""

    @property
    def id(self) -> int: ...
    @property
    def borrower_id(self) -> int: ...
    @property
    def branch_id(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One event's entries, which sum to zero. `journal` names the event once and for all: a second
    posting of the same journal is refused by the database's unique key, so nothing posts twice.

    `loan` is None for what is about no loan: money nobody could match, a manual journal.
    """

    journal: str
    event: Event
    currency: str
    entries: Sequence[Entry]
    loan: PostedLoan | None
    value_date: dt.date
    posting_date: dt.date


async def post(postings: Sequence[Posting]) -> None:
    """Append the entries of every posting. Raises ValueError for one that does not balance, and
    :class:`~domain.rules.refusal.Refused` for a day of a closed period."""
    if not postings:
        return
    days = {posting.posting_date for posting in postings}
    refuse_if(closed_period_problems(days, closed_through=await closed_through()))
    at = now()
    values = []
    for posting in postings:
        if sum(entry.amount for entry in posting.entries) != 0:
            raise ValueError(f"journal {posting.journal} does not balance: {posting.entries}")
        loan = posting.loan
        whose = (loan.id, loan.borrower_id, loan.branch_id) if loan else (None, None, None)
        values += [
            (
                posting.journal,
                posting.event,
                entry.account,
                posting.currency,
                entry.amount,
                *whose,
                posting.value_date,
                posting.posting_date,
                at,
            )
            for entry in posting.entries
        ]
    await execute_many(_INSERT, values)
