"""A lender's database of the first release, migrated through everything since: no row is lost, what
was added says what the rows say, the books prove right, and business goes on.

The rows are those that the operations of today write for what the first release could do (lend,
let days pass, repay in part, in time and late), cut to the columns of that release.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from domain import db
from domain.models.lending.loan import Loan
from domain.operations.install import install
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.repay_loan import Payment, repay_loan
from domain.operations.lending.verify_books import verify_books
from domain.queries.business_date import business_date
from domain.settings import get_settings
from tests import servers
from tests.conftest import FIRST_DAY
from tests.lender import Lender, key

FIRST_RELEASE = "0001_initial"
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
async def before(database: str) -> tuple[Lender, Rows]:
    """A lender at work, and all rows of its database."""
    lender = await Lender.open()
    revolving = await lender.facility()
    loans = [await lender.loan(revolving) for _ in range(2)]
    loans.append(await lender.loan(await lender.facility(revolving=False)))
    await lender.loan(revolving, installments=6)
    await advance_business_date(
        actor=lender.operator, key=key(), to=FIRST_DAY + dt.timedelta(days=20)
    )
    await _pay(lender, loans[0], "120.50")
    for days in (39, 58):
        await advance_business_date(
            actor=lender.operator, key=key(), to=FIRST_DAY + dt.timedelta(days=days)
        )
        await _pay(lender, loans[1], "4321.00")
    tables = await _tables()
    return lender, {table: await _rows(table) for table in tables}


async def test_the_first_release_migrates_to_this_one(
    before: tuple[Lender, Rows], database_url: str, tmp_path: Path
) -> None:
    lender, old = before
    today = await business_date()
    await db.close_database()
    with pytest.MonkeyPatch.context() as patch, _another(database_url, tmp_path) as url:
        patch.setenv("LIUDAI_DATABASE_URL", url)
        get_settings.cache_clear()
        await db.open_database()
        try:
            written = await _as_first_release(old)
            await db.migrate()
            await install(today=FIRST_DAY)
            for table, rows in written.items():
                kept = {row["id"]: row for row in await _rows(table)}
                assert [_same(kept[row["id"]], row) for row in rows] == rows, table
            await _says_what_the_rows_say(old)
            await _goes_on(lender, today)
        finally:
            await db.close_database()
    get_settings.cache_clear()
    await db.open_database()


async def _says_what_the_rows_say(old: Rows) -> None:
    added = {
        "loan": "profile current_method limit_used interest_paid penalty_paid compound_paid "
        "event_count book_status principal_outstanding",
        "repayment": "posting_date sequence",
        "repayment_allocation": "event_sequence",
    }
    for table, names in added.items():
        found = {row["id"]: row for row in await _rows(table)}
        for row in old[table]:
            assert {n: found[row["id"]][n] for n in names.split()} == {
                n: row[n] for n in names.split()
            }, (table, row["id"])


async def _goes_on(lender: Lender, today: dt.date) -> None:
    assert await business_date() == today
    proof = await verify_books(deep=True)
    assert proof.faults == []
    assert (proof.loans, proof.replayed) == (4, 4)
    await advance_business_date(actor=lender.operator, key=key(), to=today + dt.timedelta(days=2))
    late = await Loan.filter(state="ACTIVE").order_by("id").first()
    assert late is not None
    await _pay(lender, late, "99.99")
    assert (await verify_books(deep=True)).faults == []


async def _pay(lender: Lender, loan: Loan, amount: str) -> None:
    await repay_loan(
        actor=lender.cashier,
        key=key(),
        payment=Payment(loan_id=loan.id, amount=Decimal(amount)),
    )


@contextmanager
def _another(url: str, folder: Path) -> Iterator[str]:
    """An empty database of the dialect of `url`."""
    if url.startswith("sqlite"):
        yield f"sqlite://{folder / 'first-release.sqlite3'}"
        return
    with servers.mysql_database() as other:
        yield other


async def _as_first_release(old: Rows) -> Rows:
    """Make the first release's tables and put the rows there, cut to the columns they had; return
    those of the tables that take a column `id`."""
    executor = MigrationExecutor(db.connection(), db.tortoise_config(get_settings())["apps"])
    await executor.loader.build_graph()
    await executor.migrate([MigrationTarget(db.APP, FIRST_RELEASE)], direction="forward")
    written = {
        table: [{name: row[name] for name in columns} for row in old[table]]
        for table in await _tables()
        if table != "tortoise_migrations"
        and table in old
        and "id" in (columns := await _columns(table))
    }
    # The tables are not filled in the order of their references.
    sqlite = db.dialect() == "sqlite"
    if sqlite:
        await db.execute("PRAGMA foreign_keys = OFF")

    async def fill() -> None:
        if not sqlite:
            await db.execute("SET SESSION foreign_key_checks = 0")
        for table, rows in written.items():
            for row in rows:
                await db.insert(table, row)
        if not sqlite:
            await db.execute("SET SESSION foreign_key_checks = 1")

    await db.transact(fill)
    if sqlite:
        await db.execute("PRAGMA foreign_keys = ON")
    return written


async def _tables() -> list[str]:
    if db.dialect() == "sqlite":
        found = await db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        found = await db.rows(
            "SELECT table_name AS name FROM information_schema.tables "
            "WHERE table_schema = DATABASE()"
        )
    return sorted(row["name"] for row in found)


async def _columns(table: str) -> list[str]:
    if db.dialect() == "sqlite":
        return [row["name"] for row in await db.rows(f"PRAGMA table_info({table})")]
    return [row["Field"] for row in await db.rows(f"SHOW COLUMNS FROM {table}")]


async def _rows(table: str) -> list[dict[str, Any]]:
    return await db.rows(f"SELECT * FROM {table}")


def _same(kept: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {name: kept[name] for name in row}
