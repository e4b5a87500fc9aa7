"""`liudai demo --once`: the story on a fresh home, again on the same, and a step that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = 14


def demo(home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("LIUDAI_")}
    return subprocess.run(
        [sys.executable, "-m", "liudai", "demo", "--once", "--port", "0"],
        env=bare | {"LIUDAI_HOME": str(home), **settings},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def test_the_story_is_played_from_nothing(home: Path) -> None:
    run = demo(home)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("✓") == STEPS
    assert "is champion, AUC 0." in run.stdout
    assert "the loan is PAID_OFF" in run.stdout
    assert "ledger entries that sum to 0.00" in run.stdout


def test_it_is_played_again_on_the_same_home(home: Path) -> None:
    run = demo(home)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("✓") == STEPS
    assert "is in service already" in run.stdout


def test_a_failing_step_is_named(home: Path) -> None:
    run = demo(home, LIUDAI_GRAPHQL_MAX_COST="100")
    assert run.returncode == 1
    assert "The step “" in run.stdout
    assert "” failed:" in run.stdout
