"""The embedded database: Tortoise's SQLite, with transactions that begin IMMEDIATE.

SQLite begins transactions deferred and drops SELECT … FOR UPDATE: two writers would both read and
then collide. IMMEDIATE takes the one write lock at the start, so the second waits instead. Dates
and times come back as such from hand-written SQL too, as they do from MySQL.
"""

from __future__ import annotations

import datetime as dt
import sqlite3

import aiosqlite
from tortoise.backends.base.client import TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.exceptions import OperationalError

BUSY_TIMEOUT_SECONDS = 20.0


def _moment(text: bytes) -> dt.datetime:
    value = dt.datetime.fromisoformat(text.decode())
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


sqlite3.register_converter("date", lambda text: dt.date.fromisoformat(text.decode()))
sqlite3.register_converter("timestamp", _moment)
sqlite3.register_adapter(dt.date, dt.date.isoformat)
sqlite3.register_adapter(dt.datetime, lambda value: value.isoformat(" "))


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that holds SQLite's write lock from its first statement."""

    async def begin(self) -> None:
        try:
            await self._connection.commit()
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


class client_class(SqliteClient):
    """Tortoise's client with typed columns, a busy timeout and immediate transactions."""

    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        connection = await aiosqlite.connect(
            self.filename,
            isolation_level=None,
            timeout=BUSY_TIMEOUT_SECONDS,
            detect_types=sqlite3.PARSE_DECLTYPES,
        )
        connection.row_factory = sqlite3.Row
        for pragma, value in self.pragmas.items():
            await connection.execute(f"PRAGMA {pragma}={value}")
        self._connection = connection

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(ImmediateTransaction(self), self._lock)
