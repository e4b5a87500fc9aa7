"""The command: complete help, and errors of one line."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = [
    *("up", "serve", "worker", "migrate", "demo", "token", "train"),
    *("replay", "import-payments", "close-day", "verify-audit", "doctor", "schema"),
    *("backup", "verify-backup", "restore"),
]


def liudai(*arguments: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIUDAI_")}
    return subprocess.run(
        [sys.executable, "-m", "liudai", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**clean, "LIUDAI_HOME": str(home), "COLUMNS": "100", **settings},
    )


def test_the_help_names_every_command(tmp_path: Path):
    answer = liudai("--help", home=tmp_path)
    assert answer.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in answer.stdout
    assert list(tmp_path.iterdir()) == []  # asking changes nothing


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str, tmp_path: Path):
    answer = liudai(command, "--help", home=tmp_path)
    assert answer.returncode == 0
    assert f"liudai {command}" in answer.stdout.split("Example", 1)[1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"LIUDAI_PORT": "99999"}, "LIUDAI_PORT: "),
        ({"LIUDAI_ENV": "prod"}, "LIUDAI_ENV: "),
        ({"LIUDAI_DATABASE_URL": "postgres://x"}, "LIUDAI_DATABASE_URL must start with"),
        ({"LIUDAI_DATABASE_URL": "sqlite:///no/such/x.db"}, "LIUDAI_DATABASE_URL: there is no"),
        ({"LIUDAI_REDIS_URL": "localhost:6379"}, "LIUDAI_REDIS_URL must be"),
        ({"LIUDAI_CORS_ORIGINS": "https://x"}, "LIUDAI_CORS_ORIGINS: "),
        ({"LIUDAI_SECRET_KEY": "c2hvcnQ="}, "LIUDAI_SECRET_KEY must be"),
        ({"LIUDAI_ENV": "production"}, "LIUDAI_ENV=production needs"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(settings, said: str, tmp_path: Path):
    answer = liudai("up", home=tmp_path, **settings)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"liudai: {said}")
    assert answer.stderr.count("\n") == 1
    assert "c2hvcnQ=" not in answer.stderr


def test_a_taken_port_is_one_line_and_starts_nothing(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = liudai("up", "--port", port, home=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"liudai: cannot listen on 127.0.0.1 port {port} (")
    assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "redis").exists()
    assert not (tmp_path / "liudai.sqlite3").exists()


@pytest.mark.parametrize(
    "arguments", [("up", "--prot", "1"), ("fly",), ("token",), ("up", "--port", "many")]
)
def test_a_wrong_call_is_one_line(arguments, tmp_path: Path):
    answer = liudai(*arguments, home=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("liudai: ")
    assert answer.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    answer = liudai("up", home=file)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert str(file) in answer.stderr


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"mysql://root:hidden@127.0.0.1:{port}/liudai_test_none"
    answer = liudai("migrate", home=tmp_path, LIUDAI_DATABASE_URL=url)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "Traceback" not in answer.stderr
    assert "hidden" not in answer.stderr


def test_two_administrators_are_let_in_and_no_third(tmp_path: Path):
    for subject in ("ann", "ann", "bob"):
        answer = liudai("migrate", "--first-admin", subject, home=tmp_path)
        assert answer.returncode == 0, answer.stderr
        assert f"{subject} is an administrator" in answer.stderr
    answer = liudai("migrate", "--first-admin", "eve", home=tmp_path)
    assert answer.returncode == 2
    assert "two administrators are employed already" in answer.stderr.splitlines()[-1]
