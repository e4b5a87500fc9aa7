"""The day close in a worker: the job that drives it, and the shards that any worker takes.

A process works on one shard at a time, since each holds the locks of its loans; while it waits for
the database another process computes.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from redis import RedisError

from domain.operations.jobs import Lease, LeaseLost, release_job
from domain.operations.lending.day_close.run import run_close
from domain.operations.lending.day_close.shard import close_shard
from domain.operations.lending.day_close.shards import claim
from workers.middleware import WorkerLife
from workers.publisher import publish_progress
from workers.queue import send_shards

SHARDS_AT_ONCE = 1

log = structlog.get_logger(__name__)
_at_once = asyncio.Semaphore(SHARDS_AT_ONCE)


async def run_day_close(life: WorkerLife, lease: Lease) -> None:
    """Drive the close of `lease` to its end, or give it back when the worker must stop."""

    async def said(step: str, share: float) -> None:
        with suppress(RedisError, OSError):
            await publish_progress(life, lease.job_id, step, share)

    closing = asyncio.create_task(run_close(lease, said=said, sent=send_shards, turn=_at_once))
    stopping = asyncio.create_task(life.stopping.wait())
    try:
        await asyncio.wait([closing, stopping], return_when=asyncio.FIRST_COMPLETED)
        if closing.done():
            await closing
            log.info("day_close_ended", job=lease.job_id)
            return
        closing.cancel()  # a shard under way is rolled back, and waits for another worker
        await asyncio.wait([closing])
        await release_job(lease)
        log.info("day_close_released", job=lease.job_id)
    except LeaseLost:
        log.warning("lease_lost", job=lease.job_id)
    finally:
        stopping.cancel()


async def run_shard(life: WorkerLife, shard_id: int) -> None:
    """Work on a shard unless it is done or somebody else's."""
    async with _at_once:
        if life.stopping.is_set():
            return
        lease = await claim(shard_id, lease_seconds=life.settings.job_lease_seconds)
        if lease is not None:
            await close_shard(lease)
