"""Journals of money that belongs to no loan: suspense, and what lies between us and the bank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from domain.operations.lending.post import Posting, post
from domain.rules.lending.postings import Account, Entry, Event


async def move_cash(
    *,
    journal: str,
    event: Event,
    currency: str,
    amounts: Mapping[Account, int],
    value_date: dt.date,
    today: dt.date,
) -> None:
    """Post a journal that moves money between accounts of no loan; `amounts` are signed minor
    units, debit positive, and come to zero."""
    await post(
        [
            Posting(
                journal=journal,
                event=event,
                currency=currency,
                entries=[Entry(account, amount) for account, amount in amounts.items()],
                loan=None,
                value_date=value_date,
                posting_date=today,
            )
        ]
    )
