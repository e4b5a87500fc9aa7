"""A value as a backup has it: the same text whatever database it came from, and exact.

| kind | in the backup | in SQLite | in MySQL and MariaDB |
| --- | --- | --- | --- |
| integer | number, 64 bits | the same | the same; BOOL is 0 or 1 |
| real | number that reads back as the same double | REAL | DOUBLE |
| decimal | text with the column's digits: "0.060000000000" | that text | DECIMAL |
| text | text | the same | the same |
| json | the text as it stands | the same | the same; MySQL 8 spells it its own way |
| date | "2026-01-15" | that text | DATE |
| moment | UTC: "2026-01-15T08:00:00.000000Z" | "2026-01-15 08:00:00+00:00" | DATETIME(6) |

Databases are read without conversion: dates, moments and decimals arrive as text. NULL is null.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import orjson

from domain.schema import ColumnType, Kind

Convert: TypeAlias = Callable[[Any], Any]
Steps: TypeAlias = list[tuple[int, Convert]]


class ValueUnknown(ValueError):
    """A stored value is not of its column's kind, so no backup could keep it exactly."""


def read_steps(types: Sequence[ColumnType]) -> Steps:
    """Return, by place in a row, what makes the backup's value of a stored one."""
    return [(i, _reader(column)) for i, column in enumerate(types)]


def write_steps(types: Sequence[ColumnType], dialect: str) -> Steps:
    """Return, by place in a row, what makes a stored value of the backup's."""
    write_moment = _sqlite_moment if dialect == "sqlite" else _mysql_moment
    return [(i, write_moment) for i, column in enumerate(types) if column.kind is Kind.MOMENT]


def hash_steps(types: Sequence[ColumnType]) -> Steps:
    """Return, by place in a row, what makes the hashed value of the backup's.

    A JSON document counts as equal however it is spelled.
    """
    return [(i, _one_spelling) for i, column in enumerate(types) if column.kind is Kind.JSON]


def converted(row: Sequence[Any], steps: Steps) -> list[Any]:
    """Return the row after its steps; NULL stays."""
    values = list(row)
    for place, convert in steps:
        if values[place] is not None:
            values[place] = convert(values[place])
    return values


def _reader(column: ColumnType) -> Convert:
    if column.kind is Kind.DECIMAL:
        quantum = Decimal(1).scaleb(-column.scale)
        return lambda value: _decimal(value, quantum)
    return _READERS[column.kind]


def _integer(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueUnknown(f"{value!r} is no 64-bit integer")
    return value


def _real(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueUnknown(f"{value!r} is no finite number")
    return float(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueUnknown(f"{value!r} is no text")
    return value


def _json(value: Any) -> str:
    """SQLite makes a number of a document that is nothing but one."""
    return orjson.dumps(value).decode() if type(value) in (int, float) else _text(value)


def _decimal(value: Any, quantum: Decimal) -> str:
    try:
        number = Decimal(str(value))
        exact = number.quantize(quantum)
    except InvalidOperation:
        raise ValueUnknown(f"{value!r} is no decimal") from None
    if exact != number:
        raise ValueUnknown(f"{value!r} has more digits than its column")
    return f"{exact + 0:f}"  # + 0: a negative zero has no sign in MySQL


def _date(value: Any) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueUnknown(f"{value!r} is no date") from None


def _moment(value: Any) -> str:
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueUnknown(f"{value!r} is no time") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds") + "Z"


_READERS: dict[Kind, Convert] = {
    Kind.INTEGER: _integer,
    Kind.REAL: _real,
    Kind.TEXT: _text,
    Kind.JSON: _json,
    Kind.DATE: _date,
    Kind.MOMENT: _moment,
}


def _sqlite_moment(value: str) -> str:
    """As the processes write it: without a fraction when that is zero."""
    return dt.datetime.fromisoformat(value).isoformat(" ")


def _mysql_moment(value: str) -> str:
    return value.removesuffix("Z").replace("T", " ")


def _one_spelling(value: str) -> str:
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONDecodeError:
        return value
