"""`liudai doctor`: looks at each thing Liudai stands on, and says how to mend what is wrong."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import typer

from domain.db import (
    DBConnectionError,
    close_database,
    dialect,
    open_database,
    pending_migrations,
    rows,
)
from domain.queries.business_date import NotInstalled, business_date
from domain.queries.operating import operating_figures
from domain.queries.risk.models import find_champion
from domain.settings import get_settings
from liudai.backup.unfinished import refuse_unfinished_database
from liudai.errors import EXIT_FAILED, LiudaiError
from liudai.refusing import explain, unreachable
from workers.queue import broker_status

_DATABASE_WAIT_SECONDS = 10.0
# Tokens and leases are checked by clocks on both sides; NTP keeps them within milliseconds.
_CLOCK_DIFFERENCE_MAX_SECONDS = 2.0
_WAITING_MAX_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one thing; `mend` says what to do and is empty when nothing is wrong."""

    what: str
    seen: str
    mend: str = ""


def run() -> int:
    """Print a line for each thing, and below a wrong one how to mend it; the exit code."""
    warnings.filterwarnings("ignore", message="Table 'tortoise_migrations' already exists")
    findings = asyncio.run(examine())
    for finding in findings:
        mark = typer.style("wrong", fg="red") if finding.mend else typer.style("ok   ", fg="green")
        typer.echo(f"{mark}  {finding.what:<10}  {finding.seen}")
        if finding.mend:
            typer.echo(f"       {'':<10}  → {finding.mend}")
    return EXIT_FAILED if any(finding.mend for finding in findings) else 0


async def examine() -> list[Finding]:
    """Look at one thing after the other; never raises for what is wrong."""
    broker = await asyncio.to_thread(_broker)
    try:
        database = await _database()
        if database.mend:
            return [database, broker]
        findings = [database, await _seen("migrations", _migrations), broker]
        if not findings[1].mend:  # before the migrations there is no table of models
            findings.append(await _seen("waiting", _waiting))
            findings.append(await _seen("model", _model))
        return [*findings, await _seen("clock", _clock)]
    finally:
        await close_database()


async def _seen(what: str, look: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await look()
    except Exception as error:
        return Finding(what, "; ".join(explain(error)[0]), "mend what is named above first")


async def _database() -> Finding:
    settings = get_settings()
    try:
        async with asyncio.timeout(_DATABASE_WAIT_SECONDS):
            await open_database()
            start = time.perf_counter()
            version = (await rows(_SQL[dialect()].version))[0]["version"]
            answer_ms = (time.perf_counter() - start) * 1000
    except TimeoutError:
        seen = f"no answer within {_DATABASE_WAIT_SECONDS:g} s"
    except (DBConnectionError, OSError, ValueError) as error:
        seen = unreachable(error)
    else:
        where = settings.database_url if settings.sqlite else "LIUDAI_DATABASE_URL"
        return Finding(
            "database", f"{_SQL[dialect()].name} {version} at {where}, {answer_ms:.1f} ms"
        )
    return Finding(
        "database", seen, "start the server, create the database, or correct the URL and its rights"
    )


async def _migrations() -> Finding:
    try:
        refuse_unfinished_database(get_settings())
    except LiudaiError as error:
        return Finding("migrations", "a restore has not come to its end", str(error))
    pending = await pending_migrations()
    if pending:
        return Finding("migrations", f"missing: {', '.join(pending)}", "run liudai migrate")
    try:
        today = await business_date()
    except NotInstalled:
        return Finding("migrations", "the basic data is missing", "run liudai migrate")
    return Finding("migrations", f"all applied; the business date is {today}")


def _broker() -> Finding:
    status = broker_status()
    if status.error:
        return Finding(
            "broker",
            status.error,
            "start it with liudai up, or set LIUDAI_REDIS_URL to a Redis that runs "
            "(until then loans are served, and jobs wait)",
        )
    seen = (
        f"answers in {status.ping_ms:.1f} ms; {status.workers} worker processes, "
        f"{status.waiting} messages waiting, {status.dead} given up"
    )
    if not status.workers:
        return Finding("broker", seen, "no worker runs: start one with liudai up or liudai worker")
    return Finding("broker", seen)


async def _waiting() -> Finding:
    figures = await operating_figures(now=dt.datetime.now(dt.UTC))
    queued, outbox, unsealed = figures.queued, figures.outbox, figures.unsealed
    seen = (
        f"{queued.waiting} jobs, {outbox.waiting} events and {unsealed.waiting} audit entries "
        f"wait; the oldest {max(b.oldest_seconds for b in (queued, outbox, unsealed)):.0f} s"
    )
    # A job may wait for its turn; events and entries are taken within seconds by any worker.
    if max(outbox.oldest_seconds, unsealed.oldest_seconds) > _WAITING_MAX_SECONDS:
        return Finding(
            "waiting", seen, "no worker takes them: look at the broker above and a worker's log"
        )
    return Finding("waiting", seen)


async def _model() -> Finding:
    champion = await find_champion()
    if champion is None:
        return Finding(
            "model",
            "no champion: every application is referred to a person",
            "train a model (liudai train), then validateModel and promoteModel",
        )
    from ml.scorer import Scorer  # late: loads onnxruntime

    try:
        await asyncio.to_thread(Scorer.load, champion.artefact_url, champion.sha256)
    except Exception as error:
        return Finding(
            "model",
            f"the champion (version {champion.id}) does not load: {explain(error)[0][0]}",
            f"restore {champion.artefact_url} from a backup, or promote another version",
        )
    return Finding("model", f"version {champion.id} loads and answers its golden rows as it should")


async def _clock() -> Finding:
    before = dt.datetime.now(dt.UTC)
    stamp = (await rows(_SQL[dialect()].clock))[0]["now"]
    after = dt.datetime.now(dt.UTC)
    theirs = dt.datetime.fromisoformat(str(stamp)).replace(tzinfo=dt.UTC)
    apart = (theirs - (before + (after - before) / 2)).total_seconds()
    if abs(apart) > _CLOCK_DIFFERENCE_MAX_SECONDS:
        return Finding(
            "clock",
            f"the database's clock is {apart:+.1f} s from this machine's",
            "let both machines take their time from NTP",
        )
    return Finding("clock", f"{apart:+.2f} s between this machine and the database")


@dataclass(frozen=True, slots=True)
class _Dialect:
    name: str
    version: str
    clock: str


_SQL = {
    "sqlite": _Dialect(
        "SQLite",
        "SELECT sqlite_version() AS version",
        "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS now",
    ),
    "mysql": _Dialect(
        "MySQL or MariaDB", "SELECT VERSION() AS version", "SELECT UTC_TIMESTAMP(6) AS now"
    ),
}
