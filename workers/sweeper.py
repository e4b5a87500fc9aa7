"""The periodic work of every worker process: lost jobs, unsent messages, the audit's seals.

Several workers sweep at once without harm: each step is a conditional update that one of them wins.
"""

from __future__ import annotations

import datetime as dt
import os
import socket

import structlog

from domain.operations.audit import BLOCK_ENTRIES_MAX, seal_audit
from domain.operations.clock import now
from domain.operations.job_messages import jobs_to_send
from domain.operations.jobs import lose_silent_jobs, requeue_lost_jobs
from domain.queries.jobs import request_of_job
from workers.middleware import WorkerLife, keep_doing
from workers.queue import send_job, worker_key

log = structlog.get_logger(__name__)


async def sweep_jobs(life: WorkerLife) -> None:
    """Keep looking for lost jobs and unsent messages."""

    async def sweep() -> None:
        settings = life.settings
        # A job stays LOST for at least one interval, so that whoever looks can see it.
        lost_before = now() - dt.timedelta(seconds=settings.sweep_seconds)
        for job_id in await requeue_lost_jobs(lost_before=lost_before):
            log.info("job_requeued", job=job_id, request_id=await request_of_job(job_id))
        for job_id in await lose_silent_jobs(lease_seconds=settings.job_lease_seconds):
            log.warning("job_lost", job=job_id, request_id=await request_of_job(job_id))
        due = await jobs_to_send(lease_seconds=settings.job_lease_seconds)
        if due:
            await life.redis.ping()  # a broker that is down costs one try, not one for each job
        for waiting in due:
            await send_job(job_id=waiting.job_id, kind=waiting.kind)

    await keep_doing(life, "sweep", life.settings.sweep_seconds, sweep)


async def seal_audit_trail(life: WorkerLife) -> None:
    """Keep sealing audit entries into blocks."""

    async def seal() -> None:
        while await seal_audit() == BLOCK_ENTRIES_MAX:
            pass

    await keep_doing(life, "sealing", life.settings.sweep_seconds, seal)


async def show_presence(life: WorkerLife) -> None:
    """Keep a key alive that lets `liudai doctor` count the workers."""
    key = worker_key(life.settings, f"{socket.gethostname()}:{os.getpid()}")
    seconds = 2.0

    async def renew() -> None:
        await life.redis.set(key, "1", ex=int(5 * seconds))

    await keep_doing(life, "presence", seconds, renew)
