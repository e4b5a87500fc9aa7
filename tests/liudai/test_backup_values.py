"""Every kind of value survives each database and the backup between, exactly."""

from __future__ import annotations

import datetime as dt
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.schema import ColumnType, Kind
from liudai.backup.catalogue import stored_rows
from liudai.backup.database import Database
from liudai.backup.dump import DumpSink, DumpWriter, Head, Table, TableHash, read_dump
from liudai.backup.values import ValueUnknown, converted, read_steps, write_steps
from liudai.errors import LiudaiError
from tests.liudai.backups import System, empty_system

KEY = bytes(range(32))
TYPES = {
    "id": ColumnType(Kind.INTEGER),
    "big": ColumnType(Kind.INTEGER),
    "share": ColumnType(Kind.REAL),
    "rate": ColumnType(Kind.DECIMAL, 12),
    "note": ColumnType(Kind.TEXT),
    "document": ColumnType(Kind.JSON),
    "day": ColumnType(Kind.DATE),
    "moment": ColumnType(Kind.MOMENT),
}
TABLE = Table("kinds", ["id"], list(TYPES), list(TYPES.values()))
CREATE = {
    "sqlite": "CREATE TABLE kinds (id INTEGER PRIMARY KEY AUTOINCREMENT, big BIGINT, share REAL, "
    "rate VARCHAR(40), note TEXT, document JSON, day DATE, moment TIMESTAMP)",
    "mysql": "CREATE TABLE kinds (id BIGINT PRIMARY KEY AUTO_INCREMENT, big BIGINT, share DOUBLE, "
    "rate DECIMAL(14,12), note LONGTEXT, document JSON, day DATE, moment DATETIME(6)) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
_IDS = itertools.count(1)

texts = st.text(st.characters(codec="utf-8"), max_size=40)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
rows = st.tuples(
    *(
        st.none() | value
        for value in (
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.decimals("-99", "99", places=12).map(lambda found: f"{found + 0:f}"),
            texts,
            documents.map(lambda found: orjson.dumps({"is": found}).decode()),
            st.dates(dt.date(1000, 1, 1)).map(dt.date.isoformat),
            st.datetimes(dt.datetime(1000, 1, 1)).map(  # noqa: DTZ001
                lambda found: found.isoformat(timespec="microseconds") + "Z"
            ),
        )
    )
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Database]]:
    """A database of each dialect with the table."""
    home = tmp_path_factory.mktemp("values")
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    with (
        empty_system("sqlite", home, secret_key=key) as one,
        empty_system("mysql", home, secret_key=key) as other,
        open_with_table(one) as sqlite,
        open_with_table(other) as mysql,
    ):
        yield [sqlite, mysql]


@contextmanager
def open_with_table(system: System) -> Iterator[Database]:
    with system.connected_to_create() as database:
        database.execute(CREATE[database.dialect])
        yield database


def stored(database: Database, row: list[Any]) -> list[Any]:
    """Write the row as a restore does, read it as a backup does, and take it away."""
    database.insert_many("kinds", TABLE.columns, [converted(row, write(database))])
    (found,) = stored_rows(database, TABLE)
    database.execute("DELETE FROM kinds")
    database.commit()
    return found


def write(database: Database) -> Any:
    return write_steps(TABLE.types, database.dialect)


def through_a_file(row: list[Any]) -> list[Any]:
    """The row after a backup's whole way: lines, gzip, chunks and back."""
    found: list[list[Any]] = []

    class Keep(DumpSink):
        def rows(self, table: Table, rows: list[list[Any]]) -> None:
            found.extend(rows)

    file = io.BytesIO()
    writer = DumpWriter(file, KEY)
    writer.head(Head("liudai", "now", "sqlite", ["0001"], "", [TABLE]))
    writer.table(TABLE, iter([row]), None)
    writer.close()
    file.seek(0)
    read_dump(file, KEY, Keep())
    return found[0]


def same(one: list[Any], other: list[Any]) -> bool:
    hashes = []
    for row in (one, other):
        running = TableHash(TABLE)
        running.add(row)
        hashes.append(running.total())
    return hashes[0] == hashes[1]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=rows)
