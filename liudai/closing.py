"""`liudai close-day`: closes business days, and shows how far it is."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from domain.actor import SYSTEM, Actor
from domain.operations.lending.day_close.run import close_inline
from domain.operations.lending.day_close.start import close_business_day
from domain.queries.actors import load_actor
from domain.queries.jobs import find_job
from domain.queries.lending.close_progress import CloseProgress, close_progress
from domain.rules.jobs import JobKind, JobState
from domain.rules.refusal import Refused
from domain.rules.roles import Role
from liudai.errors import EXIT_USAGE, LiudaiError
from liudai.running import with_database
from workers.queue import send_job

_POLL_SECONDS = 0.2
_UNTAKEN_SECONDS = 120.0


def run(*, through: dt.date | None, ahead: bool, inline: bool, operator: str | None) -> int:
    """Close the days and print how the last one ended; 1 when a close stopped."""
    console = Console(highlight=False, soft_wrap=True)
    return with_database(lambda: _close(console, through, ahead, inline, operator))


async def _close(
    console: Console, through: dt.date | None, ahead: bool, inline: bool, operator: str | None
) -> int:
    actor = await _actor(operator)
    try:
        done = await close_business_day(
            actor=actor, key=secrets.token_hex(12), through=through, ahead=ahead
        )
    except Refused as refusal:
        raise LiudaiError(
            " ".join(problem.en for problem in refusal.problems), exit_code=EXIT_USAGE
        ) from None
    if "job" not in done.result:
        console.print(f"{through} is closed already: nothing was changed")
        return 0
    job_id = done["job"]
    if inline:
        work = asyncio.create_task(_inline(job_id))
    else:
        await send_job(job_id=job_id, kind=JobKind.CLOSE_DAY)
        work = asyncio.create_task(_by_workers(job_id))
    with _bar(console) as bar:
        task = bar.add_task("", total=None)
        while not work.done():
            await asyncio.wait([work], timeout=_POLL_SECONDS)
            if (progress := await close_progress()) is not None:
                bar.update(
                    task,
                    description=f"{progress.day}",
                    completed=progress.loans_done,
                    total=progress.loans,
                )
    await work
    job = await find_job(job_id)
    _say(console, await close_progress())
    if job.state == JobState.FAILED:
        raise LiudaiError(job.error)
    return 0


async def _inline(job_id: int) -> None:
    try:
        await close_inline(job_id)
    except Refused:
        return  # the job has the reasons


async def _by_workers(job_id: int) -> None:
    given_up = time.monotonic() + _UNTAKEN_SECONDS
    while (job := await find_job(job_id)).state not in (JobState.SUCCEEDED, JobState.FAILED):
        if job.state == JobState.QUEUED and time.monotonic() > given_up:
            raise LiudaiError(
                f"no worker took the close within {_UNTAKEN_SECONDS:g} s: start one with "
                "`liudai worker`; the close is kept"
            )
        await asyncio.sleep(_POLL_SECONDS)


async def _actor(operator: str | None) -> Actor:
    if operator is None:
        return SYSTEM
    actor = await load_actor(operator)
    if actor is None or not actor.has(Role.OPERATOR):
        raise LiudaiError(f"{operator} is nobody with the role OPERATOR", exit_code=EXIT_USAGE)
    return actor


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("  {task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _say(console: Console, last: CloseProgress | None) -> None:
    if last is None:
        return
    seconds = ""
    if last.started_at and last.closed_at:
        took = (last.closed_at - last.started_at).total_seconds()
        seconds = f" in {took:.1f} s"
    console.print(
        f"{last.day} {last.state}: {last.loans_done} loans, {last.set_aside} set aside{seconds}"
    )
