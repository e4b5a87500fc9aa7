"""Backups beside writers, restores that are killed, and the memory both take."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain import db
from domain.operations.audit import seal_audit
from domain.operations.lending.repay_loan import Payment, repay_loan
from liudai.backup.database import Database
from liudai.backup.unfinished import MARK_TABLE
from tests.books import books_hold
from tests.lender import Lender, key
from tests.liudai.backups import System, empty_system, environment_of, this_system

ENTRIES = 200_000
MEMORY_GROWTH_MAX_MIB = 24
WAIT_SECONDS = 60.0
# Random text fills the pipe: the backup stands still in its second table until we read on.
FILLER_ROWS, FILLER_BYTES = 4_000, 400
DAY, MOMENT = "2026-01-15", "2026-01-15 08:00:00.000000"


@pytest.fixture(params=["sqlite", "mysql"])
def target(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[System]:
    secret = this_system().secret_key
    with empty_system(request.param, tmp_path / "second", secret_key=secret) as system:
        yield system


@pytest.fixture
def twin(database: str, tmp_path: Path) -> Iterator[System]:
    """An empty database of the dialect that is backed up."""
    here = this_system()
    kind = "sqlite" if here.settings.sqlite else "mysql"
    with empty_system(kind, tmp_path / "second", secret_key=here.secret_key) as system:
        yield system


@pytest.fixture(scope="module")
async def loans(lender: Lender) -> list[int]:
    """Three loans, and a table early in the alphabet that is large."""
    made = [(await lender.loan()).id for _ in range(3)]
    await db.execute_many(
        "INSERT INTO audit_entry (at, actor_kind, actor_id, actor_name, action, outcome, noun, "
        "noun_id, `before`, `after`, request_id) VALUES (%s, 'SYSTEM', 0, '', 'fill', 'DONE', '', "
        "0, %s, '{}', '')",
        [(MOMENT, os.urandom(FILLER_BYTES).hex()) for _ in range(FILLER_ROWS)],
    )
    await seal_audit()
    return made


async def pay(lender: Lender, loans: list[int], times: int) -> None:
    for number in range(times):
        payment = Payment(loan_id=loans[number % len(loans)], amount=Decimal("1.00"))
        await repay_loan(actor=lender.cashier, key=key(), payment=payment)


async def backup_beside_payments(
    lender: Lender, loans: list[int], file: Path, *, before: str = ""
) -> None:
    """Back up into a pipe that nobody reads while ten payments commit."""
    await pay(lender, loans, 2)
    started = this_system().start("backup", "--to", "-", "--quiet", before=before)
    with started as process, file.open("wb") as out:
        assert process.stdout is not None
        out.write(process.stdout.read(4_096))  # it has begun, and its snapshot with it
        await pay(lender, loans, 10)
        await seal_audit()
        out.write(process.stdout.read())
        assert process.wait(timeout=60) == 0, process.stderr and process.stderr.read()


async def counts() -> dict[str, int]:
    """What each payment adds one of, in tables all over the alphabet."""
    found = {
        "audit": "SELECT COUNT(*) AS n FROM audit_entry WHERE action = 'repayLoan'",
        "keys": "SELECT COUNT(*) AS n FROM idempotency_record WHERE action = 'repayLoan'",
        "events": "SELECT COUNT(*) AS n FROM outbox_event WHERE kind = 'loan.repaid'",
        "payments": "SELECT COUNT(*) AS n FROM repayment",
    }
    return {name: int((await db.rows(sql))[0]["n"]) for name, sql in found.items()}


async def counts_of(system: System, *loans: int) -> dict[str, int]:
    """The counts in another database, in which the books of `loans` hold."""
    await db.close_database()
    with environment_of(system):
        await db.open_database()
        for loan_id in loans:
            await books_hold(loan_id)
        found = await counts()
        await db.close_database()
    await db.open_database()
    return found


@contextmanager
def waiting() -> Iterator[Any]:
    """Give a function that is false when the wait has taken too long."""
    deadline = time.monotonic() + WAIT_SECONDS
    yield lambda: time.monotonic() < deadline


async def test_a_backup_beside_writers_is_of_one_moment(
    lender: Lender, loans: list[int], target: System, tmp_path: Path
):
    file = tmp_path / "running.liudai"
    before = await counts()
    await backup_beside_payments(lender, loans, file)
    after = await counts()
    assert set(after.values()) == {before["payments"] + 12}
    answer = target.run("restore", str(file))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found = await counts_of(target, *loans)
    assert set(found.values()) == {before["payments"] + 2}


async def test_without_the_snapshot_it_would_not_be(
    lender: Lender, loans: list[int], tmp_path: Path
):
    """The control: the same, with the snapshot taken away, mixes two moments."""
    secret = this_system().secret_key
    file = tmp_path / "mixed.liudai"
    away = (
        "from liudai.backup import connections, mysql\n"
        "for of in (connections.Sqlite, mysql.MySql): of.begin_snapshot = lambda self: None\n"
    )
    await backup_beside_payments(lender, loans, file, before=away)
    with empty_system("sqlite", tmp_path / "second", secret_key=secret) as system:
        assert system.run("restore", str(file)).returncode == 0
        found = await counts_of(system)
    assert found["payments"] == found["audit"] + 10


def filled_ledger(database: Database, entries: int) -> None:
    """Balanced journals of two entries each."""
    columns = ["journal", "event", "account_code", "currency", "amount", "loan_id"]
    columns += ["borrower_id", "branch_id", "value_date", "posting_date", "created_at"]
    rest = [None, None, None, DAY, DAY, MOMENT]  # money nobody could match
    database.begin_filling()
    for start in range(0, entries // 2, 5_000):
        rows: list[list[Any]] = []
        for number in range(start, min(start + 5_000, entries // 2)):
            journal = f"filled:{number}:{os.urandom(6).hex()}"
            for account, sign in (("1002", 1), ("2240", -1)):
                rows.append([journal, "SUSPENSE", account, "USD", sign * (number + 1), *rest])
        database.insert_many("ledger_entry", columns, rows)
    database.commit()


@pytest.fixture(scope="module")
async def small_and_large(loans: list[int], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The backup of a small book and that of 200,000 entries, with the peak memory of making it."""
    folder = tmp_path_factory.mktemp("sizes")
    files = [folder / "small.liudai", folder / "large.liudai"]
    peaks = [peak_mib(this_system(), "backup", "--to", str(files[0]))]
    with this_system().connected() as database:
        filled_ledger(database, ENTRIES)
    peaks.append(peak_mib(this_system(), "backup", "--to", str(files[1])))
    assert peaks[1] - peaks[0] < MEMORY_GROWTH_MAX_MIB, peaks
    return files


