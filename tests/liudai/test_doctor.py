"""`liudai doctor` names what is wrong and how to mend it."""

import socket
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
    assert "ok     clock" in answer.stdout


def test_a_database_that_is_down_is_said_without_its_password(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"mysql://root:hidden@127.0.0.1:{port}/liudai_test_none"
    answer = liudai("doctor", home=tmp_path, LIUDAI_DATABASE_URL=url)
    assert answer.returncode == 1
    assert "wrong  database    the database of LIUDAI_DATABASE_URL does not answer" in answer.stdout
    assert "hidden" not in answer.stdout + answer.stderr
