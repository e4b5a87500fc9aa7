"""The machine of `book_machine`, in a process of its own: it runs its own event loops, and Tortoise
keeps one context for a whole process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers

_SECONDS = 600  # a failure is shrunk first
_NO_TESTS_RAN = 5


@pytest.mark.parametrize("database", ["sqlite", "mariadb"])
def test_books_agree_with_the_reference_to_the_cent(database: str) -> None:
    if database == "mariadb" and not servers.MYSQL:
        pytest.skip("no MariaDB/MySQL server can be reached")
    machine = Path(__file__).with_name("book_machine.py")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(machine), "-k", database],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert ran.returncode != _NO_TESTS_RAN
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-5_000:]
