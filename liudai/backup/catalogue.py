"""Which tables a backup holds: every one that the database has, but for two that are not data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domain.db import APP
from domain.schema import MIGRATIONS_TABLE, ColumnType, Kind
from liudai.backup.database import Database
from liudai.backup.dump import Table
from liudai.backup.unfinished import MARK_TABLE
from liudai.backup.values import ValueUnknown, converted, read_steps
from liudai.errors import LiudaiError

# The first words of a declared type, for a column that the models do not have.
_DECLARED = {
    **dict.fromkeys(("int", "integer", "bigint", "smallint", "tinyint", "bool"), Kind.INTEGER),
    **dict.fromkeys(("real", "double"), Kind.REAL),
    **dict.fromkeys(("varchar", "char", "text", "longtext", "mediumtext"), Kind.TEXT),
    **dict.fromkeys(("datetime", "timestamp"), Kind.MOMENT),
    "date": Kind.DATE,
    "json": Kind.JSON,
}


def data_tables(database: Database) -> list[str]:
    """Return the names of the tables that hold data: not the migrations', not a restore's mark."""
    return [name for name in database.tables() if name not in (MIGRATIONS_TABLE, MARK_TABLE)]


def catalogue(database: Database, types: Mapping[str, Mapping[str, ColumnType]]) -> list[Table]:
    """Return every table of the database as it is dumped.

    `types` are those of the models; a table or column that only the database has is taken by its
    declared type. Raises LiudaiError for a type that a backup cannot keep.
    """
    return [_table(database, name, types.get(name, {})) for name in data_tables(database)]


def stored_rows(database: Database, table: Table) -> Iterator[list[Any]]:
    """Yield the table's rows by key, as a backup has them, holding few at a time."""
    steps = read_steps(table.types)
    for row in database.stream(_select(table, database.dialect)):
        try:
            yield converted(row, steps)
        except ValueUnknown as error:
            raise LiudaiError(f"{table.name}, row {row[0]}: {error}") from None


def applied_migrations(database: Database) -> list[str]:
    """Return the names of the applied migrations, in order; none for an empty database."""
    if MIGRATIONS_TABLE not in database.tables():
        return []
    found = database.rows(
        f"SELECT name FROM {MIGRATIONS_TABLE} WHERE app = %s ORDER BY name", [APP]
    )
    return [name for (name,) in found]


def _table(database: Database, name: str, types: Mapping[str, ColumnType]) -> Table:
    columns = database.columns(name)
    found = [
        types.get(column) or _declared(f"{name}.{column}", declared) for column, declared in columns
    ]
    names = [column for column, _ in columns]
    return Table(name, database.key(name) or names, names, found)


def _declared(column: str, declared: str) -> ColumnType:
    kind = _DECLARED.get(declared.partition("(")[0].strip().lower())
    if kind is None:
        raise LiudaiError(f"{column} has the type {declared}, which a backup cannot keep")
    return ColumnType(kind)


def _select(table: Table, dialect: str) -> str:
    kinds = dict(zip(table.columns, table.types, strict=True))
    # By bytes, so that texts sort alike in every database.
    order = ", ".join(
        f"CAST(`{column}` AS BINARY)"
        if dialect == "mysql" and kinds[column].kind in (Kind.TEXT, Kind.JSON)
        else f"`{column}`"
        for column in table.key
    )
    listed = ", ".join(f"`{column}`" for column in table.columns)
    return f"SELECT {listed} FROM `{table.name}` ORDER BY {order}"
