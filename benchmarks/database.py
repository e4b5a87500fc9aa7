"""The database server seen from outside: what CPU it takes, who waited for a row lock."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psutil
import pymysql

_LOCAL = frozenset({"", "127.0.0.1", "localhost", "::1"})


class Database:
    """The server behind a database URL. Its counters are the server's: they count others too."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        port = parts.port or 3306
        self._connection = pymysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=port,
            user=parts.username or "root",
            password=parts.password or "",
            database=parts.path.lstrip("/"),
            autocommit=True,
        )
        self._process = _listening(port) if (parts.hostname or "") in _LOCAL else None

    def cpu_seconds(self) -> float:
        """User and system time of the server process so far; 0.0 when it cannot be seen."""
        if self._process is None:
            return 0.0
        used = self._process.cpu_times()
        return float(used.user + used.system)

    def lock_counts(self) -> tuple[int, int]:
        """How often a transaction has waited for a row lock so far, and how often in a circle."""
        found = {
            name: int(value)
            for name, value in self._rows(
                "SHOW GLOBAL STATUS WHERE Variable_name IN "
                "('Innodb_row_lock_waits', 'Innodb_deadlocks')"
            )
        }
        return found["Innodb_row_lock_waits"], found.get("Innodb_deadlocks", 0)

    def setting(self, name: str) -> str:
        """The value of a system variable."""
        return str(self._rows(f"SELECT @@GLOBAL.{name}")[0][0])

    def counts(self, tables: tuple[str, ...]) -> dict[str, int]:
        """How many rows each table has."""
        return {table: self._rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


def _listening(port: int) -> psutil.Process | None:
    """The process that listens on a port of this machine, where we may know it."""
    with suppress(psutil.Error):
        for each in psutil.net_connections(kind="tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid:
                return psutil.Process(each.pid)
    return None
