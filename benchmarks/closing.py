"""A large book to close, the workers that close it, and set-based SQL that writes the same rows.

The book is copies of a few loans that went through the real operations: a twentieth of them has an
instalment past due. Both sides close days of one and the same book in turn.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pymysql

from benchmarks.lender import database, refuse_asyncmy
from benchmarks.report import Unmeasurable
from domain import db
from domain.actor import SYSTEM
from domain.operations.install import install
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.day_close.shards import ranges
from domain.operations.lending.day_close.start import close_business_day
from domain.queries.business_date import business_date
from domain.queries.jobs import find_job
from domain.queries.lending.close_progress import close_progress
from domain.rules.jobs import JobKind, JobState
from domain.settings import get_settings
from tests import servers
from tests.lender import Lender, key
from workers.queue import send_job

WORKERS = 2
OVERDUE_OF = 20
"""One loan in so many is past due."""
_FIRST_DAY, _PLAIN_DAY = dt.date(2026, 1, 15), dt.date(2026, 2, 20)
_KINDS = 10
_INSTALLMENTS = 3
_CHUNK = 50_000
_ONE_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class Book:
    """A database with `loans` living loans, open on a connection of this process."""

    loans: int
    url: str
    workers: list[psutil.Process] = field(default_factory=list)

    def connect(self) -> pymysql.Connection[pymysql.cursors.Cursor]:
        """A plain connection, as a person writing SQL by hand would open."""
        parts = urlsplit(self.url)
        return pymysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=parts.username or "root",
            password=parts.password or "",
            database=parts.path.lstrip("/"),
            init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        )

    def worker_cpu_seconds(self) -> float:
        """User and system time of the workers so far."""
        spent = [process.cpu_times() for process in self.workers]
        return float(sum(each.user + each.system for each in spent))

    def worker_megabytes(self) -> float:
        """Resident memory of the largest worker."""
        return float(max(process.memory_info().rss for process in self.workers)) / 1e6


@contextmanager
def lent_book(loans: int, *, until: dt.date | None = None) -> Iterator[Book]:
    """Make a book of `loans` loans, with the business date at `until` if given; drop it after."""
    refuse_asyncmy()
    if not servers.REDIS:
        raise Unmeasurable(f"no Redis at {servers.REDIS_URL}: LIUDAI_TEST_REDIS_URL says where")
    with tempfile.TemporaryDirectory(prefix="liudai-bench-") as home, database() as url:
        prefix = servers.fresh_prefix()
        os.environ.update(
            {
                "LIUDAI_HOME": str(Path(home)),
                "LIUDAI_DATABASE_URL": url,
                "LIUDAI_REDIS_URL": servers.REDIS_URL,
                "LIUDAI_REDIS_PREFIX": prefix,
                "LIUDAI_LOG_LEVEL": "WARNING",
            }
        )
        get_settings.cache_clear()
        with servers.redis_keys(prefix):
            asyncio.run(_fill(loans, until))
            yield Book(loans, url)


@contextmanager
def working(book: Book) -> Iterator[None]:
    """Run the worker processes of the book."""
    processes = [subprocess.Popen([sys.executable, "-m", "workers.main"]) for _ in range(WORKERS)]
    book.workers = [psutil.Process(process.pid) for process in processes]
    try:
        time.sleep(4)  # until they listen; a first close warms up what is left
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=40)


def close_day(book: Book) -> float:
    """Close the business date by the workers; return the seconds from the cut-off to the close."""
    return asyncio.run(_close_day(book))


async def _close_day(book: Book) -> float:
    await db.open_database()
    try:
        day = await business_date()
        done = await close_business_day(actor=SYSTEM, key=key(), ahead=True)
        await send_job(job_id=done["job"], kind=JobKind.CLOSE_DAY)
        while (job := await find_job(done["job"])).state != JobState.SUCCEEDED:
            if job.state == JobState.FAILED:
                raise Unmeasurable(f"the close failed: {job.error}")
            await asyncio.sleep(0.05)
        progress = await close_progress(day)
        if progress is None or progress.state != "CLOSED" or progress.loans < book.loans:
            raise Unmeasurable(f"not every loan was closed: {progress}")
        assert progress.started_at
        assert progress.closed_at
        return (progress.closed_at - progress.started_at).total_seconds()
    finally:
        await db.close_database()


def close_by_sql(book: Book) -> float:
    """Close the business date by set-based SQL over two connections; return the seconds.

    It writes what the close writes (accruals, entries, instalments, loans) without asking any rule:
    interest is balance × rate ÷ 360, and overdue rows earn a flat rate.
    """
    day, shards = asyncio.run(_shards())
    halves = [shards[i::WORKERS] for i in range(WORKERS)]
    failed: list[BaseException] = []

    def work(part: list[tuple[int, int]]) -> None:
        try:
            with book.connect() as connection, connection.cursor() as cursor:
                cursor.execute(_ACCRUALS)
                for first, last in part:
                    for sql in _shard_sql(day, first, last):
                        cursor.execute(sql)
                    connection.commit()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(half,)) for half in halves]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    if failed:
        raise failed[0]
    with book.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE business_date SET current = %s WHERE id = 1", (day + _ONE_DAY,))
        cursor.execute("UPDATE business_day SET state = 'CLOSED' WHERE day = %s", (day,))
        cursor.execute(
            "INSERT INTO business_day (day, state) VALUES (%s, 'OPEN')", (day + _ONE_DAY,)
        )
        connection.commit()
    return took


async def _shards() -> tuple[dt.date, list[tuple[int, int]]]:
    await db.open_database()
    try:
        day = await business_date()
        firsts = [first for first, _ in (await ranges()).starts]
        lasts = [*(first - 1 for first in firsts[1:]), 2**63 - 1]
        return day, list(zip(firsts, lasts, strict=True))
    finally:
        await db.close_database()


# What a shard accrues, between working it out and writing it: a table in memory, of one connection.
_ACCRUALS = (
    "CREATE TEMPORARY TABLE accrual (loan_id BIGINT, number SMALLINT, interest BIGINT, "
    "penalty BIGINT, compound BIGINT, PRIMARY KEY (loan_id, number)) ENGINE = MEMORY"
)


def _shard_sql(day: dt.date, first: int, last: int) -> list[str]:
    opens = day + _ONE_DAY
    loans = f"l.id BETWEEN {first} AND {last} AND l.accrued_through = '{day}'"
    late = f"i.due_date < '{opens}'"
    entries = " UNION ALL ".join(
        f"SELECT '{code}', {sign}1, '{bucket}'"
        for bucket, debit, credit in (
            ("interest", "1132", "6011"),
            ("penalty", "1133", "6012"),
            ("compound", "1134", "6013"),
        )
        for code, sign in ((debit, ""), (credit, "-"))
    )
    amount = (
        "CASE e.bucket WHEN 'interest' THEN s.interest WHEN 'penalty' THEN s.penalty "
        "ELSE s.compound END"
    )
    sums = (
        "SELECT loan_id, SUM(interest) AS interest, SUM(penalty) AS penalty, "
        "SUM(compound) AS compound FROM accrual GROUP BY loan_id"
    )
    return [
        "DELETE FROM accrual",
        "INSERT INTO accrual (loan_id, number, interest, penalty, compound) "
        f"SELECT l.id, i.number, IF({late}, 0, ROUND(i.opening * l.annual_rate / 360)), "
        f"IF({late}, ROUND(i.principal * l.penalty_rate / 360), 0), "
        f"IF({late}, ROUND(i.interest * l.penalty_rate / 360), 0) FROM loan l "
        f"JOIN installment i ON i.loan_id = l.id AND i.settled_on IS NULL "
        f"AND i.start_date < '{opens}' WHERE {loans}",
        "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
        "borrower_id, branch_id, value_date, posting_date, created_at) "
        f"SELECT CONCAT('accrual:', l.id, ':{opens:%Y%m%d}'), 'ACCRUAL', e.code, l.currency, "
        f"e.sign * {amount}, l.id, l.borrower_id, l.branch_id, '{day}', '{day}', NOW(6) "
        f"FROM ({sums}) s JOIN loan l ON l.id = s.loan_id "
        f"JOIN (SELECT '' AS code, 0 AS sign, '' AS bucket WHERE FALSE UNION ALL {entries}) e "
        f"ON {amount} > 0",
        "UPDATE accrual a JOIN installment i ON i.loan_id = a.loan_id AND i.number = "
        "a.number SET i.interest_accrued = i.interest_accrued + a.interest, "
        "i.penalty_accrued = i.penalty_accrued + a.penalty, "
        "i.compound_accrued = i.compound_accrued + a.compound",
        f"UPDATE loan l JOIN ({sums}) s ON l.id = s.loan_id SET l.accrued_through = '{opens}', "
        "l.interest_receivable = l.interest_receivable + s.interest, "
        "l.penalty_receivable = l.penalty_receivable + s.penalty, "
        "l.compound_receivable = l.compound_receivable + s.compound",
    ]


async def _fill(loans: int, until: dt.date | None) -> None:
    await db.open_database()
    try:
        await db.migrate()
        await install(today=_FIRST_DAY)
        lender = await Lender.open()
        late = await _templates(lender)
        await advance_business_date(actor=lender.operator, key=key(), to=_PLAIN_DAY)
        plain = await _templates(lender)
        if until is not None:
            await advance_business_date(actor=lender.operator, key=key(), to=until)
        await _keep(late, plain)
        wanted = max(loans - 2 * _KINDS, 0)
        overdue = wanted // OVERDUE_OF
        await _copy("late", overdue)
        await _copy("plain", wanted - overdue)
        await _settle()
    finally:
        await db.close_database()


def add_loans(loans: int, *, shifted_days: int) -> None:
    """Retire every living loan and add plain ones whose dates lie so many days later."""

    async def add() -> None:
        await db.open_database()
        try:
            await db.execute("UPDATE loan SET state = 'TRANSFERRED' WHERE state = 'ACTIVE'")
            await _copy("plain", loans, shifted_days=shifted_days)
            await _settle()
        finally:
            await db.close_database()

    asyncio.run(add())


async def _templates(lender: Lender) -> list[int]:
    """Loans of different amounts and rates under one facility."""
    facility = await lender.facility(limit="100000000.00")
    made = []
    for kind in range(_KINDS):
        loan = await lender.loan(
            facility,
            amount=(50_000 + 1_111 * kind) * 100,
            rate=str(Decimal("0.0500") + Decimal("0.0013") * kind),
            installments=_INSTALLMENTS,
        )
        made.append(loan.id)
    return made


async def _keep(late: list[int], plain: list[int]) -> None:
    """Keep the templates as they are now, and what the books hold of each, for copies to come."""
    listed = ", ".join(str(each) for each in (*late, *plain))
    for statement in (
        f"CREATE TABLE bench_loan AS SELECT * FROM loan WHERE id IN ({listed})",
        f"CREATE TABLE bench_installment AS SELECT * FROM installment WHERE loan_id IN ({listed})",
        "CREATE TABLE bench_entry AS SELECT loan_id, account_code, SUM(amount) AS amount "
        f"FROM ledger_entry WHERE loan_id IN ({listed}) GROUP BY loan_id, account_code "
        "HAVING SUM(amount) <> 0",
        "CREATE TABLE bench_kind (kind VARCHAR(5), place INT, template BIGINT)",
    ):
        await db.execute(statement)
    for kind, ids in (("late", late), ("plain", plain)):
        await db.execute_many(
            "INSERT INTO bench_kind (kind, place, template) VALUES (%s, %s, %s)",
            [(kind, place, each) for place, each in enumerate(ids)],
        )


async def _copy(kind: str, count: int, *, shifted_days: int = 0) -> None:
    """Copy the templates of a kind round and round; each copy gets an id after all that are there,
    and its books in one opening journal of the open day."""
    later = f" + INTERVAL {shifted_days} DAY"
    for start in range(0, count, _CHUNK):
        part = min(_CHUNK, count - start)
        (last,) = await db.rows("SELECT MAX(id) AS id, MAX(drawdown_id) AS drawdown FROM loan")
        copied = f"{last['id'] + 1} + s.seq"
        of = (
            f"FROM seq_0_to_{part - 1} s JOIN bench_kind k ON k.kind = '{kind}' "
            f"AND k.place = s.seq MOD {_KINDS}"
        )
        for table, by, changed in (
            (
                "loan",
                "id",
                {
                    "id": copied,
                    "drawdown_id": f"{last['drawdown'] + 1} + s.seq",
                    "profile": "'CN'",  # whose interest bears tax
                },
            ),
            ("installment", "loan_id", {"id": "NULL", "loan_id": copied}),
        ):
            values = []
            described = await db.rows(f"SHOW COLUMNS FROM {table}")
            for column in described:
                name = column["Field"]
                shifted = later if column["Type"] == "date" else ""
                values.append(changed.get(name, f"t.`{name}`{shifted}"))
            names = ", ".join(f"`{column['Field']}`" for column in described)
            await db.execute(
                f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} {of} "
                f"JOIN bench_{table} t ON t.{by} = k.template ORDER BY s.seq"
            )
        await db.execute(
            "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
            "borrower_id, branch_id, value_date, posting_date, created_at) "
            f"SELECT CONCAT('opening:', {copied}), 'MANUAL', e.account_code, t.currency, e.amount, "
            f"{copied}, t.borrower_id, t.branch_id, t.start_date, d.current, NOW(6) {of} "
            "JOIN bench_loan t ON t.id = k.template JOIN bench_entry e ON e.loan_id = t.id "
            "JOIN business_date d ON d.id = 1 ORDER BY s.seq"
        )


async def _settle() -> None:
    """Let the facilities agree with their loans, and the optimiser know what is there."""
    await db.execute(
        "UPDATE credit_facility f SET used = (SELECT COALESCE(SUM(limit_used), 0) FROM loan l "
        "WHERE l.facility_id = f.id), excess = GREATEST(used - limit_amount, 0)"
    )
    await db.rows("ANALYZE TABLE loan, installment")


def loans_a_second(book: Book, take: Callable[[Book], float]) -> float:
    """Close one day; return how many loans that were in a second."""
    return book.loans / take(book)
