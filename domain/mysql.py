"""MySQL and MariaDB: Tortoise's client, with transactions that save round trips.

Between two processes of one machine a round trip costs more CPU than most statements it carries. So
BEGIN waits for the first statement and is sent with it; writes whose answer nobody waits for
(`later`) go with the next statement, and the last of them with COMMIT. Reads that are gathered
(`domain.db.together`) go together. The server runs them in the order in which they were given and
stops at the first that fails, COMMIT included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiomysql.connection
from pymysql.protocol import FieldDescriptorPacket
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.mysql.client import MySQLClient, TransactionWrapper
from tortoise.exceptions import TransactionManagementError

# The columns of a statement come with every answer to it, byte for byte the same: parsing them anew
# took an eighth of what a repayment costs the API.
aiomysql.connection.FieldDescriptorPacket = lru_cache(maxsize=4096)(FieldDescriptorPacket)

_BEGIN = "BEGIN"
_HELD_LENGTH_MAX = 1_000_000  # a packet of the server holds sixteen times that


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: the rows of a SELECT under their names, or the count of rows it hit
    and the id it made."""

    names: Sequence[str]
    rows: Sequence[Sequence[Any]]
    count: int
    row_id: int

    @classmethod
    async def of(cls, cursor: Any) -> Answer:
        """Read what a cursor of the driver stands at."""
        names = [column[0] for column in cursor.description or ()]
        found = await cursor.fetchall() if names else ()
        return cls(names, found, cursor.rowcount, cursor.lastrowid)


class Transaction(TransactionWrapper):
    """A transaction that holds back what need not be answered at once."""

    def __init__(self, connection: MySQLClient) -> None:
        super().__init__(connection)
        self._held: list[str] = []
        self._held_length = 0
        self._asked: list[tuple[str, asyncio.Future[Answer]]] = []
        self._owner: asyncio.Task[Any] | None = None
        self._sent = False

    async def begin(self) -> None:
        self._held, self._held_length = [_BEGIN], 0
        self._sent = self._finalized = False
        self._owner = asyncio.current_task()

    async def commit(self) -> None:
        """Send what is held back, and COMMIT. When that fails all is rolled back."""
        if self._finalized:
            raise TransactionManagementError("Transaction already finalised")
        if self._held != [_BEGIN]:  # else nothing happened in it
            try:
                await self._send("COMMIT")
            except Exception:
                await self.rollback()
                raise
        self._finalized = True

    async def rollback(self) -> None:
        if self._finalized:
            raise TransactionManagementError("Transaction already finalised")
        self._held.clear()
        if self._sent:
            try:
                await self._connection.rollback()
            except Exception:
                # The server rolls back whom it loses; what is told is why it came to this.
                self._connection.close()
        self._finalized = True

    async def later(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Hold back a write for each of the rows: it is sent before whatever comes next."""
        escape = self._connection.escape
        each = [tuple([escape(value) for value in row]) for row in rows]
        head, values, places = sql.partition(" VALUES ")
        if values and sql.startswith("INSERT "):
            texts = [head + values + ", ".join([places % row for row in each])]
        else:
            texts = [sql % row for row in each]
        self._held += texts
        self._held_length += sum(map(len, texts))
        if self._held_length > _HELD_LENGTH_MAX:
            async with self._lock:
                await self.flush()

    async def run(self, sql: str, values: Sequence[Any]) -> Answer:
        """Run a statement after what is held back."""
        escape = self._connection.escape
        text = sql % tuple([escape(value) for value in values])
        if self._finalized:
            raise TransactionManagementError("Transaction already finalised")
        if asyncio.current_task() is not self._owner:
            return await self._ask(text)
        async with self._lock:
            (answer,) = await self._send(text)
            return answer

    async def flush(self) -> None:
        """Send what is held back; the caller holds the lock."""
        if self._held:
            last = self._held.pop()
            await self._send(last)

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return _Flushed(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Savepoint(self))

    async def _ask(self, text: str) -> Answer:
        """Run a statement of a task that is one of several: what they ask in one turn of the loop
        goes in one round trip, which the first of them makes for all."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        asked = self._asked
        asked.append((text, answer))
        if len(asked) == 1:
            try:
                await asyncio.sleep(0)
                self._asked = []
                async with self._lock:
                    answers = await self._send(*[each for each, _ in asked])
            except BaseException as error:
                self._asked = []
                for _, other in asked[1:]:
                    if not other.done():  # cancelled with this one
                        other.set_exception(error)
                raise
            for (_, other), found in zip(asked, answers, strict=True):
                if not other.done():
                    other.set_result(found)
        return await answer

    async def _send(self, *texts: str) -> list[Answer]:
        """Send what is held back, then these; return the answer to each of these."""
        held, self._held, self._held_length = self._held, [], 0
        self._sent = True
        cursor = await self._connection.cursor()
        await cursor.execute(";".join([*held, *texts]))
        for _ in held:
            await cursor.nextset()
        found = [await Answer.of(cursor)]
        while await cursor.nextset():
            found.append(await Answer.of(cursor))
        return found


class _Flushed(ConnectionWrapper[Any]):
    """The driver's connection for the ORM's own statements, after what was held back."""

    async def __aenter__(self) -> Any:
        connection = await super().__aenter__()
        try:
            await self.client.flush()  # type: ignore[attr-defined]  # a Transaction
        except BaseException:
            self._lock.release()
            raise
        return connection


class _Savepoint(TransactionWrapper):
    """A transaction within one, as the ORM makes for its bulk statements."""

    async def savepoint(self) -> None:
        async with self._parent.acquire_connection():
            await super().savepoint()


class client_class(MySQLClient):
    """Tortoise's client with these transactions."""

    def _in_transaction(self) -> TransactionContext:
        return TransactionContextPooled(Transaction(self), self._pool_init_lock)
