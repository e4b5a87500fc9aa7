"""Driving a day close from start to end: what a worker does for the job, and the small-book way
inside a process of its own.

Whoever runs the job works on shards like all others, so the close gets to its end with one worker
and no broker. Everything it does is found again in rows, so another may go on at any point.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import orjson

from domain.actor import SYSTEM
from domain.db import rows
from domain.models.records import BusinessDate
from domain.operations.jobs import (
    Lease,
    LeaseLost,
    claim_job,
    fail_job,
    finish_job,
    heartbeat,
    release_job,
    report_progress,
)
from domain.operations.lending.day_close.finish import finish_day
from domain.operations.lending.day_close.shard import close_shard
from domain.operations.lending.day_close.shards import (
    claim_next,
    closed_before,
    ranges,
    unfinished,
)
from domain.operations.lending.day_close.start import day_under_way, start_day
from domain.operations.lending.verify_close import ProofOfDay
from domain.operations.perform import Result, Step, perform
from domain.queries.jobs import find_job, job_problems
from domain.queries.lending.close_progress import close_progress
from domain.rules.jobs import JobKind, JobState, heartbeat_seconds
from domain.rules.lending.day_close import CLOSED, BusinessDayState
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.settings import get_settings

Said = Callable[[str, float], Awaitable[None]]
Sent = Callable[[Sequence[int]], Awaitable[None]]

_ONE_DAY = dt.timedelta(days=1)
_OTHERS_SECONDS = 0.05
_SAY_SECONDS = 0.25


async def run_close(
    lease: Lease,
    *,
    said: Said | None = None,
    sent: Sent | None = None,
    turn: asyncio.Semaphore | None = None,
) -> None:
    """Do the job of `lease`: close its days one after another.

    `sent` is told the shards of each day, so that other workers get them too; `said` the step and
    the share of it that is done; `turn` is held while this process works on a shard. Raises
    LeaseLost when another runs the job by now.
    """
    turn = turn or asyncio.Semaphore()
    alive = asyncio.create_task(_stay_alive(lease))
    try:
        job = await find_job(lease.job_id)
        through = dt.date.fromisoformat(job.input["through"])
        while True:
            _heed_cancellation()
            day = await _day_to_close(lease, through)
            if day is None:
                break
            problems = await _close_day(lease, day, said, sent, turn)
            if problems:
                await fail_job(lease, problems=problems)
                return
        await _succeed(lease, through)
    finally:
        alive.cancel()
        with suppress(asyncio.CancelledError):
            await alive


def _heed_cancellation() -> None:
    """Stop where this task was told to: a driver may have made an error of its own of it, which a
    retry then swallowed."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def close_inline(job_id: int) -> None:
    """Run a close in this process to its end, or wait for whoever runs it already.

    Raises :class:`Refused` with the reasons of a close that stopped.
    """
    while (lease := await claim_job(job_id=job_id, kind=JobKind.CLOSE_DAY)) is None:
        if (await find_job(job_id)).state in (JobState.SUCCEEDED, JobState.FAILED):
            break
        await asyncio.sleep(_OTHERS_SECONDS)
    if lease is not None:
        try:
            await run_close(lease)
        except LeaseLost:
            pass
        except BaseException:  # cut off, or its connection to the database was
            await release_job(lease)  # the next call goes on at once, or a worker
            raise
    job = await find_job(job_id)
    if job.state == JobState.FAILED:
        raise Refused(job_problems(job))


async def _day_to_close(lease: Lease, through: dt.date) -> dt.date | None:
    """The day under way; else the business date is started on, unless the job is at its end."""
    if (under_way := await day_under_way()) is not None:
        return under_way[0]
    found = await ranges()

    async def work(step: Step) -> Result:
        current = (await BusinessDate.filter(id=1).select_for_update().get()).current
        if current > through or await day_under_way() is not None:
            return {}
        return {"business_day": await start_day(step, current, found, job_id=lease.job_id)}

    current = (await BusinessDate.get(id=1)).current
    if current > through:
        return None
    await perform(
        actor=SYSTEM,
        action="startDayClose",
        key=f"{lease.owner}-{current}",
        arguments={"job": lease.job_id},
        work=work,
    )
    under_way = await day_under_way()
    return under_way[0] if under_way else None


