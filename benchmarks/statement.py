"""The statement of a loan with 5,000 transactions, beside one SQL statement for the same rows.

Both run in this process on the same driver and end with every line in hand: what it moved by
bucket, and what was owed after it. The SQL does with window functions what the statement does in
Python. Rounds alternate; the figures are elapsed time, for most of the work is the database's.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.lender import lent
from benchmarks.report import Unmeasurable, conclude, run, show
from domain import db
from domain.actor import SYSTEM
from domain.queries.lending.statement_of_account import statement_of

NAME, BAR = "statement", 2.0
TRANSACTIONS, ROUNDS, WARM_UP = 5_000, 5, 2
_BUCKETS = {
    "principal": ("'1303', '8001'", ""),
    "interest": ("'1132', '8002'", ""),
    "penalty": ("'1133', '8003'", ""),
    "compound": ("'1134', '8004'", ""),
    "fees": ("'1135', '8005'", ""),
    "credit": ("'2241'", "-"),
    "money": ("'1002', '1012', '2240'", ""),
}
_MOVED = ", ".join(
    f"SUM(CASE WHEN account_code IN ({codes}) THEN {sign}amount ELSE 0 END) AS {name}"
    for name, (codes, sign) in _BUCKETS.items()
)
_RUNNING = ", ".join(
    f"SUM({name}) OVER (ORDER BY last ROWS UNBOUNDED PRECEDING)"
    for name in _BUCKETS
    if name != "money"
)
RAW = (
    f"SELECT event, journal, value_date, posting_date, money, {', '.join(list(_BUCKETS)[:-1])}, "
    f"{_RUNNING} FROM (SELECT MAX(id) AS last, event, journal, value_date, posting_date, {_MOVED} "
    "FROM ledger_entry WHERE loan_id = %s GROUP BY journal, event, value_date, posting_date) j "
    "ORDER BY last"
)
Rows = list[tuple[Any, ...]]


def measure() -> None:
    """Print both sides and their ratio."""
    with lent(loans=1) as book:
        ours, raw = asyncio.run(_measure(book.loan_ids[0]))
    ratio = show("statement", ours, "ms") / show("SQL for the same rows", raw, "ms")
    conclude(NAME, f"{ratio:.2f}x raw SQL", f"{BAR:.1f}x", ratio <= BAR)


async def _measure(loan_id: int) -> tuple[list[float], list[float]]:
    await db.open_database()
    try:
        await _fill(loan_id)
        same, other = await _statement(loan_id), await _raw(loan_id)
        if len(same) != TRANSACTIONS or same != other:
            raise Unmeasurable(f"the two sides differ: {len(same)} and {len(other)} rows")
        for _ in range(WARM_UP):
            await _timed(_statement, loan_id)
            await _timed(_raw, loan_id)
        found: tuple[list[float], list[float]] = ([], [])
        sides = ((_statement, found[0]), (_raw, found[1]))
        for number in range(ROUNDS):
            for take, figures in sides if number % 2 == 0 else reversed(sides):
                figures.append(await _timed(take, loan_id))
        return found
    finally:
        await db.close_database()


async def _timed(take: Callable[[int], Awaitable[Rows]], loan_id: int) -> float:
    started = time.perf_counter()
    await take(loan_id)
    return (time.perf_counter() - started) * 1000


async def _statement(loan_id: int) -> Rows:
    found = await statement_of(SYSTEM, loan_id, daily=True)
    if found is None:
        raise Unmeasurable("there is no loan")
    return [
        (
            line.event,
            line.reference,
            line.value_date,
            line.posting_date,
            line.money,
            *line.moved,
            *line.place.standing,
        )
        async for line in found.lines()
    ]


async def _raw(loan_id: int) -> Rows:
    client = db.connection()
    async with client.acquire_connection() as driver:
        cursor = await driver.cursor()
        await cursor.execute(RAW, [loan_id])
        return list(await cursor.fetchall())


async def _fill(loan_id: int) -> None:
    """Journals as a long life leaves them: a day's interest, and every fifth one a payment."""
    (loan,) = await db.rows("SELECT * FROM loan WHERE id = %s", [loan_id])
    (there,) = await db.rows(
        "SELECT COUNT(DISTINCT journal) AS n FROM ledger_entry WHERE loan_id = %s", [loan_id]
    )
    day, at = loan["accrued_through"], dt.datetime.now(dt.UTC)
    values = []
    for number in range(TRANSACTIONS - there["n"]):
        payment = number % 5 == 4
        event, journal = ("REPAYMENT", "p") if payment else ("ACCRUAL", "a")
        sides = (("1002", 60), ("1132", -40), ("1303", -20)) if payment else _ACCRUAL
        values += [
            (
                f"{journal}:{loan_id}:{number}",
                event,
                account,
                loan["currency"],
                amount,
                loan_id,
                loan["borrower_id"],
                loan["branch_id"],
                day,
                day,
                at,
            )
            for account, amount in sides
        ]
    await db.execute_many(
        "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
        "borrower_id, branch_id, value_date, posting_date, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        values,
    )
    await db.execute("UPDATE business_date SET current = %s", [day])
    await db.rows("ANALYZE TABLE ledger_entry")


_ACCRUAL = (("1132", 10), ("6011", -10))


if __name__ == "__main__":
    run(measure)
