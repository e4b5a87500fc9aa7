"""The lock files: every package pinned with hashes, and no address of any index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def pins(lock: Path) -> list[str]:
    joined = lock.read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


def normal(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", NAME.match(requirement).group()).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_index_is_named(lock: Path):
    text = lock.read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|file:", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_with_hashes(lock: Path):
    for line in pins(lock):
        assert re.match(r"[A-Za-z0-9_.\[\]-]+==\S+ ", line), line
        assert "--hash=sha256:" in line, line


def test_the_locks_hold_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = {normal(line) for line in pins(LOCKS[0])}
    development = {normal(line) for line in pins(LOCKS[1])}
    assert {normal(wanted) for wanted in project["project"]["dependencies"]} <= runtime
    assert {normal(wanted) for wanted in project["dependency-groups"]["dev"]} <= development
    assert runtime <= development


def test_both_locks_pin_the_same_versions():
    runtime, development = (
        {line.split(" --hash")[0].strip() for line in pins(lock)} for lock in LOCKS
    )
    assert runtime <= development
