"""What one selection of a noun takes: its columns, its joins, and the way from a row to the object.

Worked out once for a selection of a document (see nouns.py), so that a row costs little more than
the reads of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from domain.actor import Actor
from domain.queries.select import Condition, Join

Row: TypeAlias = Mapping[str, Any]
Read: TypeAlias = Callable[[Actor, Row], Any]
Make: TypeAlias = Callable[[Actor, Row], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A field read from columns of its own row: by `read`, or the only one through `convert`."""

    columns: tuple[str, ...]
    read: Read | None = None
    convert: Callable[[Any], Any] | None = None

    def at(self, prefix: str) -> Read:
        """Return how to read the field from a row whose columns are named with this prefix."""
        read, convert, name = self.read, self.convert, prefix + self.columns[0]
        if read is not None:
            return (lambda actor, row: read(actor, _Part(row, prefix))) if prefix else read
        if convert is not None:
            return lambda _, row: convert(row[name])
        return lambda _, row: row[name]


@dataclass(frozen=True, slots=True)
class One:
    """A field that is another noun, pointed to by a column of the row."""

    by: str


@dataclass(frozen=True, slots=True)
class Many:
    """A field that lists the nouns whose `parent` column points to the row, the first `most`."""

    parent: str
    order: str
    where: tuple[Condition, ...]
    staff_only: bool
    most: int


@dataclass(slots=True)
class Reading:
    """The columns and joins of one statement, and what makes an object of each of its rows."""

    columns: dict[str, None] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    make: Make = lambda _, row: row
    lists: bool = False
    """Whether a list of children is selected, here or in a noun joined to it."""


def maker(of: type, reads: Mapping[str, Read]) -> Make:
    """Return what makes an object with these attributes, without its `__init__`."""
    new, pairs = object.__new__, tuple(reads.items())

    def make(actor: Actor, row: Row) -> Any:
        made: Any = new(of)
        made.__dict__ = {attribute: read(actor, row) for attribute, read in pairs}
        return made

    return make


def made_if_there(key: str, make: Make) -> Read:
    """Return `make` for rows where the join found one: where the column `key` is not null."""
    return lambda actor, row: None if row[key] is None else make(actor, row)


class _Part(Mapping[str, Any]):
    """The columns of one join, by their own names."""

    __slots__ = ("_prefix", "_row")

    def __init__(self, row: Row, prefix: str) -> None:
        self._row, self._prefix = row, prefix

    def __getitem__(self, name: str) -> Any:
        return self._row[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        start = len(self._prefix)
        return (name[start:] for name in self._row if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)