def peak_mib(system: System, *arguments: str) -> float:
    """Run the command, and return its peak resident memory."""
    report = system.home / "peak"
    measure = (
        "import atexit, pathlib, resource\n"
        "peak = lambda: str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
        f"atexit.register(lambda: pathlib.Path({str(report)!r}).write_text(peak()))\n"
    )
    process = system.start(*arguments, before=measure)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    return float(report.read_text())


def test_memory_does_not_grow_with_the_book(
    small_and_large: list[Path], twin: System, tmp_path: Path
):
    peaks: dict[str, list[float]] = {"verify-backup": [], "restore": []}
    for number, file in enumerate(small_and_large):
        peaks["verify-backup"].append(peak_mib(twin, "verify-backup", str(file)))
        kind = "sqlite" if twin.settings.sqlite else "mysql"
        home = tmp_path / str(number)
        with empty_system(kind, home, secret_key=twin.secret_key) as system:
            peaks["restore"].append(peak_mib(system, "restore", str(file)))
            with system.connected() as database:
                (entries,) = database.rows("SELECT COUNT(*) FROM ledger_entry")[0]
            assert (entries >= ENTRIES) == (number == 1)
    for command, (small, large) in peaks.items():
        assert large - small < MEMORY_GROWTH_MAX_MIB, (command, small, large)


def restore_and_kill(system: System, file: Path) -> None:
    """Start a restore and end it with SIGKILL when it is among the ledger's rows."""
    process = system.start("restore", str(file))
    with waiting() as still:
        while still() and not is_filling(system):
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=20) == -signal.SIGKILL
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()


def is_filling(system: System) -> bool:
    if system.settings.sqlite:
        # Its rows are one transaction, seen by nobody: the file beside the database grows.
        wal = Path(f"{system.database_url.removeprefix('sqlite://')}-wal")
        return wal.is_file() and wal.stat().st_size > 4_000_000
    with system.connected() as database:
        if "ledger_entry" not in database.tables():
            return False
        return bool(database.rows("SELECT 1 FROM ledger_entry LIMIT 1"))


def test_a_killed_restore_is_recognised_and_can_be_begun_again(
    small_and_large: list[Path], twin: System, tmp_path: Path
):
    file = small_and_large[1]
    restore_and_kill(twin, file)
    with twin.connected() as database:
        assert MARK_TABLE in database.tables()
    for command in (["restore", str(file)], ["migrate"], ["serve"], ["worker"], ["up"]):
        answer = twin.run(*command, LIUDAI_PORT="8917")
        assert answer.returncode == 1, command
        assert "unfinished restore of large.liudai" in answer.stderr, command
        assert "未完成的恢复" in answer.stderr
        assert answer.stderr.count("\n") == 1
    answer = twin.run("backup", "--to", str(tmp_path / "half.liudai"))
    assert answer.returncode == 1
    assert "unfinished restore" in answer.stderr
    assert not list(tmp_path.glob("half*"))
    doctor = twin.run("doctor")
    assert doctor.returncode == 1
    assert "a restore has not come to its end" in doctor.stdout
    emptied(twin)
    again = twin.run("restore", str(small_and_large[0]))
    assert again.returncode == 0, again.stdout + again.stderr
    assert twin.run("migrate").returncode == 0


def emptied(system: System) -> None:
    """Do what the message says."""
    if system.settings.sqlite:
        for file in system.home.glob("restored.sqlite3*"):
            file.unlink()
        return
    with system.connected() as database:
        name = system.database_url.rsplit("/", 1)[-1]
        database.execute(f"DROP DATABASE {name}")
        database.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")


def test_a_backup_that_is_killed_leaves_no_file_of_its_name(loans: list[int], tmp_path: Path):
    file = tmp_path / "killed.liudai"
    slow = (
        "import time\n"
        "from liudai.backup import dump\n"
        "end = dump.DumpWriter.close\n"
        "dump.DumpWriter.close = lambda self: time.sleep(60)\n"
    )
    process = this_system().start("backup", "--to", str(file), before=slow)
    with waiting() as still:
        while still() and not list(tmp_path.iterdir()):
            time.sleep(0.02)
    process.kill()
    process.communicate(timeout=20)
    assert not file.exists()
    (left,) = tmp_path.iterdir()
    assert ".partial-" in left.name
    answer = this_system().run("verify-backup", str(left))
    assert answer.returncode == 1
