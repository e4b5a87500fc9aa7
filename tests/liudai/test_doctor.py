"""`liudai doctor` names what is wrong and how to mend it."""

import re
import socket
import sqlite3
from pathlib import Path

from test_cli import liudai


def test_an_empty_home_lacks_migrations_and_a_broker(tmp_path: Path):
    answer = liudai("doctor", home=tmp_path)
    assert answer.returncode == 1
    assert "ok     database    SQLite" in answer.stdout
    assert "wrong  migrations  missing: 0001_initial" in answer.stdout
    assert "→ run liudai migrate" in answer.stdout
    assert "wrong  broker" in answer.stdout
    assert answer.stderr == ""


def test_after_migrating_the_model_is_what_lacks(tmp_path: Path):
    assert liudai("migrate", home=tmp_path).returncode == 0
    assert liudai("migrate", home=tmp_path).stderr == "liudai: nothing to migrate\n"
    answer = liudai("doctor", home=tmp_path)
    assert "ok     migrations  all applied" in answer.stdout
    assert "wrong  model       no champion" in answer.stdout
    assert "ok     waiting     0 jobs, 0 events and 0 audit entries wait" in answer.stdout
    assert "ok     clock" in answer.stdout


def test_what_no_worker_takes_is_named(tmp_path: Path):
    assert liudai("migrate", home=tmp_path).returncode == 0
    assert liudai("token", "--role", "OPERATOR", home=tmp_path).returncode == 0  # is audited
    assert "ok     waiting     0 jobs" in liudai("doctor", home=tmp_path).stdout
    with sqlite3.connect(tmp_path / "liudai.sqlite3") as database:
        database.execute("UPDATE outbox_event SET created_at = datetime('now', '-5 minutes')")
    old = liudai("doctor", home=tmp_path)
    (line,) = [line for line in old.stdout.splitlines() if "waiting" in line[:20]]
    assert line.startswith("wrong  waiting     0 jobs, ")
    assert re.search(r"wait; the oldest 30\d s$", line), line
    assert "→ no worker takes them" in old.stdout


def test_a_database_that_is_down_is_said_without_its_password(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"mysql://root:hidden@127.0.0.1:{port}/liudai_test_none"
    answer = liudai("doctor", home=tmp_path, LIUDAI_DATABASE_URL=url)
    assert answer.returncode == 1
    assert "wrong  database    the database of LIUDAI_DATABASE_URL does not answer" in answer.stdout
    assert "hidden" not in answer.stdout + answer.stderr
