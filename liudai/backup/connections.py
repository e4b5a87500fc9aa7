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

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from domain.db import tortoise_config
from domain.settings import Settings
from liudai.errors import LiudaiError

_FETCH_ROWS = 1_000
_SLOW_READER_SECONDS = 3_600
_INTEGERS = ("TINY", "SHORT", "INT24", "LONG", "LONGLONG")
_UNCONVERTED = {
    **encoders,
    **{getattr(FIELD_TYPE, name): int for name in _INTEGERS},
    FIELD_TYPE.DOUBLE: float,
}


class NoDatabase(LiudaiError):
    """SQLite's file is not there."""


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

    With `create`, SQLite makes the file that is not there. Raises NoDatabase otherwise.
    """
    path = settings.database_url.removeprefix("sqlite://")
    if settings.sqlite and not create and not Path(path).is_file():
        raise NoDatabase(f"there is no database at {path}")
    database: Database = Sqlite(settings) if settings.sqlite else MySql(settings)
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
        sql = _insert(table, columns).replace("%s", "?")
        self._connection.executemany(sql, rows)

    def close(self) -> None:
        self._connection.close()


class MySql:
    """MySQL and MariaDB."""

    dialect = "mysql"

    def __init__(self, settings: Settings) -> None:
        given = tortoise_config(settings)["connections"]["default"]["credentials"]
        self._connection = pymysql.connect(
            **{name: given[name] for name in ("host", "port", "user", "password", "database")},
            charset="utf8mb4",
            conv=_UNCONVERTED,
            autocommit=True,
            init_command=(
                "SET SESSION time_zone = '+00:00', "
                # As strict as can be; and an id of 0, where there is one, stays 0.
                "sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO', "
                f"net_write_timeout = {_SLOW_READER_SECONDS}"
            ),
        )

    def tables(self) -> list[str]:
        found = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
            "AND table_type = 'BASE TABLE'"
        )
        return sorted(name for (name,) in found)

    def columns(self, table: str) -> list[tuple[str, str]]:
        found = self.rows(
            "SELECT column_name, data_type, extra FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        # Not DEFAULT_GENERATED, by which MySQL 8 means a default that is an expression.
        return [
            (name, kind)
            for name, kind, extra in found
            if not re.search(r"(VIRTUAL|STORED|PERSISTENT) GENERATED", extra, re.IGNORECASE)
        ]

    def key(self, table: str) -> list[str]:
        found = self.rows(
            "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = "
            "DATABASE() AND table_name = %s AND constraint_name = 'PRIMARY' "
            "ORDER BY ordinal_position",
            [table],
        )
        return [name for (name,) in found]

    def references(self) -> list[str]:
        found = self.rows(
            "SELECT table_name, column_name, referenced_table_name, referenced_column_name "
            "FROM information_schema.key_column_usage WHERE table_schema = DATABASE() "
            "AND referenced_table_name IS NOT NULL"
        )
        faults = []
        for child, column, parent, to in found:
            (lost,) = self.rows(
                f"SELECT COUNT(*) FROM `{child}` c LEFT JOIN `{parent}` p ON p.`{to}` = "
                f"c.`{column}` WHERE c.`{column}` IS NOT NULL AND p.`{to}` IS NULL"
            )[0]
            if lost:
                faults.append(f"{lost} rows of {child} refer to a {parent} that is not there")
        return faults

    def next_id(self, table: str) -> int | None:
        found = self.rows(
            "SELECT auto_increment FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = %s",
            [table],
        )
        return None if found[0][0] is None else int(found[0][0])

    def set_next_id(self, table: str, next_id: int) -> None:
        self.execute(f"ALTER TABLE `{table}` AUTO_INCREMENT = {next_id:d}")

    def begin_snapshot(self) -> None:
        if not self._is_mariadb():
            # MySQL 8 remembers what tables count for a day; MariaDB asks each time.
            self.execute("SET SESSION information_schema_stats_expiry = 0")
        self.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def begin_filling(self) -> None:
        self.execute("SET SESSION foreign_key_checks = 0")
        self.execute("SET SESSION autocommit = 0")

    def commit(self) -> None:
        self._connection.commit()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        with self._connection.cursor(SSCursor) as cursor:
            cursor.execute(sql)
            while found := cursor.fetchmany(_FETCH_ROWS):
                yield from found

    def insert_many(self, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_insert(table, columns), rows)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()

    def _is_mariadb(self) -> bool:
        return "MariaDB" in str(self.rows("SELECT VERSION()")[0][0])


def _insert(table: str, columns: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in columns)
    return f"INSERT INTO `{table}` ({listed}) VALUES ({', '.join(['%s'] * len(columns))})"
