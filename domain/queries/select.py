"""Reading rows for lists and details: only the columns asked for, joined in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from domain.db import rows


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of WHERE with its values; `%s` stands for each."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """One row of `table` beside each row, found by `on`; its columns are named `alias.column`."""

    table: str
    alias: str
    on: str


async def select(
    table: str,
    columns: Sequence[str],
    *,
    joins: Sequence[Join] = (),
    where: Sequence[Condition] = (),
    order: str = "",
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return rows as dicts by the names in `columns`: `name` of the table, `alias.name` of a join.

    Column and table names come from our own declarations, never from a caller.
    """
    sql = _head(table, tuple(columns), tuple(joins))
    values: list[Any] = []
    if where:
        sql += " WHERE " + " AND ".join(f"({condition.sql})" for condition in where)
        for condition in where:
            values += condition.values
    if order:
        sql += f" ORDER BY {order}"
    if limit is not None:
        sql += " LIMIT %s"
        values.append(limit)
    return await rows(sql, values)


async def count(table: str, *, where: Sequence[Condition] = ()) -> int:
    """Return how many rows of `table` fulfil every condition."""
    sql = f"SELECT COUNT(*) AS n FROM {table}"
    values: list[Any] = []
    if where:
        sql += " WHERE " + " AND ".join(f"({condition.sql})" for condition in where)
        for condition in where:
            values += condition.values
    found: int = (await rows(sql, values))[0]["n"]
    return found


async def first_of_each(
    table: str,
    columns: Sequence[str],
    *,
    parent: str,
    parents: Sequence[int],
    where: Sequence[Condition] = (),
    order: str,
    limit: int,
) -> list[dict[str, Any]]:
    """Return the first `limit` rows of `table` in `order` for each of the `parents`, one statement.

    `parent` is the column that points to them; it is among the columns returned.
    """
    places = ", ".join(["%s"] * len(parents))
    needed = list(dict.fromkeys([*columns, parent]))
    listed = ", ".join(f"`{name}`" for name in needed)
    condition = "".join(f" AND ({each.sql})" for each in where)
    values = [*parents, *(value for each in where for value in each.values)]
    if len(parents) == 1:
        return await rows(
            f"SELECT {listed} FROM {table} WHERE {parent} IN ({places}){condition} "
            f"ORDER BY {order} LIMIT %s",
            [*values, limit],
        )
    return await rows(
        f"SELECT {listed} FROM (SELECT {listed}, ROW_NUMBER() OVER (PARTITION BY {parent} "
        f"ORDER BY {order}) AS place_ FROM {table} WHERE {parent} IN ({places}){condition}) t "
        f"WHERE place_ <= %s ORDER BY {parent}, place_",
        [*values, limit],
    )


@lru_cache(maxsize=512)
def _head(table: str, columns: tuple[str, ...], joins: tuple[Join, ...]) -> str:
    sql = f"SELECT {', '.join(_column(table, name) for name in columns)} FROM {table}"
    for join in joins:
        sql += f" LEFT JOIN {join.table} {join.alias} ON {join.on}"
    return sql


def _column(table: str, name: str) -> str:
    alias, dot, column = name.partition(".")
    return f"{alias}.`{column}` AS `{name}`" if dot else f"{table}.`{name}`"
