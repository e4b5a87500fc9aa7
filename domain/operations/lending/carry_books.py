"""Carrying the sums of the entries forward, so that the daily proof adds up the new ones alone.

Of each range of loans the entries up to a day are kept as three sums an account
(:mod:`domain.rules.lending.moments`). The proof adds what was posted since, and compares with the
same sums of the loans' rows: work that does not grow with the history, and not one row a loan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from domain.db import execute, execute_many, rows
from domain.queries.business_date import business_date
from domain.queries.lending.proof_of_loans import since_then
from domain.rules.lending.moments import (
    POWERS,
    SUMMED,
    Balances,
    Moments,
    added,
    position_moments,
)
from domain.rules.lending.proof import MEMO_ACCOUNTS

LOANS_A_SHARD: Final = 10_000

_SUMS: Final = ("amount", "by_place", "by_square")
# A sum of integers is exact in the database; an amount of 10^15 minor units times the square of a
# place is no 64-bit number, so that is worked out as a decimal.
_WEIGHTED: Final = (
    "{column}",
    "CAST({column} AS DECIMAL(30)) * ({id} - %s)",
    "CAST({column} AS DECIMAL(30)) * (({id} - %s) * ({id} - %s))",
)


async def carried(shard: int) -> tuple[dt.date | None, Moments]:
    """The day through which the shard's entries were carried (None: never), and their sums."""
    found = await rows("SELECT * FROM ledger_carried WHERE shard = %s", [shard])
    return min((row["through"] for row in found), default=None), _moments(found)


async def posted_since(
    shard: int, *, after: dt.date | None, through: dt.date
) -> tuple[Moments, Moments]:
    """The sums of the shard's entries after a day (None: all) and up to `through`, and of those
    posted later."""
    base, first, last = _bounds(shard)
    sums = ", ".join(
        f"SUM({weighted.format(column='amount', id='loan_id')}) AS {name}"
        for name, weighted in zip(_SUMS, _WEIGHTED, strict=True)
    )
    source, since, values = since_then(after, today=await business_date())
    found = await rows(
        f"SELECT account_code, currency, posting_date <= %s AS kept, {sums} FROM {source} "
        f"WHERE loan_id BETWEEN %s AND %s{since} GROUP BY account_code, currency, kept",
        [through, base, base, base, first, last, *values],
    )
    kept = [row for row in found if row["kept"]]
    return _moments(kept), _moments([row for row in found if not row["kept"]])


async def positions(shard: int) -> Moments:
    """The sums of the positions of the shard's loans."""
    base, first, last = _bounds(shard)
    columns = ("principal", *SUMMED)
    sums = ", ".join(
        f"SUM({weighted.format(column=column, id='id')}) AS {column}_{power}"
        for power, weighted in enumerate(_WEIGHTED)
        for column in columns
    )
    bases = [base] * (3 * len(columns))
    found = await rows(
        f"SELECT currency, book_status, {sums} FROM loan WHERE id BETWEEN %s AND %s "
        "GROUP BY currency, book_status",
        [*bases, first, last],
    )
    return added(*(position_moments(row["currency"], _powers(row)) for row in found))


async def carry(shard: int, moments: Moments, *, through: dt.date) -> None:
    """Keep the sums of the shard's entries up to `through`, in place of those of before."""
    await execute("DELETE FROM ledger_carried WHERE shard = %s", [shard])
    await execute_many(
        "INSERT INTO ledger_carried (shard, account_code, currency, through, amount, by_place, "
        "by_square) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (shard, account, currency, through, *map(str, sums))
            for (account, currency), sums in sorted(moments.items())
        ],
    )


async def carried_totals() -> dict[str, tuple[int, int]]:
    """The sum of all that was carried, by currency: on all accounts, and on the memo accounts."""
    totals: dict[str, tuple[int, int]] = {}
    for row in await rows("SELECT account_code, currency, amount FROM ledger_carried"):
        amount, memo = totals.get(row["currency"], (0, 0))
        more = int(row["amount"])
        on_memo = more if row["account_code"] in MEMO_ACCOUNTS else 0
        totals[row["currency"]] = (amount + more, memo + on_memo)
    return totals


def _bounds(shard: int) -> tuple[int, int, int]:
    """What to subtract from an id to get its place from 1, and the first and last id."""
    first = shard * LOANS_A_SHARD
    return first - 1, first, first + LOANS_A_SHARD - 1


def _powers(row: Mapping[str, Any]) -> list[tuple[Balances, int]]:
    return [
        (
            Balances(
                book_status=row["book_status"],
                **{name: int(row[f"{name}_{power}"]) for name in SUMMED},
            ),
            int(row[f"principal_{power}"]),
        )
        for power in range(POWERS)
    ]


def _moments(found: list[dict[str, Any]]) -> Moments:
    # Rows of MariaDB's sums are decimals.
    return added(
        *(
            {
                (row["account_code"], row["currency"]): (
                    int(row["amount"]),
                    int(row["by_place"]),
                    int(row["by_square"]),
                )
            }
            for row in found
        )
    )
