"""What the worker tests share: starting trainings and waiting for what becomes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import redis.asyncio

from domain.db import rows
from domain.models.records import Job
from domain.operations.risk.train_model import TrainingRequest, TrainingSource, train_model
from domain.rules.jobs import JobState
from domain.settings import get_settings
from ml.training_request import training_problems
from tests.lender import Lender, key
from workers.middleware import WorkerLife

REQUEST = TrainingRequest(
    name="tiny",
    source=TrainingSource.SYNTHETIC,
    algorithm="LOGISTIC_REGRESSION",
    synthetic_rows=1000,
)
ENDED = {JobState.SUCCEEDED, JobState.FAILED}


async def ask(lender: Lender, **changes: object) -> int:
    """Ask for a training; return the job's id, its message not sent."""
    request = replace(REQUEST, **changes)
    done = await train_model(
        actor=lender.operator, key=key(), request=request, check=training_problems
    )
    return done["job"]


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)


async def state_of(job_id: int) -> JobState:
    return JobState((await Job.get(id=job_id)).state)


async def ended(job_id: int, seconds: float = 150) -> Job:
    async def over() -> bool:
        return await state_of(job_id) in ENDED

    await until(over, seconds)
    return await Job.get(id=job_id)


async def is_published(kind: str, noun_id: int) -> bool:
    found = await rows(
        "SELECT 1 AS one FROM outbox_event WHERE kind = %s AND noun_id = %s "
        "AND published_at IS NOT NULL",
        [kind, noun_id],
    )
    return bool(found)


async def events_of(job_id: int) -> list[str]:
    found = await rows(
        "SELECT kind FROM outbox_event WHERE noun = 'Job' AND noun_id = %s ORDER BY id", [job_id]
    )
    return [row["kind"] for row in found]


def life() -> WorkerLife:
    """A worker's life on the test's own loop, without Dramatiq."""
    settings = get_settings()
    life = WorkerLife(settings, ())
    life.stopping = asyncio.Event()
    life.redis = redis.asyncio.Redis.from_url(settings.redis_url)
    return life
