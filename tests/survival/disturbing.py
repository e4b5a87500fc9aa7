"""What disturbs the database from outside: killed connections, deadlocks, a lock that is held; and
what can be seen of its lock waits. All of it in the test's own database alone."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pymysql
from pymysql.connections import Connection

# Run before an API process: each retry that the database asks for becomes a line of a file.
COUNT_RETRIES = """
import os
import domain.db as db
asked = db.is_retryable
file = os.open({path!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def counted(error):
    found = asked(error)
    if found:
        os.write(file, f"{{error.args[0].args[0]}}\\n".encode())
    return found
db.is_retryable = counted
"""


def connect(url: str) -> Connection:
    """A connection of the tester's own."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=parts.username or "root",
        password=parts.password or "",
        database=parts.path.lstrip("/"),
        autocommit=True,
    )


class Sampler:
    """Counts lock waits by table, by looking now and then: each wait once.

    InnoDB shows a new picture only to who has not looked for a tenth of a second.
    """

    def __init__(self, url: str) -> None:
        self._url, self._seen = url, set[tuple[str, str]]()
        self.waits: Counter[str] = Counter()

    def look(self, cursor: pymysql.cursors.Cursor) -> None:
        """Count the waits of this moment that were not seen before."""
        database = urlsplit(self._url).path.lstrip("/")
        cursor.execute(
            "SELECT w.requested_lock_id, w.requesting_trx_id, l.lock_table "
            "FROM information_schema.innodb_lock_waits w "
            "JOIN information_schema.innodb_locks l ON l.lock_id = w.requested_lock_id "
            "WHERE l.lock_table LIKE %s",
            [f"`{database}`%"],
        )
        for lock, transaction, table in cursor.fetchall():
            if (transaction, lock) not in self._seen:
                self._seen.add((transaction, lock))
                self.waits[table.split("`")[-2]] += 1


class Killer:
    """KILL CONNECTION on somebody, but for the connections it was told of."""

    def __init__(self, *, seed: int, spared: set[int]) -> None:
        self._random, self._spared = random.Random(seed), spared
        self.killed = 0

    def kill_one(self, cursor: pymysql.cursors.Cursor) -> None:
        """Kill one connection to this database, working ones first, if there is any."""
        cursor.execute(
            "SELECT id, command FROM information_schema.processlist "
            "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        others = [row for row in cursor.fetchall() if row[0] not in self._spared]
        busy = [number for number, command in others if command == "Query"]
        found = busy or [number for number, _ in others]
        if not found:
            return
        with suppress(pymysql.err.OperationalError):  # it ended by itself meanwhile
            cursor.execute(f"KILL CONNECTION {self._random.choice(found)}")
            self.killed += 1


class Tangler:
    """Takes a loan's row and then its facility's, the wrong way round, in a transaction that has
    changed so much that InnoDB ends the other one."""

    def __init__(self, *, seed: int, loans: list[tuple[int, int]]) -> None:
        self._random, self._loans = random.Random(seed), loans
        self.lost = 0

    def tangle(self, cursor: pymysql.cursors.Cursor) -> None:
        """One such transaction on one (loan, facility); rolled back in the end."""
        loan_id, facility_id = self._random.choice(self._loans)
        try:
            cursor.execute("BEGIN")
            cursor.execute(
                "INSERT INTO weight (a) SELECT seq FROM seq_1_to_300"  # what weighs in a deadlock
            )
            cursor.execute(f"SELECT id FROM loan WHERE id = {loan_id} FOR UPDATE")
            time.sleep(self._random.uniform(0.02, 0.06))
            cursor.execute(f"SELECT id FROM credit_facility WHERE id = {facility_id} FOR UPDATE")
        except pymysql.err.OperationalError:
            self.lost += 1
        cursor.execute("ROLLBACK")


@contextmanager
def meanwhile(url: str, work: object, every_seconds: float) -> Iterator[None]:
    """Call `work(cursor)` in a thread every so many seconds while the block runs."""
    ended = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with connect(url) as own, own.cursor() as cursor:
                while not ended.wait(every_seconds):
                    work(cursor)  # type: ignore[operator]
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if failed:
        raise failed[0]


def connections(url: str) -> set[int]:
    """The ids of all connections to the database of `url`."""
    with connect(url) as own, own.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = DATABASE()")
        return {row[0] for row in cursor.fetchall()}
