"""Short ways to back up, to restore, and to see what a database holds."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise

from domain import db
from domain.settings import Settings, get_settings
from liudai.backup.connections import connected
from liudai.backup.database import Database
from tests import servers

BACKUP_KEY = base64.b64encode(bytes(range(7, 39))).decode()


@dataclass(frozen=True, slots=True)
class System:
    """A home and a database of its own, as a second machine would have them."""

    home: Path
    database_url: str
    secret_key: str

    @property
    def env(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("LIUDAI_")}
        return {
            **clean,
            "COLUMNS": "200",
            "LIUDAI_HOME": str(self.home),
            "LIUDAI_DATABASE_URL": self.database_url,
            "LIUDAI_SECRET_KEY": self.secret_key,
            "LIUDAI_BACKUP_KEY": BACKUP_KEY,
        }

    @property
    def settings(self) -> Settings:
        return Settings(
            _env_file=None,
            home=self.home,
            database_url=self.database_url,
            secret_key=self.secret_key,
            backup_key=BACKUP_KEY,
        )

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "liudai", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env={**self.env, **env},
        )

    def start(self, *arguments: str, before: str = "") -> subprocess.Popen[bytes]:
        """Start the command; `before` is Python that runs first."""
        code = f"{before}\nfrom liudai.cli import main\nmain()"
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.env,
        )

    @contextmanager
    def connected(self) -> Iterator[Database]:
        with connected(self.settings) as database:
            yield database

    @contextmanager
    def connected_to_create(self) -> Iterator[Database]:
        """A connection also where SQLite has no file yet."""
        with connected(self.settings, create=True) as database:
            yield database


def this_system() -> System:
    """The system of the fixtures."""
    settings = get_settings()
    return System(settings.home, settings.database_url, settings.secret_key.get_secret_value())


@contextmanager
def empty_system(dialect: str, home: Path, *, secret_key: str) -> Iterator[System]:
    """A system with an empty database of the dialect."""
    home.mkdir(exist_ok=True)
    if dialect == "sqlite":
        yield System(home, f"sqlite://{home / 'restored.sqlite3'}", secret_key)
        return
    if not servers.MYSQL:
        pytest.skip("no MariaDB/MySQL server can be reached")
    with servers.mysql_database() as url:
        yield System(home, url, secret_key)


async def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every model of the open database, by table, as the ORM reads it."""
    assert Tortoise.apps is not None
    return {
        model._meta.db_table: await model.all().order_by(model._meta.pk_attr).values()
        for model in Tortoise.apps["liudai"].values()
    }


@contextmanager
def environment_of(system: System) -> Iterator[None]:
    """Let this process have the settings of `system` for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("LIUDAI_")]:
            patch.delenv(name)
        for name, value in system.env.items():
            if name.startswith("LIUDAI_"):
                patch.setenv(name, value)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


async def rows_of(system: System) -> dict[str, list[dict[str, Any]]]:
    """Everything that `system` holds; the database that is open is opened again afterwards."""
    await db.close_database()
    try:
        await db.open_database(system.settings)
        return await everything()
    finally:
        await db.close_database()
        await db.open_database()
