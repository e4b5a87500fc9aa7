"""kill -9 of API, worker and Redis amid closes and repayments: two points here, and as many as one
likes by `python -m tests.survival.long_run`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.settings import get_settings
from tests import servers
from tests.lender import Lender
from tests.survival.killing import kill_at_points, lend
from tests.survival.running import running

pytestmark = pytest.mark.skipif(not servers.MYSQL, reason="no MariaDB/MySQL server")

LOANS = 30
POINTS = 2
SEED = 24  # whose first two turns have all three kinds


@pytest.fixture(scope="module", params=["mysql"])
def database_url(environment: pytest.MonkeyPatch) -> Iterator[str]:
    with servers.mysql_database() as url:
        environment.setenv("LIUDAI_DATABASE_URL", url)
        get_settings.cache_clear()
        yield url


async def test_what_is_killed_amid_a_close_loses_and_doubles_nothing(
    lender: Lender, tmp_path: Path
) -> None:
    book = await lend(lender, loans=LOANS, seed=SEED)
    with running(tmp_path) as up:
        found = await kill_at_points(book, up, points=POINTS, seed=SEED)
    assert found.points == POINTS
    assert found.effects["repayLoan"] > 0
    print(found)