@example(made=(2**63 - 1, 0.1 + 0.2, "-0.000000000001", "", "{}", "2028-02-29", None))
@example(made=(-(2**63), 5e-324, "99.999999999999", "\0'\"\\%s\n王", '"\\u0000"', None, None))
@example(made=(0, 1.7976931348623157e308, None, "🏦 ", "[1e-7]", "9999-12-31", None))
@example(made=(None, -0.0, None, "NULL", None, None, "9999-12-31T23:59:59.999999Z"))
@example(made=(None, None, None, None, '{"b":1,"a":2}', None, "2026-01-15T08:00:00.000000Z"))
def test_a_row_survives_every_way(databases: list[Database], made: tuple[Any, ...]):
    row = [next(_IDS), *made]
    assert through_a_file(row) == row
    for database in databases:
        assert stored(database, row) == row
    one, other = databases
    assert stored(other, stored(one, row)) == row
    assert stored(one, stored(other, row)) == row


def test_a_table_of_texts_is_read_in_one_order_everywhere(databases: list[Database]):
    notes = ["b", "a", "B", "A", "é", "e", "王", "🏦", "", "10", "9", "a "]
    by_note = Table("kinds", ["note"], TABLE.columns, TABLE.types)
    found = []
    for database in databases:
        made = [[next(_IDS), None, None, None, note, None, None, None] for note in notes]
        database.insert_many("kinds", TABLE.columns, made)
        found.append([row[4] for row in stored_rows(database, by_note)])
        database.execute("DELETE FROM kinds")
        database.commit()
    assert found[0] == found[1] == sorted(notes, key=str.encode)


@pytest.mark.parametrize(
    ("kind", "scale", "value", "read"),
    [
        # What SQLite may hold of one and the same value.
        (Kind.DECIMAL, 12, "0.06", "0.060000000000"),
        (Kind.DECIMAL, 12, "6E-2", "0.060000000000"),
        (Kind.DECIMAL, 4, "-0.0000", "0.0000"),
        (Kind.DECIMAL, 0, 7, "7"),
        (Kind.MOMENT, 0, "2026-01-15 08:00:00+00:00", "2026-01-15T08:00:00.000000Z"),
        (Kind.MOMENT, 0, "2026-01-15 16:00:00.5+08:00", "2026-01-15T08:00:00.500000Z"),
        (Kind.MOMENT, 0, "2026-01-15 08:00:00.000001", "2026-01-15T08:00:00.000001Z"),
        (Kind.REAL, 0, 3, 3.0),
    ],
)
def test_one_value_has_one_text(kind: Kind, scale: int, value: Any, read: Any):
    assert converted([value], read_steps([ColumnType(kind, scale)])) == [read]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INTEGER, "7"),
        (Kind.INTEGER, 2**63),
        (Kind.INTEGER, 1.0),
        (Kind.REAL, float("inf")),
        (Kind.REAL, "0.5"),
        (Kind.TEXT, b"bytes"),
        (Kind.TEXT, 7),
        (Kind.DECIMAL, "many"),
        (Kind.DECIMAL, "0.001"),
        (Kind.DATE, "15.1.2026"),
        (Kind.MOMENT, "noon"),
    ],
)
def test_a_value_that_could_not_be_kept_is_refused(kind: Kind, value: Any):
    with pytest.raises(ValueUnknown):
        converted([value], read_steps([ColumnType(kind, 2)]))


def test_the_row_of_such_a_value_is_named(tmp_path: Path):
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    with (
        empty_system("sqlite", tmp_path, secret_key=key) as system,
        open_with_table(system) as database,
    ):
        database.execute("INSERT INTO kinds (id, day) VALUES (41, 'tomorrow')")
        with pytest.raises(LiudaiError, match="kinds, row 41: 'tomorrow' is no date"):
            list(stored_rows(database, TABLE))


def test_a_document_is_the_same_however_it_is_spelled():
    def row(document: str) -> list[Any]:
        return [1, None, None, None, None, document, None, None]

    assert same(row('{"a": 1, "b": [2.50]}'), row('{"b":[2.5],"a":1}'))
    assert not same(row('{"a":1}'), row('{"a":2}'))
    assert not same(row('{"a":1}'), row('{"a":"1"}'))
    assert not same(row("no document"), row("none"))


@pytest.mark.parametrize("document", ["7", "-49052386678927384", "0.25", "null", "true", '"7"'])
def test_a_document_that_is_one_value_is_kept(databases: list[Database], document: str):
    row = [next(_IDS), None, None, None, None, document, None, None]
    for database in databases:
        assert stored(database, row) == row
