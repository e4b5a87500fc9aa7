"""Transactions that save round trips: what is held back is sent in order, whole or not at all."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from domain import db
from domain.models.staff import Branch
from domain.mysql import Transaction
from tests.lender import Lender

_INSERT = "INSERT INTO branch (code, name, path) VALUES (%s, %s, %s)"


async def codes() -> list[str]:
    found = await db.rows("SELECT code FROM branch WHERE code LIKE 'rt-%%' ORDER BY id", [])
    return [row["code"] for row in found]


@pytest.fixture(autouse=True)
async def clean(lender: Lender) -> AsyncIterator[None]:
    yield
    await db.execute("DELETE FROM branch WHERE code LIKE 'rt-%%'", [])


def branch(code: str) -> tuple[str, str, str]:
    return (code, f"{code}; DROP TABLE branch -- 'a\" % %s", "/")


async def test_what_is_held_back_is_there_for_the_next_read() -> None:
    async def work() -> list[str]:
        await db.execute_many(_INSERT, [branch("rt-1"), branch("rt-2")])
        return await codes()

    assert await db.transact(work) == ["rt-1", "rt-2"]
    names = await db.rows("SELECT name FROM branch WHERE code = %s", ["rt-1"])
    assert names[0]["name"] == branch("rt-1")[1]


async def test_the_orm_sees_what_is_held_back() -> None:
    async def work() -> list[str]:
        await db.execute_many(_INSERT, [branch("rt-1")])
        await Branch.bulk_create([Branch(code="rt-2", name="two", path="/")])
        await Branch.create(code="rt-3", name="three", path="/")
        return [each.code for each in await Branch.filter(code__startswith="rt-").order_by("id")]

    assert await db.transact(work) == ["rt-1", "rt-2", "rt-3"]


async def test_an_error_of_the_last_write_rolls_all_of_it_back() -> None:
    async def work() -> None:
        await db.execute_many(_INSERT, [branch("rt-1")])
        await db.insert_later("branch", [{"code": "rt-2", "name": "two", "path": "/"}])
        await db.execute_many(_INSERT, [branch("rt-1")])

    with pytest.raises(IntegrityError):
        await db.transact(work)
    assert await codes() == []


async def test_after_an_error_the_connection_serves_the_next_transaction() -> None:
    async def wrong() -> None:
        await db.execute_many(_INSERT, [branch("rt-1")])
        await db.rows("SELECT nothing FROM nowhere")

    async def right() -> None:
        await db.execute_many(_INSERT, [branch("rt-2")])

    for _ in range(12):  # more often than the pool has connections
        with pytest.raises(OperationalError):
            await db.transact(wrong)
    await db.transact(right)
    assert await codes() == ["rt-2"]


async def test_a_refused_transaction_sends_nothing_of_what_it_held_back() -> None:
    async def work() -> None:
        await db.execute_many(_INSERT, [branch("rt-1")])
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await db.transact(work)
    assert await codes() == []


async def test_reads_together_answer_each_its_own() -> None:
    async def work() -> Any:
        await db.execute_many(_INSERT, [branch("rt-1")])
        return await db.together(
            db.rows("SELECT 1 AS one"),
            codes(),
            db.rows("SELECT current FROM business_date WHERE id = 1"),
            _twice(),
        )

    one, found, (today,), twice = await db.transact(work)
    assert (one, found, twice) == ([{"one": 1}], ["rt-1"], [2, 3])
    assert isinstance(today["current"], dt.date)


async def _twice() -> list[int]:
    first = await db.rows("SELECT 2 AS n")
    second = await db.rows("SELECT 3 AS n")
    return [first[0]["n"], second[0]["n"]]


async def test_reads_together_end_before_the_first_error_is_raised() -> None:
    ended: list[str] = []

    async def slow() -> None:
        await db.rows("SELECT 1 AS one")
        await asyncio.sleep(0.01)
        await db.rows("SELECT 1 AS one")
        ended.append("slow")

    async def refused() -> None:
        await db.rows("SELECT 1 AS one")
        raise LookupError("first")

    async def work() -> None:
        await db.together(refused(), slow())

    with pytest.raises(LookupError, match="first"):
        await db.transact(work)
    assert ended == ["slow"]


async def test_on_mysql_writes_wait_for_the_commit() -> None:
    async def work() -> list[str]:
        client = db.connection()
        if not isinstance(client, Transaction):
            pytest.skip("SQLite has no round trips")
        await db.execute_many(_INSERT, [branch("rt-1")])
        await db.update_later("branch", 0, {"name": "nobody"})
        return [text.split(" ")[0] for text in client._held]

    assert await db.transact(work) == ["BEGIN", "INSERT", "UPDATE"]
    assert await codes() == ["rt-1"]


async def test_much_that_is_held_back_is_sent_on_the_way() -> None:
    async def work() -> None:
        for number in range(30):
            await db.execute_many(_INSERT, [(f"rt-{number}", "x" * 90, "/" * 190)])
            await db.execute_many(
                "UPDATE branch SET name = %s WHERE code = %s",
                [("y" * 90 + str(turn), f"rt-{number}") for turn in range(200)],
            )

    await db.transact(work)
    assert await codes() == [f"rt-{number}" for number in range(30)]
    found = await db.rows("SELECT DISTINCT name FROM branch WHERE code LIKE 'rt-%%'", [])
    assert found == [{"name": "y" * 90 + "199"}]


@pytest.mark.parametrize("moment", ["at a statement", "at COMMIT"])
async def test_a_connection_that_is_killed_is_told_as_such_and_leaves_the_pool(moment: str) -> None:
    """Not as the failure to roll back that follows: that would look like a fault of ours."""
    if db.dialect() != "mysql":
        pytest.skip("SQLite has no connection to lose")

    async def work() -> None:
        await db.execute(_INSERT, branch("rt-1"))
        (own,) = await db.rows("SELECT CONNECTION_ID() AS id", [])
        await asyncio.create_task(kill(own["id"]), context=outside)
        if moment == "at a statement":
            await codes()

    async def kill(connection: int) -> None:
        await db.execute(f"KILL CONNECTION {connection}", [])

    outside = contextvars.copy_context()
    with pytest.raises(OperationalError) as lost:
        await db.transact(work)
    assert lost.value.args[0].args[0] in (2006, 2013)
    assert await codes() == []
    assert db.pool()["used"] == 0
