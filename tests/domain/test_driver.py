"""Which driver runs is no secret: it is logged at start."""

from __future__ import annotations

from domain import db


async def test_the_driver_is_named(database: str) -> None:
    expected = {"aiosqlite"} if database.startswith("sqlite") else {"aiomysql", "asyncmy"}
    assert db.driver() in expected
