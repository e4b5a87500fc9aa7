"""Whether LIUDAI_SECRET_KEY opens what a database has encrypted: a backup holds no secret key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidTag

from domain.encryption import decrypt
from liudai.backup.dump import Table

_SUFFIX = "_cipher"


class CipherSample:
    """Keeps one encrypted value of each column as rows go by."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def follow(self, table: Table, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
        """Pass a table's rows on, looking at those of one that has encrypted columns."""
        if not any(column.endswith(_SUFFIX) for column in table.columns):
            return rows
        return self._following(table, rows)

    def _following(self, table: Table, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
        for row in rows:
            self.look(table, [row])
            yield row

    def look(self, table: Table, rows: list[list[Any]]) -> None:
        """Take what some rows of a table hold."""
        for place, column in enumerate(table.columns):
            name = f"{table.name}.{column.removesuffix(_SUFFIX)}"
            if not column.endswith(_SUFFIX) or name in self._found:
                continue
            values = (row[place] for row in rows if row[place])
            if (value := next(values, None)) is not None:
                self._found[name] = value

    def unopened(self) -> list[str]:
        """Return the columns whose value the configured key does not open."""
        return [name for name, value in self._found.items() if not _opens(value, name)]


def _opens(value: str, column: str) -> bool:
    try:
        decrypt(value, column=column)
    except (InvalidTag, ValueError):
        return False
    return True
