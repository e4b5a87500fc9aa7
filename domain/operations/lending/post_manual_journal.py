"""Post a journal by hand (手工凭证) inside a running transaction, once two people have agreed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.actor import Actor
from domain.db import insert
from domain.operations.lending.post import Posting, post
from domain.operations.perform import Step
from domain.queries.business_date import held_business_date
from domain.rules.form import Form
from domain.rules.lending.journals import JournalLine, entries_of, journal_problems
from domain.rules.lending.postings import Event
from domain.rules.refusal import ErrorCode

REASON_LENGTH_MAX = 500


async def post_manual_journal(step: Step, actor: Actor, payload: Mapping[str, Any]) -> int:
    """Post a balanced journal on the business date; return the id of its row.

    `payload`: `currency`, `reason`, `lines` (each `account`, `amount` as a decimal text, debit
    positive) and perhaps `valueDate` (ISO, at the latest the business date). Raises
    :class:`~domain.rules.refusal.Refused` with every mistake found.
    """
    journal = await read_journal(payload)
    journal_id = await insert(
        "manual_journal",
        {
            "currency": journal.currency,
            "value_date": journal.value_date,
            "posting_date": journal.posting_date,
            "reason": journal.reason,
            "posted_by_kind": actor.kind,
            "posted_by_id": actor.id,
        },
    )
    await post(
        [
            Posting(
                journal=f"manual:{journal_id}",
                event=Event.MANUAL,
                currency=journal.currency,
                entries=entries_of(journal.lines),
                loan=None,
                value_date=journal.value_date,
                posting_date=journal.posting_date,
            )
        ]
    )
    step.changed(
        "ManualJournal",
        journal_id,
        after={
            "currency": journal.currency,
            "reason": journal.reason,
            "lines": {line.account: line.amount for line in journal.lines},
        },
        event="journal.posted",
    )
    return journal_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJournal:
    """A journal that may be posted today."""

    currency: str
    reason: str
    value_date: dt.date
    posting_date: dt.date
    lines: list[JournalLine]


async def read_journal(payload: Mapping[str, Any]) -> ReadJournal:
    """Read a journal as :func:`post_manual_journal` takes it. Raises
    :class:`~domain.rules.refusal.Refused` with every mistake found."""
    today = await held_business_date()
    form = Form()
    currency = form.currency("currency", str(payload.get("currency", "")))
    reason = form.text("reason", str(payload.get("reason", "")), longest=REASON_LENGTH_MAX)
    value_date = _date(form, payload.get("valueDate"), today=today)
    lines = [
        JournalLine(
            str(line.get("account", "")),
            _amount(form, f"lines.{place}.amount", line.get("amount"), currency),
        )
        for place, line in enumerate(payload.get("lines", ()))
    ]
    if not form.problems:
        form.extend(journal_problems(lines, currency=currency))
    form.refuse()
    return ReadJournal(
        currency=currency,
        reason=reason,
        value_date=value_date,
        posting_date=today,
        lines=lines,
    )


def _amount(form: Form, path: str, value: object, currency: str) -> int:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        form.add(
            ErrorCode.INVALID_VALUE,
            path,
            f"{value!r} is no amount. Write a decimal number such as -1200.50.",
            f"“{value}”不是金额，请填写如 -1200.50 的数字。",
        )
        return 0
    return form.money(path, amount, currency, negative=True, zero=True)


def _date(form: Form, value: object, *, today: dt.date) -> dt.date:
    if not value:
        return today
    try:
        day = dt.date.fromisoformat(str(value))
    except ValueError:
        form.add(
            ErrorCode.INVALID_VALUE,
            "valueDate",
            f"{value!r} is no date. Write it as 2026-01-31.",
            f"“{value}”不是日期，请按 2026-01-31 的格式填写。",
        )
        return today
    form.date("valueDate", day, earliest=dt.date(1900, 1, 1), latest=today)
    return day
