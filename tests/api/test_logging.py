"""A log says what failed and where, never the values that were being worked on."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from types import SimpleNamespace
import structlog
from api.logging import configure_logging

configure_logging(SimpleNamespace(production={production}, log_level="INFO"))

def fail(resident_id):
    raise ValueError("the database is away")

try:
    fail("11010119900307" + "7758")
except ValueError:
    structlog.get_logger("liudai").exception("internal_error")
"""


@pytest.mark.parametrize("production", [True, False])
def test_variables_of_a_failing_frame_stay_out_of_the_log(production: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(production=production)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the database is away" in done.stderr
    assert "in fail" in done.stderr or '"fail"' in done.stderr
    assert "110101199003077758" not in done.stderr
