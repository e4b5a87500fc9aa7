"""What every transaction written by hand does besides its work: key, audit entry, outbox event."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from domain.actor import Actor


@asynccontextmanager
async def transaction(pool: Any) -> AsyncIterator[Any]:
    """A cursor in a transaction: committed at the end, rolled back by any error."""
    async with pool.acquire() as connection:
        await connection.begin()
        try:
            async with connection.cursor() as cursor:
                yield cursor
            await connection.commit()
        except BaseException:
            await connection.rollback()
            raise


@dataclass(slots=True)
class Hand:
    """One mutation by hand: who does what, on which cursor, and when."""

    cursor: Any
    actor: Actor
    action: str
    now: dt.datetime

    async def keep(self, form: dict[str, Any], result: dict[str, int]) -> None:
        """Store the form's idempotency key and what came of it: last, as the API does."""
        await self.cursor.execute(
            "INSERT INTO idempotency_record "
            "(caller, action, `key`, arguments_sha256, result, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [
                *(self.actor.caller, self.action, hashlib.sha256(form["key"].encode()).hexdigest()),
                hashlib.sha256(orjson.dumps(form, option=orjson.OPT_SORT_KEYS)).hexdigest(),
                *(orjson.dumps(result).decode(), self.now),
            ],
        )

    async def today(self, lock: str = "") -> dt.date:
        """The business date."""
        found: dt.date = (
            await self.one(f"SELECT current FROM business_date WHERE id = 1{lock}", [])
        )[0]
        return found

    async def one(self, sql: str, values: list[Any]) -> tuple[Any, ...]:
        """The one row of a SELECT."""
        await self.cursor.execute(sql, values)
        found: tuple[Any, ...] = await self.cursor.fetchone()
        return found

    async def tell(self, *told: tuple[str, int, dict[str, Any], dict[str, Any], str]) -> None:
        """Write the audit entry, and where the last names one the event, of each change: noun, id,
        before, after, event."""
        request = str(uuid4())
        await self.cursor.executemany(
            "INSERT INTO audit_entry (at, actor_kind, actor_id, actor_name, action, outcome, noun, "
            "noun_id, `before`, `after`, request_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    *(self.now, self.actor.kind, self.actor.id, self.actor.name, self.action),
                    *("DONE", noun, noun_id, _text(before), _text(after), request),
                )
                for noun, noun_id, before, after, _ in told
            ],
        )
        await self.cursor.executemany(
            "INSERT INTO outbox_event (kind, noun, noun_id, payload, created_at) "
            "VALUES (%s, %s, %s, %s, %s)",
            [
                (event, noun, noun_id, _text(after), self.now)
                for noun, noun_id, _, after, event in told
                if event
            ],
        )


def _text(value: dict[str, Any]) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
