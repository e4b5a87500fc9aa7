"""Databases for the reference tests: a prepared SQLite file to copy, since making one takes longer
than driving a loan."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from domain import db
from domain.operations.install import install
from domain.settings import get_settings
from tests.lender import Lender
from tests.reference.actions import STARTS
from tests.reference.book import prepare


def use(url: str, *, home: Path) -> None:
    """Let the process's settings point at `url`."""
    os.environ["LIUDAI_HOME"] = str(home)
    os.environ["LIUDAI_DATABASE_URL"] = url
    get_settings.cache_clear()


async def install_here() -> Lender:
    """Migrate and install the open database, and hire the lender's staff."""
    await db.migrate()
    await install(today=min(STARTS))
    return await prepare()


class Template:
    """A prepared SQLite file; every `copy` of it is a database of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "template.sqlite3"
        self.lender: Lender | None = None

    @asynccontextmanager
    async def copy(self) -> AsyncIterator[Lender]:
        """Open a fresh copy."""
        if self.lender is None:
            use(f"sqlite://{self.file}", home=self.home)
            await db.open_database()
            self.lender = await install_here()
            await db.close_database()
        copied = self.home / "run.sqlite3"
        shutil.copyfile(self.file, copied)
        use(f"sqlite://{copied}", home=self.home)
        await db.open_database()
        try:
            yield self.lender
        finally:
            await db.close_database()
            for path in self.home.glob("run.sqlite3*"):
                path.unlink()
