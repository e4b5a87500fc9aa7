"""The actors: each takes ids by keyword, claims a lease, and is harmless when it runs twice."""

from __future__ import annotations

import dramatiq
import structlog

from domain.operations.jobs import claim_job
from domain.rules.jobs import JobKind
from workers.closing import run_day_close, run_shard
from workers.middleware import WorkerLife
from workers.queue import ACTORS, CLOSE_SHARD, QUEUE
from workers.training import run_training

log = structlog.get_logger(__name__)


def declare_actors(broker: dramatiq.Broker, life: WorkerLife) -> None:
    """Declare every actor on `broker`, under the name `workers.queue` sends to."""

    @dramatiq.actor(actor_name=ACTORS[JobKind.TRAIN_MODEL], queue_name=QUEUE, broker=broker)
    async def train_model(*, job_id: int) -> None:
        lease = await claim_job(job_id=job_id, kind=JobKind.TRAIN_MODEL)
        if lease is None:
            log.info("job_not_taken", job=job_id)
            return
        await run_training(life, lease)

    @dramatiq.actor(actor_name=ACTORS[JobKind.CLOSE_DAY], queue_name=QUEUE, broker=broker)
    async def close_day(*, job_id: int) -> None:
        lease = await claim_job(job_id=job_id, kind=JobKind.CLOSE_DAY)
        if lease is None:
            log.info("job_not_taken", job=job_id)
            return
        await run_day_close(life, lease)

    @dramatiq.actor(actor_name=CLOSE_SHARD, queue_name=QUEUE, broker=broker)
    async def close_shard(*, shard_id: int) -> None:
        await run_shard(life, shard_id)
