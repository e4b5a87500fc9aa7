"""The day's reconciliation and the age of what lies in suspense, from the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.db import rows
from domain.rules.lending.payment_states import (
    FileState,
    IncomingState,
    LineFlow,
    LineState,
    OrderState,
)
from domain.rules.lending.postings import Account
from domain.rules.lending.reconciliation import (
    AgeBucket,
    Difference,
    DifferenceKind,
    Held,
    SourceDay,
    age_buckets,
)
from domain.rules.numbers import NumberKind, human_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A business date held against its books; `differences` name all that is not the same."""

    date: dt.date
    sources: list[SourceDay]
    accounts: list[Held]
    order_files: list[Held]
    differences: list[Difference]


async def reconciliation(date: dt.date) -> Reconciliation:
    """Hold the files and calls of `date`, the suspense and clearing accounts at its end, and the
    order files exported on it against the books."""
    sources = await _sources(date)
    accounts = [*await _suspense(date), *await _clearing(date)]
    order_files = await _order_files(date)
    differences = [found for day in sources for found in day.differences()]
    differences += [found for held in (*accounts, *order_files) for found in held.differences()]
    return Reconciliation(
        date=date,
        sources=sources,
        accounts=accounts,
        order_files=order_files,
        differences=differences,
    )


async def suspense_ageing(today: dt.date) -> list[AgeBucket]:
    """Return what lies in suspense by currency and by days since it came in."""
    found = await rows(
        "SELECT currency, received_on, COUNT(*) AS n, SUM(amount) AS total "
        "FROM incoming_payment WHERE state = %s GROUP BY currency, received_on",
        [IncomingState.SUSPENSE],
    )
    return age_buckets(
        (row["currency"], (today - _day(row["received_on"])).days, row["n"], int(row["total"]))
        for row in found
    )


def _day(value: dt.date | str) -> dt.date:
    """SQLite forgets a column's type in a grouping."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


async def _sources(date: dt.date) -> list[SourceDay]:
    lines = await rows(
        "SELECT f.source, l.currency, l.state, l.flow, COUNT(*) AS n, "
        "COALESCE(SUM(l.amount), 0) AS total "
        "FROM payment_file f JOIN payment_file_line l ON l.file_id = f.id "
        "WHERE f.received_on = %s AND f.state <> %s AND l.currency <> '' "
        "GROUP BY f.source, l.currency, l.state, l.flow",
        [date, FileState.REFUSED],
    )
    calls = await rows(
        "SELECT source, currency, SUM(amount) AS total FROM incoming_payment "
        "WHERE file_id IS NULL AND received_on = %s GROUP BY source, currency",
        [date],
    )
    ledger = await _ledger_of(date)
    keys = sorted({(row["source"], row["currency"]) for row in (*lines, *calls)} | set(ledger))
    return [_source_day(key, lines, calls, ledger.get(key, 0)) for key in keys]


def _source_day(
    key: tuple[str, str],
    lines: Sequence[dict[str, Any]],
    calls: Sequence[dict[str, Any]],
    ledger: int,
) -> SourceDay:
    every = [row for row in lines if (row["source"], row["currency"]) == key]
    own = [row for row in every if row["flow"] == LineFlow.INCOMING]
    unexplained = (
        row
        for row in every
        if row["flow"] != LineFlow.INCOMING and row["state"] == LineState.REFUSED
    )
    by_state = {LineState(row["state"]): int(row["total"]) for row in own}
    api = sum(int(row["total"]) for row in calls if (row["source"], row["currency"]) == key)
    taken = by_state.get(LineState.MATCHED, 0) + by_state.get(LineState.SUSPENSE, 0)
    return SourceDay(
        source=key[0],
        currency=key[1],
        file_lines=sum(row["n"] for row in own),
        file_total=sum(by_state.values()),
        api_total=api,
        taken=taken + api,
        duplicate=by_state.get(LineState.DUPLICATE, 0),
        refused=by_state.get(LineState.REFUSED, 0),
        waiting=by_state.get(LineState.WAITING, 0),
        unexplained=sum(int(row["total"]) for row in unexplained),
        ledger=ledger,
    )


async def _ledger_of(date: dt.date) -> dict[tuple[str, str], int]:
    """The cash that the journals show which took the payments of the day into the books."""
    found = await rows(
        "SELECT p.source, p.currency, SUM(e.amount) AS total FROM incoming_payment p "
        "LEFT JOIN payment_file f ON f.id = p.file_id "
        "JOIN ledger_entry e ON e.journal = p.cash_journal AND e.account_code = %s "
        "WHERE COALESCE(f.received_on, p.received_on) = %s GROUP BY p.source, p.currency",
        [Account.BANK, date],
    )
    return {(row["source"], row["currency"]): int(row["total"]) for row in found}


async def _suspense(date: dt.date) -> list[Held]:
    expected = await rows(
        "SELECT currency, SUM(amount) AS total FROM incoming_payment WHERE suspended_on <= %s "
        "AND (settled_on IS NULL OR settled_on > %s) GROUP BY currency",
        [date, date],
    )
    return await _held(DifferenceKind.SUSPENSE_ACCOUNT, Account.SUSPENSE, expected, date)


async def _clearing(date: dt.date) -> list[Held]:
    expected = await rows(
        "SELECT currency, SUM(amount) AS total FROM payment_order WHERE created_on <= %s "
        "AND (confirmed_on IS NULL OR confirmed_on > %s) "
        "AND (bounced_on IS NULL OR bounced_on > %s) GROUP BY currency",
        [date, date, date],
    )
    return await _held(
        DifferenceKind.CLEARING_ACCOUNT, Account.DISBURSEMENT_CLEARING, expected, date
    )


async def _held(
    kind: DifferenceKind, account: Account, expected: Sequence[dict[str, Any]], date: dt.date
) -> list[Held]:
    """Both accounts hold what is owed to others: credit, so the ledger's sign is turned."""
    posted = await rows(
        "SELECT currency, SUM(amount) AS total FROM ledger_entry WHERE account_code = %s "
        "AND posting_date <= %s GROUP BY currency",
        [account, date],
    )
    ledger = {row["currency"]: -int(row["total"]) for row in posted}
    should = {row["currency"]: int(row["total"]) for row in expected}
    return [
        Held(
            kind=kind,
            subject=str(account),
            currency=currency,
            ledger=ledger.get(currency, 0),
            expected=should.get(currency, 0),
        )
        for currency in sorted({*ledger, *should})
    ]


async def _order_files(date: dt.date) -> list[Held]:
    found = await rows(
        "SELECT f.id, f.currency, f.total, COALESCE(SUM(o.amount), 0) AS orders "
        "FROM payment_order_file f LEFT JOIN payment_order o ON o.file_id = f.id "
        "WHERE f.exported_on = %s AND (o.state IS NULL OR o.state <> %s) "
        "GROUP BY f.id, f.currency, f.total",
        [date, OrderState.CREATED],
    )
    return [
        Held(
            kind=DifferenceKind.ORDER_FILE,
            subject=human_number(NumberKind.PAYMENT_ORDER_FILE, row["id"]),
            currency=row["currency"],
            ledger=row["total"],
            expected=int(row["orders"]),
        )
        for row in found
    ]
