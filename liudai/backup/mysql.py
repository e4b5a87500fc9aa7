"""MySQL and MariaDB, as :mod:`liudai.backup.connections` has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from domain.db import tortoise_config
from domain.settings import Settings
from liudai.backup.database import NoDatabase, insert_sql
from liudai.refusing import unreachable

_FETCH_ROWS = 1_000
_SLOW_READER_SECONDS = 3_600
_INTEGERS = ("TINY", "SHORT", "INT24", "LONG", "LONGLONG")
_UNCONVERTED = {
    **encoders,
    **{getattr(FIELD_TYPE, name): int for name in _INTEGERS},
    FIELD_TYPE.DOUBLE: float,
}


class MySql:
    """MySQL and MariaDB."""

    dialect = "mysql"

    def __init__(self, settings: Settings) -> None:
        given = tortoise_config(settings)["connections"]["default"]["credentials"]
        try:
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
        except pymysql.MySQLError as error:
            raise NoDatabase(unreachable(error)) from error

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

    def empty(self, table: str) -> None:
        self.execute(f"TRUNCATE TABLE `{table}`")

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
            cursor.executemany(insert_sql(table, columns), rows)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()

    def _is_mariadb(self) -> bool:
        return "MariaDB" in str(self.rows("SELECT VERSION()")[0][0])