async def _close_day(
    lease: Lease,
    day: dt.date,
    said: Said | None,
    sent: Sent | None,
    turn: asyncio.Semaphore,
) -> list[Problem]:
    """Work on the shards until none is left, then close the day; return why it did not close."""
    if sent is not None and len(waiting := await unfinished(day)) > 1:
        await sent(waiting)
    proof = ProofOfDay(day)
    try:
        if not await _work_through(lease, day, proof, said, turn):
            return await _why_not(day, await _state(day))
        return await _why_not(day, await finish_day(day, proof))
    finally:
        await proof.stop()


async def _work_through(
    lease: Lease,
    day: dt.date,
    proof: ProofOfDay,
    said: Said | None,
    turn: asyncio.Semaphore,
) -> bool:
    """Work on the shards until all are done, and prove beside them; return whether it came to that
    or the close was stopped before."""
    seconds = get_settings().job_lease_seconds
    loop = asyncio.get_running_loop()
    reported = loop.time()
    while True:
        _heed_cancellation()
        async with turn:
            shard = await claim_next(day, lease_seconds=seconds)
            if shard is not None:
                await close_shard(shard)
        await proof.go_on(await closed_before(day))
        if shard is None:
            if await _state(day) is not BusinessDayState.CLOSING:
                return False
            if not await unfinished(day):
                break
            await asyncio.sleep(_OTHERS_SECONDS)  # others hold what is left, or their leases do
        if loop.time() - reported > _SAY_SECONDS:
            reported = loop.time()
            progress = await close_progress(day)
            await _say(lease, f"{day} LOANS", progress.share if progress else 0.0, said)
    if loop.time() - reported > _SAY_SECONDS:
        await _say(lease, f"{day} BOOKS", 1.0, said)
    return True


async def _state(day: dt.date) -> BusinessDayState:
    found = await rows("SELECT state FROM business_day WHERE day = %s", [day])
    return BusinessDayState(found[0]["state"])


async def _say(lease: Lease, step: str, share: float, said: Said | None) -> None:
    await report_progress(lease, step=step, progress=share)
    if said is not None:
        await said(step, share)


async def _why_not(day: dt.date, state: BusinessDayState) -> list[Problem]:
    if state in CLOSED:
        return []
    (row,) = await rows(
        "SELECT set_aside, set_aside_limit, faults FROM business_day WHERE day = %s", [day]
    )
    if state is BusinessDayState.ABORTED:
        return [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                (),
                f"The close of {day} was aborted: {row['set_aside']} loans were set aside, more "
                f"than the {row['set_aside_limit']} allowed. Look into their reasons, then call "
                "closeBusinessDay to go on.",
                f"{day} 日终已中止：搁置 {row['set_aside']} 笔借据，超过允许的 "
                f"{row['set_aside_limit']} 笔。请查明原因后再次调用 closeBusinessDay 继续。",
            )
        ]
    faults = orjson.loads(row["faults"]) if isinstance(row["faults"], str) else row["faults"] or []
    named_en, named_zh = (" ".join(fault[tongue] for fault in faults) for tongue in ("en", "zh"))
    return [
        Problem(
            ErrorCode.ILLEGAL_STATE,
            (),
            f"The books of {day} do not prove right, so the day stays open: {named_en}",
            f"{day} 账务核对未通过，该日不能关闭：{named_zh}",
        )
    ]


async def _succeed(lease: Lease, through: dt.date) -> None:
    found = await rows("SELECT id FROM business_day WHERE day = %s", [through])

    async def work(step: Step) -> Result:
        result = {"businessDay": int(found[0]["id"])} if found else {}
        await finish_job(step, lease, result=result)
        return {"job": lease.job_id}

    await perform(
        actor=SYSTEM,
        action="finishJob",
        key=f"job-{lease.job_id}-{lease.owner}",
        arguments={"job": lease.job_id},
        work=work,
    )


async def _stay_alive(lease: Lease) -> None:
    """Keep the job's lease while a long shard or the proof of the books says nothing."""
    seconds = heartbeat_seconds(get_settings().job_lease_seconds)
    while True:
        await asyncio.sleep(seconds)
        with suppress(Exception):  # a lease that is lost shows at the next report
            await heartbeat(lease)
