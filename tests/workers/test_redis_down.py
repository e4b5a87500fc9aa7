"""Redis down: what needs a worker is kept, and sent when Redis is back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from training_stories import ask, ended, is_published, until
from worker_process import WorkerProcess

from domain.db import dialect
from domain.models.records import Job
from domain.queries.jobs import job_problems
from domain.rules.jobs import JobState
from domain.settings import get_settings
from liudai.embedded_redis import embedded_redis, redis_url
from tests.lender import Lender
from workers import queue


@pytest.fixture(scope="module")
def redis_home(fast: None, environment: pytest.MonkeyPatch, tmp_path_factory) -> Path:
    """The home of an embedded Redis that does not run yet."""
    home = tmp_path_factory.mktemp("redis")
    environment.setenv("LIUDAI_REDIS_URL", redis_url(home))
    get_settings.cache_clear()
    return home


async def test_what_needs_a_worker_is_kept_and_sent_later(
    redis_home: Path, lender: Lender, worker: Callable[[], WorkerProcess]
) -> None:
    if dialect() != "sqlite":
        pytest.skip("the broker does not depend on the database")
    # Too little history to learn from: the shortest job there is, and a reason to read.
    job_id = await ask(lender, source="HISTORY", currency="USD", synthetic_rows=None)
    start = time.monotonic()
    assert not await queue.send_job(job_id=job_id)
    assert time.monotonic() - start < 2.5
    job = await Job.get(id=job_id)
    assert (job.state, job.sent_at) == (JobState.QUEUED, None)
    assert queue.broker_status().error
    await lender.facility()  # money mutations do not need it

    patient = worker()
    await asyncio.sleep(3)
    assert patient.running
    with embedded_redis(redis_home):
        job = await ended(job_id)
        await until(lambda: is_published("job.failed", job_id))

        async def seen() -> bool:
            return queue.broker_status().workers == 1

        await until(seen)
        assert queue.broker_status().error == ""
        assert patient.stop() == 0
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    (problem,) = job_problems(job)
    assert "at least 200 are needed" in problem.en
    assert "至少需要 200 行" in problem.zh
    # An hour of a server that is down must not fill the log.
    assert len(patient.log.read_text().splitlines()) < 25, patient.log.read_text()


async def test_without_a_supervisor_the_embedded_broker_is_unknown(
    redis_home: Path, lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await ask(lender)
    monkeypatch.setenv("LIUDAI_REDIS_URL", "embedded")
    get_settings.cache_clear()
    try:
        assert "LIUDAI_REDIS_URL" in queue.broker_status().error
        assert not await queue.send_job(job_id=job_id)
        assert (await Job.get(id=job_id)).sent_at is None
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
