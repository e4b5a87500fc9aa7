"""Kill -9 for as long as one likes: `python -m tests.survival.long_run --points 50 --seed 1`.

It needs MariaDB (LIUDAI_TEST_DATABASE_URL) and no Redis: `liudai up` brings its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from functools import partial
from pathlib import Path

from domain import db
from domain.operations.install import install
from domain.settings import get_settings
from tests import servers
from tests.conftest import FIRST_DAY
from tests.lender import Lender
from tests.survival.killing import Points, kill_at_points, lend
from tests.survival.running import running


def main() -> None:
    """Run, and say what was killed and how it ended; an assertion that fails ends the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=50, help="how many processes to kill")
    parser.add_argument("--loans", type=int, default=300, help="how many loans the book has")
    parser.add_argument("--seed", type=int, default=1, help="what decides who is killed, and when")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="liudai-") as folder, servers.mysql_database() as url:
        os.environ.update(
            {
                "LIUDAI_HOME": f"{folder}/home",
                "LIUDAI_DATABASE_URL": url,
                "LIUDAI_REDIS_PREFIX": servers.fresh_prefix(),
            }
        )
        get_settings.cache_clear()
        found = asyncio.run(_run(Path(folder), asked))
    print(f"seed {asked.seed}, {asked.loans} loans: {found}")


async def _run(folder: Path, asked: argparse.Namespace) -> Points:
    await db.open_database()
    try:
        await db.migrate()
        await install(today=FIRST_DAY)
        book = await lend(await Lender.open(), loans=asked.loans, seed=asked.seed)
        with running(folder) as up:
            return await kill_at_points(
                book, up, points=asked.points, seed=asked.seed, said=partial(print, flush=True)
            )
    finally:
        await db.close_database()


if __name__ == "__main__":
    main()
