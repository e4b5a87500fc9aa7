"""Jobs: the lease, its loss, and that nothing without it has an effect."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from domain.actor import Actor
from domain.db import execute, rows
from domain.models.records import Job
from domain.operations.clock import now
from domain.operations.job_messages import jobs_to_send, sending_failed, start_sending
from domain.operations.jobs import (
    Lease,
    LeaseLost,
    claim_job,
    create_job,
    fail_job,
    heartbeat,
    lose_job,
    lose_silent_jobs,
    release_job,
    report_progress,
    requeue_lost_jobs,
)
from domain.operations.perform import Result, Step, perform
from domain.queries.jobs import count_jobs, find_job, job_problems
from domain.rules.jobs import ATTEMPTS_MAX, JobKind, JobState
from domain.rules.refusal import ErrorCode, Problem, Refused
from tests.lender import Lender, key

LEASE = 30
KIND = JobKind.TRAIN_MODEL


async def queued(actor: Actor) -> int:
    async def work(step: Step) -> Result:
        return {"job": (await create_job(step, kind=KIND, arguments={"name": "a"})).id}

    done = await perform(actor=actor, action="startJob", key=key(), arguments={}, work=work)
    return done["job"]


async def claimed(actor: Actor) -> Lease:
    lease = await claim_job(job_id=await queued(actor), kind=KIND)
    assert lease is not None
    return lease


async def silence(lease: Lease, seconds: int = LEASE + 1) -> None:
    await execute(
        "UPDATE job SET heartbeat_at = %s WHERE id = %s",
        [now() - dt.timedelta(seconds=seconds), lease.job_id],
    )


async def state(job_id: int) -> JobState:
    return JobState((await Job.get(id=job_id)).state)


def soon() -> dt.datetime:
    return now() + dt.timedelta(seconds=1)


async def events(job_id: int) -> list[str]:
    found = await rows(
        "SELECT kind FROM outbox_event WHERE noun = 'Job' AND noun_id = %s ORDER BY id", [job_id]
    )
    return [row["kind"] for row in found]


async def test_a_job_records_who_started_it_and_runs_once(lender: Lender) -> None:
    job_id = await queued(lender.operator)
    assert (await Job.get(id=job_id)).started_by_id == lender.operator.id
    first, second = await asyncio.gather(*(claim_job(job_id=job_id, kind=KIND) for _ in range(2)))
    assert (first is None) != (second is None)
    assert await claim_job(job_id=job_id, kind=KIND) is None
    job = await find_job(job_id)
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)
    assert await events(job_id) == ["job.queued", "job.running"]


async def test_progress_renews_the_lease(lender: Lender) -> None:
    lease = await claimed(lender.operator)
    await silence(lease)
    await report_progress(lease, step="FIT", progress=0.7)
    assert await lose_silent_jobs(lease_seconds=LEASE) == []
    job = await Job.get(id=lease.job_id)
    assert (job.step, job.progress) == ("FIT", 0.7)


async def test_a_silent_worker_loses_its_job_visibly_and_it_is_queued_again(
    lender: Lender,
) -> None:
    lease = await claimed(lender.operator)
    await heartbeat(lease)
    assert await lose_silent_jobs(lease_seconds=LEASE) == []
    await silence(lease)
    assert await lose_silent_jobs(lease_seconds=LEASE) == [lease.job_id]
    assert await state(lease.job_id) is JobState.LOST
    assert await claim_job(job_id=lease.job_id, kind=KIND) is None
    assert await requeue_lost_jobs(lost_before=now() - dt.timedelta(seconds=5)) == []
    assert await requeue_lost_jobs(lost_before=soon()) == [lease.job_id]
    assert await state(lease.job_id) is JobState.QUEUED
    assert await events(lease.job_id) == ["job.queued", "job.running", "job.lost", "job.queued"]
    again = await claim_job(job_id=lease.job_id, kind=KIND)
    assert again is not None
    assert again.owner != lease.owner


async def test_nothing_a_lost_worker_does_has_an_effect(lender: Lender) -> None:
    old = await claimed(lender.operator)
    await silence(old)
    await lose_silent_jobs(lease_seconds=LEASE)
    await requeue_lost_jobs(lost_before=soon())
    new = await claim_job(job_id=old.job_id, kind=KIND)
    assert new is not None
    before = await Job.get(id=old.job_id)
    problem = Problem(ErrorCode.INVALID_VALUE, (), "No.", "否。")
    for late in (
        heartbeat(old),
        report_progress(old, step="FIT", progress=0.9),
        fail_job(old, problems=[problem]),
        lose_job(old, reason="killed"),
        release_job(old),
    ):
        with pytest.raises(LeaseLost):
            await late
    after = await Job.get(id=old.job_id)
    assert dict(after) == dict(before)


async def test_a_job_lost_too_often_fails_with_a_reason_in_both_languages(
    lender: Lender,
) -> None:
    job_id = await queued(lender.operator)
    for _ in range(ATTEMPTS_MAX):
        lease = await claim_job(job_id=job_id, kind=KIND)
        assert lease is not None
        await lose_job(lease, reason="The training process was killed by signal 9.")
        await requeue_lost_jobs(lost_before=soon())
    job = await Job.get(id=job_id)
    assert job.state == JobState.FAILED
    assert job.finished_at is not None
    assert await claim_job(job_id=job_id, kind=KIND) is None
    (problem,) = job_problems(job)
    assert "attempts" in problem.en
    assert "工作进程" in problem.zh


async def test_giving_a_job_back_costs_no_attempt(lender: Lender) -> None:
    lease = await claimed(lender.operator)
    await start_sending(lease.job_id, lease_seconds=LEASE)
    await release_job(lease)
    job = await Job.get(id=lease.job_id)
    assert (job.state, job.attempts, job.sent_at) == (JobState.QUEUED, 0, None)


async def test_a_failed_job_says_why(lender: Lender) -> None:
    lease = await claimed(lender.operator)
    said = Problem(ErrorCode.INVALID_VALUE, ("csv",), "The file is empty.", "文件为空。")
    await fail_job(lease, problems=[said])
    job = await Job.get(id=lease.job_id)
    assert (job.state, job.error) == (JobState.FAILED, "The file is empty.")
    assert job_problems(job) == [said]
    assert (await count_jobs())[JobState.FAILED] >= 1


async def test_a_message_is_sent_once_and_again_when_it_was_lost(lender: Lender) -> None:
    job_id = await queued(lender.operator)

    async def waiting() -> bool:
        due = await jobs_to_send(lease_seconds=LEASE, limit=1000)
        return job_id in [each.job_id for each in due]

    assert await waiting()
    at = await start_sending(job_id, lease_seconds=LEASE)
    assert at is not None
    assert await start_sending(job_id, lease_seconds=LEASE) is None
    assert not await waiting()
    await sending_failed(job_id)
    assert await waiting()
    await start_sending(job_id, lease_seconds=LEASE)
    long_ago = now() - dt.timedelta(seconds=10 * LEASE)
    await execute("UPDATE job SET sent_at = %s WHERE id = %s", [long_ago, job_id])
    assert await waiting()
    await claim_job(job_id=job_id, kind=KIND)
    assert not await waiting()


async def test_an_absent_job_is_not_found(lender: Lender) -> None:
    assert await claim_job(job_id=999_999, kind=KIND) is None
    with pytest.raises(Refused, match="NOT_FOUND"):
        await find_job(999_999)
