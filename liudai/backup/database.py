"""What a backup and a restore need of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

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


def insert_sql(table: str, columns: Sequence[str]) -> str:
    """Return the INSERT of one row, with `%s` placeholders."""
    listed = ", ".join(f"`{name}`" for name in columns)
    return f"INSERT INTO `{table}` ({listed}) VALUES ({', '.join(['%s'] * len(columns))})"
