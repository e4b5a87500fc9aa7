"""A Liudai to talk to: the one that runs in LIUDAI_HOME, or one started for as long as needed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from api.auth import issue_local_token
from domain.db import close_database, open_database
from domain.rules.roles import Role
from domain.settings import Settings
from liudai.errors import EXIT_USAGE, LiudaiError
from liudai.migrating import run as run_migrations
from liudai.processes import is_healthy, liudai_processes, supervised
from liudai.seed import ensure_staff

T = TypeVar("T")

_TOKEN_HOURS = 12


@contextmanager
def running_api(
    settings: Settings, *, url: str | None = None, say: Callable[[str], None]
) -> Iterator[str]:
    """Give the address of an API that has a worker behind it; the database is migrated first.

    It is `url` where one is given, else that of the Liudai which holds LIUDAI_HOME, else of
    processes that end with the block. Raises LiudaiError when the API does not answer.
    """
    run_migrations()
    if url is None:
        url = (supervised(settings.home) or {}).get("url")
    if url is not None:
        url = url.rstrip("/")
        if not is_healthy(url):
            raise LiudaiError(f"no Liudai answers at {url}/health: start it, or correct --url")
        say(f"using the Liudai at {url}")
        yield url
        return
    log_dir = settings.home / "logs"
    with liudai_processes(settings, port=0, log_dir=log_dir) as (supervisor, address):
        say(f"starting the API and a worker (logs in {log_dir})")
        with supervisor:
            yield address


def refuse_production(settings: Settings) -> None:
    """Raise LiudaiError in production, which takes neither the demo's staff nor local tokens."""
    if settings.production:
        raise LiudaiError(
            "LIUDAI_ENV=production refuses this command, which acts as the demo's staff: run it "
            "with LIUDAI_ENV=development on a database of its own",
            exit_code=EXIT_USAGE,
        )


def staff_tokens(settings: Settings) -> dict[Role, str]:
    """Return a token for a person of each role, employed here where there is none yet."""
    refuse_production(settings)
    life = dt.timedelta(hours=_TOKEN_HOURS)
    people = with_database(ensure_staff)
    return {
        role: issue_local_token(subject, life, settings=settings)
        for role, subject in people.items()
    }


def with_database(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` on a loop of its own with the database open."""

    async def run() -> T:
        await open_database()
        try:
            return await work()
        finally:
            await close_database()

    return asyncio.run(run())
