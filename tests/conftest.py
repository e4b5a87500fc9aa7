"""Fixtures: a fresh migrated database per module and dialect, and a small lender in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from domain import db
from domain.operations.install import install
from domain.settings import get_settings
from tests import servers
from tests.lender import Lender

FIRST_DAY = dt.date(2026, 1, 15)


def pytest_report_header() -> list[str]:
    return [f"NOT TESTED, server absent: {server}" for server in servers.absent()]


def pytest_sessionstart() -> None:
    if servers.CI and servers.absent():
        raise pytest.UsageError(f"CI=true, but these are absent: {'; '.join(servers.absent())}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for server in servers.absent():
        terminalreporter.write_line(f"NOT TESTED, server absent: {server}", red=True)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Settings of this module alone: its own home and Redis prefix."""
    patch = pytest.MonkeyPatch()
    home: Path = tmp_path_factory.mktemp("home")
    patch.setenv("LIUDAI_HOME", str(home))
    patch.setenv("LIUDAI_REDIS_PREFIX", servers.fresh_prefix())
    patch.delenv("LIUDAI_DATABASE_URL", raising=False)
    get_settings.cache_clear()
    yield patch
    patch.undo()
    get_settings.cache_clear()


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
def database_url(request: pytest.FixtureRequest, environment: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty database, of each dialect in turn; set in the environment."""
    if request.param == "sqlite":
        # Parametrisation runs the module once a dialect: each gets a file of its own.
        url = f"sqlite://{get_settings().home / 'sqlite-run.sqlite3'}"
        environment.setenv("LIUDAI_DATABASE_URL", url)
        get_settings.cache_clear()
        yield url
        return
    if not servers.MYSQL:
        pytest.skip("no MariaDB/MySQL server can be reached")
    with servers.mysql_database() as url:
        environment.setenv("LIUDAI_DATABASE_URL", url)
        get_settings.cache_clear()
        yield url


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[str]:
    """An open, migrated, installed database; the business date is 15 January 2026."""
    await db.open_database()
    await db.migrate()
    await install(today=FIRST_DAY)
    yield database_url
    await db.close_database()


@pytest.fixture(scope="module")
async def lender(database: str) -> Lender:
    """A lender with staff of every role, ready to lend."""
    return await Lender.open()
