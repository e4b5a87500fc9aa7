"""Workers that die, messages that come twice: one job, one model version, and the loss is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psutil
import pytest
from training_stories import ask, ended, events_of, is_published, state_of, until
from worker_process import WorkerProcess

from domain.db import dialect, rows
from domain.models.records import Job
from domain.models.risk.model_version import ModelVersion
from domain.rules.jobs import JobKind, JobState
from tests import servers
from tests.lender import Lender
from workers import queue

pytestmark = [
    pytest.mark.usefixtures("fast"),
    pytest.mark.skipif(not servers.REDIS, reason="no Redis server can be reached"),
]


async def test_a_worker_killed_in_training_leaves_exactly_one_version(
    lender: Lender, worker: Callable[[], WorkerProcess]
) -> None:
    doomed = worker()
    job_id = await ask(lender, synthetic_rows=3000)
    assert await queue.send_job(job_id=job_id)

    async def in_the_middle() -> bool:
        job = await Job.get(id=job_id)
        return job.state == JobState.RUNNING and job.step in {"SELECT", "TUNE", "FIT"}

    await until(in_the_middle)
    (training,) = doomed.trainings()
    doomed.kill()
    _, alive = psutil.wait_procs([training], timeout=3)
    assert not alive, "the training outlived its worker"
    assert await state_of(job_id) is JobState.RUNNING

    seen: list[str] = []
    second = worker()

    async def over() -> bool:
        job = await Job.get(id=job_id)
        if not seen or seen[-1] != job.state:
            seen.append(job.state)
        return job.state in {JobState.SUCCEEDED, JobState.FAILED}

    await until(over)
    assert seen[:2] == [JobState.RUNNING, JobState.LOST]
    assert seen[-2:] == [JobState.RUNNING, JobState.SUCCEEDED]
    job = await Job.get(id=job_id)
    assert (job.attempts, job.progress) == (2, 1)
    assert await events_of(job_id) == [
        *("job.queued", "job.running", "job.lost"),
        *("job.queued", "job.running", "job.succeeded"),
    ]
    (version,) = await ModelVersion.filter(job_id=job_id)
    assert job.result == {"model": version.id}
    assert version.metrics["test"]["auc"] > 0.6
    assert version.metrics["parity"]["largest"] <= 1e-5
    assert version.trained_by_id == lender.operator.id

    # The first worker's message comes again, and more: nothing runs, nothing changes.
    for _ in range(3):
        queue._send(queue.ACTORS[JobKind.TRAIN_MODEL], job_id)

    async def taken() -> bool:
        return (await asyncio.to_thread(queue.broker_status)).waiting == 0

    await until(taken)
    await until(lambda: is_published("job.succeeded", job_id))
    assert second.stop() == 0
    assert (await Job.get(id=job_id)).attempts == 2
    assert await ModelVersion.filter(job_id=job_id).count() == 1


async def test_a_message_delivered_three_times_trains_once_and_sigterm_lets_it_end(
    lender: Lender, worker: Callable[[], WorkerProcess]
) -> None:
    if dialect() == "sqlite" and servers.MYSQL:
        pytest.skip("the race is run where transactions run at once")
    job_id = await ask(lender)
    for _ in range(3):
        queue._send(queue.ACTORS[JobKind.TRAIN_MODEL], job_id)
    workers = [worker(), worker()]

    async def under_way() -> bool:
        return (await Job.get(id=job_id)).progress > 0  # the imports are behind it

    await until(under_way)
    assert sum(len(each.trainings()) for each in workers) == 1
    assert [await asyncio.to_thread(each.stop) for each in workers] == [0, 0]
    job = await ended(job_id, seconds=1)
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 1)
    assert await ModelVersion.filter(job_id=job_id).count() == 1
    unsealed = await rows(
        "SELECT COUNT(*) AS n FROM audit_entry e LEFT JOIN audit_seal s ON s.entry_id = e.id "
        "WHERE s.entry_id IS NULL AND e.action = 'trainModel'"
    )
    assert unsealed[0]["n"] == 0
