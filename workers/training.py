"""One attempt at a training: a process of its own, watched by the worker that holds the lease.

The worker says that it lives, passes progress on, and ends the process when the lease is lost, the
time is up or the worker must stop. The process ends by itself when the pipe to its worker closes,
so it outlives no killed worker; and it registers nothing without the lease.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from time import monotonic

import orjson
import structlog
from redis import RedisError

from domain.db import DBConnectionError
from domain.operations.jobs import (
    Lease,
    LeaseLost,
    fail_job,
    heartbeat,
    lose_job,
    release_job,
    report_progress,
)
from domain.rules.jobs import heartbeat_seconds
from domain.rules.refusal import ErrorCode, Problem
from workers.middleware import WorkerLife
from workers.publisher import publish_progress

TRAINING_SECONDS_MAX = 60 * 60
STOP_SECONDS = 15.0  # of the 25 the supervisor waits before it kills
_END_SECONDS = 5.0
_ENDING_SECONDS = 1.0
_REPORT_SECONDS = 0.25  # within one step, this often at most

log = structlog.get_logger(__name__)


async def run_training(life: WorkerLife, lease: Lease) -> None:
    """Run the attempt that `lease` stands for to its end, whatever that is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ml.training_process", str(lease.job_id), lease.owner),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    watchers = {
        "lease": asyncio.create_task(_keep_lease(life, lease)),
        "stop": asyncio.create_task(_stop_requested(life)),
        "time": asyncio.create_task(asyncio.sleep(TRAINING_SECONDS_MAX)),
    }
    relay = asyncio.create_task(_relay_progress(life, lease, process))
    ended = asyncio.create_task(process.wait())
    try:
        await asyncio.wait([ended, *watchers.values()], return_when=asyncio.FIRST_COMPLETED)
        if watchers["lease"].done():
            # Or it has just ended its job itself, and is about to end.
            await asyncio.wait([ended], timeout=_ENDING_SECONDS)
        code = process.returncode if ended.done() else None
        await _kill(process)
        await _end(lease, code, {name for name, task in watchers.items() if task.done()})
    except LeaseLost:
        log.warning("lease_lost", job=lease.job_id)
    finally:
        await _kill(process)
        with suppress(TimeoutError):
            await asyncio.wait_for(relay, timeout=_END_SECONDS)  # it has what is left to read
        for task in (ended, *watchers.values()):
            task.cancel()
        await asyncio.gather(ended, *watchers.values(), return_exceptions=True)


async def _end(lease: Lease, code: int | None, why: set[str]) -> None:
    """Record how the attempt ended, unless the process has done so itself (exit code 0).

    A process that found its lease lost has nothing to record either: `lose_job` then says so too.
    """
    if code == 0:
        log.info("training_ended", job=lease.job_id)
    elif code is not None:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        log.error("training_died", job=lease.job_id, how=how)
        await lose_job(lease, reason=f"The training process {how}.")
    elif "lease" in why:
        raise LeaseLost
    elif "time" in why:
        await fail_job(lease, problems=[_TOO_LONG])
    else:
        await release_job(lease)
        log.info("training_released", job=lease.job_id)


_TOO_LONG = Problem(
    ErrorCode.UNAVAILABLE,
    (),
    f"The training took longer than {TRAINING_SECONDS_MAX // 60} minutes and was ended. "
    "Use fewer rows.",
    f"训练超过 {TRAINING_SECONDS_MAX // 60} 分钟，已终止，请减少样本行数。",
)


async def _keep_lease(life: WorkerLife, lease: Lease) -> None:
    """Renew the lease; return when it is lost."""
    seconds = heartbeat_seconds(life.settings.job_lease_seconds)
    while True:
        await asyncio.sleep(seconds)
        try:
            await heartbeat(lease)
        except LeaseLost:
            return
        except Exception as error:
            # A database out of reach for longer than the lease costs the lease, not the worker.
            log.warning("heartbeat_failed", job=lease.job_id, reason=str(error))


async def _stop_requested(life: WorkerLife) -> None:
    await life.stopping.wait()
    await asyncio.sleep(STOP_SECONDS)


async def _relay_progress(
    life: WorkerLife, lease: Lease, process: asyncio.subprocess.Process
) -> None:
    """Write each step the process reports into the job's row, and tell the job's followers."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    said, said_at = "", 0.0
    async for line in process.stdout:
        try:
            report = orjson.loads(line)
            step, progress = str(report["step"]), float(report["progress"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            continue
        if step == said and monotonic() - said_at < _REPORT_SECONDS:
            continue
        said, said_at = step, monotonic()
        with suppress(LeaseLost, DBConnectionError, RedisError, OSError):
            await report_progress(lease, step=step, progress=progress)
            await publish_progress(life, lease.job_id, step, progress)


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.kill()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), timeout=_END_SECONDS)
