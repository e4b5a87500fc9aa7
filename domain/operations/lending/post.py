"""Writing a money event to the books, in the transaction of what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from domain.db import execute_many
from domain.models.lending.loan import Loan
from domain.models.lending.loan_rows import LoanRow
from domain.operations.clock import now
from domain.rules.lending.postings import Entry, Event

_INSERT = (
    "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
    "borrower_id, branch_id, value_date, posting_date, created_at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One event's entries. `journal` names the event once and for all: a second posting of the same
    journal is refused by the database's unique key, so nothing posts twice."""

    journal: str
    event: Event
    loan: Loan | LoanRow
    entries: Sequence[Entry]
    value_date: dt.date
    posting_date: dt.date


async def post(postings: Sequence[Posting]) -> None:
    """Append the entries of every posting."""
    at = now()
    values = [
        (
            posting.journal,
            posting.event,
            entry.account,
            posting.loan.currency,
            entry.amount,
            posting.loan.id,
            posting.loan.borrower_id,
            posting.loan.branch_id,
            posting.value_date,
            posting.posting_date,
            at,
        )
        for posting in postings
        for entry in posting.entries
    ]
    if values:
        await execute_many(_INSERT, values)
