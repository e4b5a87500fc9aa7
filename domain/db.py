"""The database connection: opening, transactions, retries, hand-written SQL for both dialects."""

from __future__ import annotations

import asyncio
import random
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast, overload
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from domain.mysql import Answer, Transaction
from domain.settings import Settings, get_settings

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")

APP = "liudai"
# MySQL: deadlock, lock wait timeout; MariaDB: record changed since last read (snapshot conflict).
RETRIED_ERRORS = frozenset({1213, 1205, 1020})
ATTEMPTS = 6
_ROWS_HELD_MAX = 200
PACKED_BYTES_MAX = 64 * 1024 * 1024
# Server going down or full, query or connection killed; 2000 and more are the client's own.
_OUTAGES = RETRIED_ERRORS | {1021, 1040, 1053, 1114, 1290, 1317, 1836, 1927, 1969, 3024}


def tortoise_config(settings: Settings) -> dict[str, Any]:
    """Return Tortoise's configuration for the database of `settings`."""
    return {
        "connections": {"default": _connection(settings)},
        "apps": {
            APP: {
                "models": ["domain.models.tables"],
                "default_connection": "default",
                "migrations": "domain.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(settings: Settings) -> dict[str, Any]:
    if settings.sqlite:
        path = settings.database_url.removeprefix("sqlite://")
        return {"engine": "domain.sqlite", "credentials": {"file_path": path}}
    url = urlsplit(settings.database_url)
    return {
        "engine": "domain.mysql",
        "credentials": {
            "host": url.hostname or "127.0.0.1",
            "port": url.port or 3306,
            "user": unquote(url.username or "root"),
            "password": unquote(url.password or ""),
            "database": url.path.lstrip("/"),
            "charset": "utf8mb4",
            "minsize": 1,
            "maxsize": settings.database_pool_size,
            "pool_recycle": 1800,
            "init_command": (
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET time_zone = '+00:00'; "
                f"SET SESSION group_concat_max_len = {PACKED_BYTES_MAX}"
            ),
            **dict(parse_qsl(url.query)),
        },
    }


async def open_database(settings: Settings | None = None) -> None:
    """Connect Tortoise to the database of `settings` (default: the process's own)."""
    settings = settings or get_settings()
    if settings.sqlite:
        settings.home.mkdir(parents=True, exist_ok=True)
    await Tortoise.init(config=tortoise_config(settings), _enable_global_fallback=True)
    if settings.sqlite:
        # Now, since a first query that cannot open the file would keep Tortoise's lock for ever.
        await connection().create_connection(with_db=True)


async def close_database() -> None:
    """Close every connection."""
    await Tortoise.close_connections()
    # Tortoise keeps compiled statements by connection name, whatever the dialect was.
    EXECUTOR_CACHE.clear()


def connection() -> BaseDBAsyncClient:
    """Return the current connection: inside a transaction, the transaction's own."""
    return get_connection("default")


def dialect() -> str:
    """Return `sqlite` or `mysql`."""
    return connection().capabilities.dialect


def driver() -> str:
    """Return the name of the driver in use: Tortoise takes asyncmy where it is installed."""
    if dialect() == "sqlite":
        return "aiosqlite"
    from tortoise.backends.mysql import client

    return str(vars(client)["mysql"].__name__)


def pool() -> dict[str, int]:
    """Return how many connections are `used` and `free`, and the `max` there may be.

    SQLite has one connection, so nothing to tell. The database must be open.
    """
    found = getattr(connection(), "_pool", None)  # Tortoise shows its pool to nobody
    if found is None:
        return {}
    free, size = int(found.freesize), int(found.size)
    return {"used": size - free, "free": free, "max": int(found.maxsize)}


async def migrate(say: Callable[[str, str, str], object] | None = None) -> None:
    """Apply the migrations that the open database lacks; `say` is told of each."""
    config = tortoise_config(get_settings())
    executor = MigrationExecutor(connection(), config["apps"])
    with warnings.catch_warnings():
        # The ORM asks for its table with IF NOT EXISTS, and MySQL remarks on it each time.
        warnings.filterwarnings("ignore", message="Table 'tortoise_migrations' already exists")
        await executor.migrate(direction="forward", progress=say)


async def pending_migrations() -> list[str]:
    """Return the names of the migrations that the open database lacks."""
    config = tortoise_config(get_settings())
    executor = MigrationExecutor(connection(), config["apps"])
    applied = {key.name for key in await executor.recorder.applied_migrations()}
    await executor.loader.build_graph()
    return sorted(key.name for key in executor.loader.graph.nodes if key.name not in applied)


async def transact(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in one transaction; run it again when the database asks for a retry.

    `work` must have no effect outside the database, since it may run up to `ATTEMPTS` times.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _once(work)
        except OperationalError as error:
            if attempt == ATTEMPTS or not is_retryable(error):
                raise
            # Spread the contenders, or the same two meet again.
            await asyncio.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311
    raise AssertionError("unreachable")


async def _once(work: Callable[[], Awaitable[T]]) -> T:
    try:
        async with in_transaction("default"):
            return await work()
    except Exception as error:  # COMMIT may carry statements that fail
        if (translated := _translated(error)) is None:
            raise
        raise translated from error


async def at_one_moment(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`, whose reads all see the database as it is at one moment, in a transaction.

    Others write meanwhile, except on SQLite. Not to be called inside a transaction.
    """
    async with in_transaction("default"):
        if not _is_sqlite(connection()):
            # The level of the session holds for the transaction that was begun: begin another.
            await execute("COMMIT")
            await execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        return await work()


def is_retryable(error: OperationalError) -> bool:
    """Whether the database said that the same transaction may well succeed next time."""
    cause = next(iter(error.args), None)
    return next(iter(getattr(cause, "args", ())), None) in RETRIED_ERRORS


def is_outage(error: BaseException) -> bool:
    """Whether an error tells of the database's health, and nothing of the data."""
    if isinstance(error, DBConnectionError | OSError):
        return True
    if not isinstance(error, OperationalError):
        return False
    code = next(iter(getattr(next(iter(error.args), None), "args", ())), None)
    if isinstance(code, int):
        return code in _OUTAGES or 2000 <= code < 3000
    return "locked" in str(error) or "disk" in str(error)  # SQLite has words alone


async def packed_rows(
    columns: Sequence[str], tail: str, values: Sequence[Any] = ()
) -> list[list[Any]]:
    """Select `columns` of thousands of rows as one JSON field, and return the rows as lists.

    The database writes JSON, and orjson reads it, for a tenth of what the driver takes to decode
    row by row. Dates come as ISO text; a DECIMAL must be cast to CHAR, or it would be a float.
    """
    function = "json_group_array" if _is_sqlite(connection()) else "JSON_ARRAYAGG"
    found = await rows(
        f"SELECT {function}(JSON_ARRAY({', '.join(columns)})) AS packed {tail}", values
    )
    packed = found[0]["packed"]
    return orjson.loads(packed) if packed else []


async def rows(sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Run a hand-written SELECT with `%s` placeholders and return its rows as dicts."""
    client = connection()
    if _is_sqlite(client):
        return await client.execute_query_dict(_placeholders(sql), list(values))
    found = await _run(client, sql, values)
    return [dict(zip(found.names, row, strict=True)) for row in found.rows]


async def execute(sql: str, values: Sequence[Any] = ()) -> int:
    """Run a hand-written statement with `%s` placeholders and return the count of rows it hit."""
    client = connection()
    if _is_sqlite(client):
        count, _ = await client.execute_query(_placeholders(sql), list(values))
        return count
    return (await _run(client, sql, values)).count


async def insert(table: str, values: Mapping[str, Any]) -> int:
    """Insert one row, given by column, and return its id."""
    client = connection()
    sql = _insert(table, tuple(values))
    if _is_sqlite(client):
        return cast(int, await client.execute_insert(_placeholders(sql), list(values.values())))
    return (await _run(client, sql, list(values.values()))).row_id


async def execute_many(sql: str, values: Sequence[Sequence[Any]]) -> None:
    """Run a hand-written statement once for each row of `values`.

    In a transaction on MySQL a few rows wait for the next statement or the commit and are sent with
    it (domain/mysql.py): an error of theirs is raised there.
    """
    client = connection()
    if _is_sqlite(client):
        await client.execute_many(_placeholders(sql), [list(row) for row in values])
    elif values and isinstance(client, Transaction) and len(values) <= _ROWS_HELD_MAX:
        await _held(client, sql, values)
    elif len(values) == 1:
        await _run(client, sql, values[0])
    elif values:
        await client.execute_many(sql, [list(row) for row in values])


async def _run(client: BaseDBAsyncClient, sql: str, values: Sequence[Any]) -> Answer:
    """Run one statement on the driver.

    As Tortoise's own client does it, less what that costs on every statement.
    """
    try:
        if isinstance(client, Transaction):
            return await client.run(sql, values)
        async with client.acquire_connection() as driver:
            cursor = await driver.cursor()
            await cursor.execute(sql, values if isinstance(values, (list, tuple)) else list(values))
            return await Answer.of(cursor)
    except Exception as error:
        if (translated := _translated(error)) is None:
            raise
        raise translated from error


def _translated(error: Exception) -> Exception | None:
    """Return a driver's error as Tortoise's, whichever driver runs; None for any other error."""
    from tortoise.backends.mysql import client

    errors = vars(client)["errors"]
    if isinstance(error, errors.IntegrityError):
        return IntegrityError(error)
    return OperationalError(error) if isinstance(error, errors.DatabaseError) else None


async def _held(client: Transaction, sql: str, values: Sequence[Sequence[Any]]) -> None:
    try:
        await client.later(sql, values)
    except Exception as error:
        if (translated := _translated(error)) is None:
            raise
        raise translated from error


async def update_later(table: str, row_id: int, values: Mapping[str, Any]) -> None:
    """Change a row, given by column; see :func:`execute_many` for when it is sent."""
    await execute_many(_update(table, tuple(values)), [(*values.values(), row_id)])


async def insert_later(table: str, found: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of the same columns whose ids nobody needs; see :func:`execute_many`."""
    if found:
        sql = _insert(table, tuple(found[0]))
        await execute_many(sql, [tuple(values.values()) for values in found])


@overload
async def together(a: Awaitable[A], b: Awaitable[B], /) -> tuple[A, B]: ...
@overload
async def together(a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], /) -> tuple[A, B, C]: ...
@overload
async def together(
    a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], /
) -> tuple[A, B, C, D]: ...
@overload
async def together(
    a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], e: Awaitable[E], /
) -> tuple[A, B, C, D, E]: ...
@overload
async def together(
    a: Awaitable[A],
    b: Awaitable[B],
    c: Awaitable[C],
    d: Awaitable[D],
    e: Awaitable[E],
    f: Awaitable[F],
    /,
) -> tuple[A, B, C, D, E, F]: ...


async def together(*reads: Awaitable[Any]) -> Any:
    """Await reads of the running transaction that need not wait for each other.

    On MySQL their statements travel in one round trip, in this order, so that locks are taken in
    it. All of them end before the first error is raised: none may go on when the transaction is
    over.
    """
    found = await asyncio.gather(*reads, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return tuple(found)


def for_update() -> str:
    """Return the clause that locks the selected rows (SQLite's transactions lock already)."""
    return "" if _is_sqlite(connection()) else " FOR UPDATE"


def for_share() -> str:
    """Return the clause that keeps others from changing the selected rows meanwhile."""
    return "" if _is_sqlite(connection()) else " LOCK IN SHARE MODE"


def in_list(values: Sequence[Any]) -> str:
    """Return `(%s, %s, …)` for a non-empty list of values."""
    return "(" + ", ".join(["%s"] * len(values)) + ")"


def _is_sqlite(client: BaseDBAsyncClient) -> bool:
    return client.capabilities.dialect == "sqlite"


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    listed = ", ".join(f"`{name}`" for name in columns)
    return f"INSERT INTO {table} ({listed}) VALUES {in_list(columns)}"


@lru_cache(maxsize=256)
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'`{name}` = %s' for name in columns)} WHERE id = %s"


@lru_cache(maxsize=1024)
def _placeholders(sql: str) -> str:
    """Return the statement as SQLite takes it."""
    return sql.replace("%s", "?")


__all__ = [
    "DBConnectionError",
    "at_one_moment",
    "close_database",
    "connection",
    "dialect",
    "execute",
    "execute_many",
    "for_share",
    "for_update",
    "in_list",
    "insert",
    "insert_later",
    "is_outage",
    "is_retryable",
    "migrate",
    "open_database",
    "packed_rows",
    "pending_migrations",
    "pool",
    "rows",
    "together",
    "transact",
    "update_later",
]
