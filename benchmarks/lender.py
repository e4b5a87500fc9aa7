"""A lender in a MariaDB database of its own, with as many like loans as a benchmark needs.

One loan goes through the real operations; the others are copies of its rows, each with a borrower
and a revolving facility of its own, so that both sides of a benchmark meet the same work.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pymysql

from api.auth import issue_local_token
from api.graphql.ids import global_id
from benchmarks.report import Unmeasurable
from domain import db
from domain.models.lending.loan import Installment
from domain.operations.install import install
from domain.operations.lending.advance_business_date import advance_business_date
from domain.rules.roles import Role
from domain.settings import get_settings
from tests import servers
from tests.lender import Lender, key

FIRST_DAY = dt.date(2026, 1, 15)
_TEN = "(SELECT 0 AS d" + "".join(f" UNION ALL SELECT {d}" for d in range(1, 10)) + ")"
_NUMBERS = (
    f"(SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS i FROM {_TEN} a CROSS JOIN {_TEN} b "
    f"CROSS JOIN {_TEN} c CROSS JOIN {_TEN} e) numbers"
)
# Of each table: the columns in which a copy differs from the row it is copied from.
_COPIES = {
    "borrower": {"id": "t.id + i", "name": "CONCAT(t.name, ' ', i)", "external_id": "NULL"},
    "credit_facility": {"id": "t.id + i", "borrower_id": "t.borrower_id + i"},
    "loan": {
        "id": "t.id + i",
        "borrower_id": "t.borrower_id + i",
        "facility_id": "t.facility_id + i",
        "drawdown_id": "t.drawdown_id + i",
    },
    "installment": {"id": "t.id + 100 * i", "loan_id": "t.loan_id + i"},
}


@dataclass(frozen=True, slots=True)
class Lent:
    """Loans that are alike: ids, what falls due today on each, and tokens by role.

    `environment` is what a server process needs to find them.
    """

    loan_ids: list[int]
    due: int
    tokens: dict[Role, str] = field(repr=False)
    environment: dict[str, str] = field(repr=False)

    def global_id(self, number: int) -> str:
        """The global id of the `number`-th loan, counted round and round."""
        return global_id("Loan", self.loan_ids[number % len(self.loan_ids)])


@contextmanager
def lent(*, loans: int) -> Iterator[Lent]:
    """Make a database with `loans` loans whose first instalment is due today; drop it after."""
    with new_database() as environment:
        yield asyncio.run(_lend(loans, environment))


@contextmanager
def new_database() -> Iterator[dict[str, str]]:
    """Make an empty database and a home, and drop both after; yields what makes a process use
    them, which this process does already."""
    refuse_asyncmy()
    with tempfile.TemporaryDirectory(prefix="liudai-bench-") as home, database() as url:
        environment = {
            "LIUDAI_HOME": str(Path(home)),
            "LIUDAI_DATABASE_URL": url,
            "LIUDAI_REDIS_PREFIX": servers.fresh_prefix(),
            "LIUDAI_LOG_LEVEL": "WARNING",
        }
        os.environ.update(environment)
        get_settings.cache_clear()
        yield environment


@contextmanager
def database() -> Iterator[str]:
    place = servers.DATABASE_URL.rpartition("@")[2] or servers.DATABASE_URL
    absent = (
        f"no MariaDB or MySQL at {place}: start one, or say where it is with "
        "LIUDAI_TEST_DATABASE_URL (mysql://user:password@host:3306)"
    )
    if not servers.MYSQL:
        raise Unmeasurable(absent)
    try:
        with servers.mysql_database() as url:
            yield url
    except pymysql.OperationalError as error:  # it answers, and lets nobody in
        raise Unmeasurable(f"{absent} ({error})") from None


def refuse_asyncmy() -> None:
    """Raise Unmeasurable where another driver would be measured than the one that ships."""
    if find_spec("asyncmy") is not None and os.environ.get("LIUDAI_BENCH_ASYNCMY") != "1":
        raise Unmeasurable(
            "asyncmy is installed, and Tortoise takes it in place of aiomysql: uninstall it, or "
            "ask for it with LIUDAI_BENCH_ASYNCMY=1"
        )


async def _lend(loans: int, environment: dict[str, str]) -> Lent:
    await db.open_database()
    try:
        await db.migrate()
        await install(today=FIRST_DAY)
        lender = await Lender.open()
        loan = await lender.loan()
        first = await Installment.get(loan_id=loan.id, number=1)
        await advance_business_date(actor=lender.operator, key=key(), to=first.due_date)
        if await Installment.filter(loan_id=loan.id).count() != 12:
            raise Unmeasurable("the loan to copy must have 12 instalments")
        await copy_rows(_COPIES, loans - 1)
        tokens = tokens_of(lender)
    finally:
        await db.close_database()
    return Lent(
        loan_ids=[loan.id + i for i in range(loans)],
        due=first.principal + first.interest,
        tokens=tokens,
        environment=environment,
    )


def tokens_of(lender: Lender) -> dict[Role, str]:
    """A token of each of the staff, good for the benchmark."""
    return {
        role: issue_local_token(actor.subject, dt.timedelta(hours=2))
        for role, actor in lender.actors.items()
    }


async def copy_rows(copies: Mapping[str, Mapping[str, str]], count: int) -> None:
    """Copy every row of these tables `count` times, in SQL: of each table the columns in which the
    `i`-th copy differs from `t`, the row it is copied from."""
    for table, changed in copies.items():
        described = await db.rows(f"SHOW COLUMNS FROM {table}")
        columns = [row["Field"] for row in described]
        values = ", ".join(changed.get(name, f"t.`{name}`") for name in columns)
        listed = ", ".join(f"`{name}`" for name in columns)
        await db.execute(
            f"INSERT INTO {table} ({listed}) SELECT {values} FROM {table} t CROSS JOIN {_NUMBERS} "
            "WHERE i <= %s ORDER BY i, t.id",
            [count],
        )
    await db.rows(f"ANALYZE TABLE {', '.join(copies)}")
