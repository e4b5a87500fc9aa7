"""A book of loans in a database beside the reference model.

The machine (`book_machine.py`) runs event loops of its own, one an example, so it gets a process of
its own: Tortoise keeps one database open in a process, which here belongs to the other tests.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_MACHINE = Path(__file__).with_name("book_machine.py")
_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("place", ["sqlite", "mariadb"])
def test_a_book_agrees_with_the_reference(place: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", str(_MACHINE), "-k", place],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if " skipped" in run.stdout and " passed" not in run.stdout:
        pytest.skip("no MariaDB/MySQL server can be reached")
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
