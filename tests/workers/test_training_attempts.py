"""One attempt: what a dead process, a lost lease and a worker that must stop leave behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import psutil
import pytest
from training_stories import ask, life, state_of, until

from domain.db import execute
from domain.models.records import Job
from domain.models.risk.model_version import ModelVersion
from domain.operations.jobs import Lease, claim_job
from domain.rules.jobs import JobKind, JobState
from tests import servers
from tests.lender import Lender
from workers import training
from workers.middleware import WorkerLife

pytestmark = [
    pytest.mark.usefixtures("fast"),
    pytest.mark.skipif(not servers.REDIS, reason="no Redis server can be reached"),
]


async def attempt(
    lender: Lender, then: Callable[[WorkerLife, Lease, psutil.Process], Awaitable[None]]
) -> Job:
    """Claim a job, start its training, do `then` while it runs; return the job as it ends."""
    lease = await claim_job(job_id=await ask(lender), kind=JobKind.TRAIN_MODEL)
    assert lease is not None
    ours = life()
    running = asyncio.create_task(training.run_training(ours, lease))

    async def started() -> bool:
        return any(lease.owner in each.cmdline() for each in psutil.Process().children())

    await until(started)
    (process,) = [each for each in psutil.Process().children() if lease.owner in each.cmdline()]
    await then(ours, lease, process)
    await asyncio.wait_for(running, timeout=10)
    assert not psutil.pid_exists(process.pid)
    await ours.redis.aclose()
    assert not await ModelVersion.exists(job_id=lease.job_id)
    return await Job.get(id=lease.job_id)


async def test_a_training_that_is_killed_is_lost_at_once(lender: Lender) -> None:
    async def kill(ours: WorkerLife, lease: Lease, process: psutil.Process) -> None:
        process.kill()

    job = await attempt(lender, kill)
    assert (job.state, job.error) == (
        JobState.LOST,
        "The training process was killed by signal 9.",
    )


async def test_a_worker_that_must_stop_gives_the_job_back(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "STOP_SECONDS", 0.1)

    async def stop(ours: WorkerLife, lease: Lease, process: psutil.Process) -> None:
        ours.stopping.set()

    job = await attempt(lender, stop)
    assert (job.state, job.attempts, job.lease_owner) == (JobState.QUEUED, 0, "")


async def test_a_worker_that_lost_the_lease_ends_the_training(lender: Lender) -> None:
    async def lose(ours: WorkerLife, lease: Lease, process: psutil.Process) -> None:
        await execute("UPDATE job SET lease_owner = 'another' WHERE id = %s", [lease.job_id])

    job = await attempt(lender, lose)
    assert (job.state, job.lease_owner) == (JobState.RUNNING, "another")
    await execute("UPDATE job SET state = %s WHERE id = %s", [JobState.FAILED, job.id])


async def test_a_training_that_takes_too_long_is_ended_and_fails(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "TRAINING_SECONDS_MAX", 0.1)

    async def wait(ours: WorkerLife, lease: Lease, process: psutil.Process) -> None:
        pass

    job = await attempt(lender, wait)
    assert job.state == JobState.FAILED
    assert "longer" in job.error


async def test_progress_is_told_to_the_jobs_followers(lender: Lender) -> None:
    from domain.channels import job_channel
    from domain.settings import get_settings
    from workers.publisher import publish_progress

    ours = life()
    async with ours.redis.pubsub() as pubsub:
        await pubsub.subscribe(job_channel(get_settings(), 7))
        await publish_progress(ours, 7, "FIT", 0.7)
        messages = [await pubsub.get_message(timeout=1) for _ in range(2)]
    await ours.redis.aclose()
    assert messages[1] is not None
    assert messages[1]["data"] == (
        b'{"kind":"job.progress","noun":"Job","nounId":7,'
        b'"payload":{"state":"RUNNING","step":"FIT","progress":0.7}}'
    )


async def test_only_a_queued_job_is_claimed(lender: Lender) -> None:
    job_id = await ask(lender)
    await execute("UPDATE job SET state = %s WHERE id = %s", [JobState.FAILED, job_id])
    assert await claim_job(job_id=job_id, kind=JobKind.TRAIN_MODEL) is None
    assert await state_of(job_id) is JobState.FAILED
