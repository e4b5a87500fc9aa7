"""Plain connections for whole tables: rows come unconverted and as a stream, and go in in bulk.

The ORM's connection holds whole results and converts every value; a backup wants neither.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from domain.settings import Settings
from liudai.errors import LiudaiError


class NoDatabase(LiudaiError):
    """SQLite's file is not there, or the server does not answer."""


class Database(Protocol):
    """What a backup and a restore need of a database. Names are ours, so they are not escaped."""

    dialect: str

    def tables(self) -> list[str]:
        """The names of all tables, in order."""

    def columns(self, table: str) -> list[tuple[str, str]]:
        """Name and declared type of the table's columns, without the generated ones."""

    def key(self, table: str) -> list[str]:
        """The columns of the primary key."""

    def references(self) -> list[str]:
        """The foreign keys that do not hold, each as a sentence."""

    def next_id(self, table: str) -> int | None:
        """The id that the table's next row gets; None when it does not count."""

    def set_next_id(self, table: str, next_id: int) -> None:
        """Let the table count on from there."""

    def empty(self, table: str) -> None:
        """Take every row away, also where a trigger guards them."""

    def begin_snapshot(self) -> None:
        """See from now on one moment, whatever others commit."""

    def begin_filling(self) -> None:
        """Take rows in any order: references are proved in the end."""

    def commit(self) -> None:
        """Keep what was written."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run one statement with `%s` placeholders."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one SELECT with `%s` placeholders and return its rows."""

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a SELECT, holding few at a time; nothing else may run meanwhile."""

    def insert_many(self, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
        """Insert rows."""

    def close(self) -> None:
        """Close the connection."""


@contextmanager
def connected(settings: Settings, *, create: bool = False) -> Iterator[Database]:
    """Give a connection of its own to the database of `settings`.

    With `create`, SQLite makes the file that is not there. Raises NoDatabase when there is none.
    """
    path = settings.database_url.removeprefix("sqlite://")
    if settings.sqlite and not create and not Path(path).is_file():
        raise NoDatabase(f"there is no database at {path}")
    database: Database
    if settings.sqlite:
        database = Sqlite(settings)
    else:
        from liudai.backup.mysql import MySql  # late: the embedded default needs no driver

        database = MySql(settings)
    try:
        yield database
    finally:
        database.close()


class Sqlite:
    """The embedded database."""

    dialect = "sqlite"

    def __init__(self, settings: Settings) -> None:
        self._connection = sqlite3.connect(
            settings.database_url.removeprefix("sqlite://"), isolation_level=None, timeout=20.0
        )

    def tables(self) -> list[str]:
        found = self.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' "
            "ESCAPE '~' ORDER BY name"
        )
        return [name for (name,) in found]

    def columns(self, table: str) -> list[tuple[str, str]]:
        return [(row[1], row[2]) for row in self.rows(f"PRAGMA table_info(`{table}`)")]

    def key(self, table: str) -> list[str]:
        found = self.rows(f"PRAGMA table_info(`{table}`)")
        return [row[1] for row in sorted(found, key=lambda row: row[5]) if row[5]]

    def references(self) -> list[str]:
        return [
            f"{child} row {row} refers to a {parent} that is not there"
            for child, row, parent, _ in self.rows("PRAGMA foreign_key_check")
        ]

    def next_id(self, table: str) -> int | None:
        (made_by,) = self.rows("SELECT sql FROM sqlite_master WHERE name = %s", [table])[0]
        if not re.search(r"\bAUTOINCREMENT\b", made_by, re.IGNORECASE):
            return None
        found = self.rows("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        return int(found[0][0]) + 1 if found else 1

    def set_next_id(self, table: str, next_id: int) -> None:
        self.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
        self.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, next_id - 1]
        )

    def empty(self, table: str) -> None:
        guards = self.rows(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table]
        )
        for name, _ in guards:
            self.execute(f"DROP TRIGGER `{name}`")
        self.execute(f"DELETE FROM `{table}`")
        for _, made_by in guards:
            self.execute(made_by)

    def begin_snapshot(self) -> None:
        self.execute("BEGIN")
        self.rows("SELECT COUNT(*) FROM sqlite_master")  # a snapshot begins with its first read

    def begin_filling(self) -> None:
        self.execute("PRAGMA foreign_keys = OFF")
        self.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self._connection.in_transaction:
            self._connection.commit()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._connection.execute(sql.replace("%s", "?"), values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql.replace("%s", "?"), values).fetchall()

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        yield from self._connection.execute(sql)

    def insert_many(self, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
        sql = insert_sql(table, columns).replace("%s", "?")
        self._connection.executemany(sql, rows)

    def close(self) -> None:
        self._connection.close()


def insert_sql(table: str, columns: Sequence[str]) -> str:
    """Return the INSERT of one row, with `%s` placeholders."""
    listed = ", ".join(f"`{name}`" for name in columns)
    return f"INSERT INTO `{table}` ({listed}) VALUES ({', '.join(['%s'] * len(columns))})"
