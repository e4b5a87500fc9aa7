"""Journals of money that belongs to no loan: suspense, and what lies between us and the bank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from domain.db import execute_many
from domain.operations.clock import now
from domain.rules.lending.postings import Account, Event

_INSERT = (
    "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
    "borrower_id, branch_id, value_date, posting_date, created_at) "
    "VALUES (%s, %s, %s, %s, %s, NULL, NULL, NULL, %s, %s, %s)"
)


async def move_cash(
    *,
    journal: str,
    event: Event,
    currency: str,
    amounts: Mapping[Account, int],
    value_date: dt.date,
    today: dt.date,
) -> None:
    """Append the entries of a journal that moves money between accounts of no loan.

    `amounts` are signed minor units, debit positive, and come to zero. The journal's name is unique
    with each account, so nothing is posted twice.
    """
    if sum(amounts.values()) != 0:
        raise ValueError(f"entries do not balance: {amounts}")
    at = now()
    await execute_many(
        _INSERT,
        [
            (journal, event, account, currency, amount, value_date, today, at)
            for account, amount in amounts.items()
        ],
    )
