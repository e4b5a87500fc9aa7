"""The embedded database, as a backup reads and a restore fills it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from domain.settings import Settings
from liudai.backup.database import insert_sql


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
