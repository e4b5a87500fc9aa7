"""Plain connections for whole tables: rows come unconverted and as a stream, and go in in bulk.

The ORM's connection holds whole results and converts every value; a backup wants neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.settings import Settings
from liudai.backup.database import Database, NoDatabase
from liudai.backup.sqlite import Sqlite


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
