"""The actors: each takes ids by keyword, claims a lease, and is harmless when it runs twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic

import dramatiq
import structlog

from domain.operations.jobs import Lease, claim_job
from domain.operations.request import request_id
from domain.queries.jobs import find_job, request_of_job
from domain.rules.jobs import JobKind
from workers.closing import run_day_close, run_shard
from workers.metrics import observe_attempt
from workers.middleware import WorkerLife
from workers.posting import run_posting
from workers.queue import ACTORS, CLOSE_SHARD, QUEUE
from workers.training import run_training

log = structlog.get_logger(__name__)


def declare_actors(broker: dramatiq.Broker, life: WorkerLife) -> None:
    """Declare every actor on `broker`, under the name `workers.queue` sends to."""

    @dramatiq.actor(actor_name=ACTORS[JobKind.TRAIN_MODEL], queue_name=QUEUE, broker=broker)
    async def train_model(*, job_id: int) -> None:
        await _attempt(job_id, JobKind.TRAIN_MODEL, lambda lease: run_training(life, lease))

    @dramatiq.actor(actor_name=ACTORS[JobKind.POST_PAYMENT_FILE], queue_name=QUEUE, broker=broker)
    async def post_payment_file(*, job_id: int) -> None:
        await _attempt(job_id, JobKind.POST_PAYMENT_FILE, lambda lease: run_posting(life, lease))

    @dramatiq.actor(actor_name=ACTORS[JobKind.CLOSE_DAY], queue_name=QUEUE, broker=broker)
    async def close_day(*, job_id: int) -> None:
        await _attempt(job_id, JobKind.CLOSE_DAY, lambda lease: run_day_close(life, lease))

    @dramatiq.actor(actor_name=CLOSE_SHARD, queue_name=QUEUE, broker=broker)
    async def close_shard(*, shard_id: int) -> None:
        await run_shard(life, shard_id)


async def _attempt(job_id: int, kind: JobKind, work: Callable[[Lease], Awaitable[None]]) -> None:
    """Do the job if it is there to be taken, under the id of the request that asked for it."""
    request_id.set(await request_of_job(job_id))
    structlog.contextvars.bind_contextvars(job=job_id, kind=kind.value)
    lease = await claim_job(job_id=job_id, kind=kind)
    if lease is None:
        log.info("job_not_taken")
        return
    log.info("job_taken", worker=lease.owner)
    started = monotonic()
    try:
        await work(lease)
    finally:
        seconds = monotonic() - started
        state = await _state_of(job_id)
        observe_attempt(kind, state, seconds)
        log.info("job_attempt_ended", state=state, seconds=round(seconds, 3))


async def _state_of(job_id: int) -> str:
    try:
        return str((await find_job(job_id)).state)
    except Exception:  # what the attempt itself raised matters more
        return "UNKNOWN"
