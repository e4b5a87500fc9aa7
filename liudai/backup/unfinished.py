"""The mark of a restore under way: a table that is there until the last proof has succeeded.

While it is there nothing else of Liudai starts on the database, for what it holds may be half.
"""

from __future__ import annotations

import datetime as dt
import sqlite3

from domain.operations.clock import now
from domain.settings import Settings
from liudai.backup.connections import connected
from liudai.backup.database import Database, NoDatabase
from liudai.errors import LiudaiError

MARK_TABLE = "unfinished_restore"


def mark(database: Database, backup: str) -> None:
    """Mark the database, before anything else is done to it."""
    database.execute(
        f"CREATE TABLE {MARK_TABLE} (backup VARCHAR(300) NOT NULL, begun_at VARCHAR(40) NOT NULL)"
    )
    begun = now().isoformat(timespec="seconds")
    database.execute(f"INSERT INTO {MARK_TABLE} VALUES (%s, %s)", [backup[:300], begun])
    database.commit()


def unmark(database: Database) -> None:
    """Take the mark away, when everything is proved."""
    database.execute(f"DROP TABLE {MARK_TABLE}")
    database.commit()


def refuse_unfinished(database: Database) -> None:
    """Raise LiudaiError when the database holds a restore that did not come to its end."""
    if MARK_TABLE not in database.tables():
        return
    found = database.rows(f"SELECT backup, begun_at FROM {MARK_TABLE}")
    backup, begun = found[0] if found else ("?", "?")
    since = f" {dt.datetime.fromisoformat(begun):%Y-%m-%d %H:%M} UTC" if found else ""
    emptied = (
        "delete its file and those beside it (-wal, -shm)"
        if database.dialect == "sqlite"
        else "DROP DATABASE and CREATE DATABASE"
    )
    raise LiudaiError(
        f"this database holds an unfinished restore of {backup}, begun{since}: it is not whole. "
        f"If no restore is running, empty it ({emptied}) and run `liudai restore` again / "
        f"该数据库中有一次未完成的恢复（{backup}），数据不完整。若没有恢复正在运行，请清空该数据库"
        "后重新执行 `liudai restore`"
    )


def refuse_unfinished_database(settings: Settings) -> None:
    """The same for a command that is about to start; a database that does not answer says nothing
    here, since the processes wait for theirs."""
    try:
        with connected(settings) as database:
            refuse_unfinished(database)
    except (NoDatabase, sqlite3.Error):
        return
