"""Jobs from creation to their end. The row is the truth; a message only makes it prompt.

Every change of state runs through :func:`perform` with a key of its own, so a message delivered
twice changes nothing. Only the holder of the lease moves a RUNNING job, by conditional updates: a
worker that was thought dead and comes back finds that nothing it does has an effect.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from domain.actor import SYSTEM
from domain.db import execute, rows
from domain.models.records import Job
from domain.operations.clock import now
from domain.operations.perform import Result, Step, perform
from domain.rules.jobs import (
    JOB_MOVES,
    NOUN,
    JobKind,
    JobState,
    after_loss,
    lease_expired_before,
)
from domain.rules.refusal import ErrorCode, Problem
from domain.rules.states import move

ERROR_LENGTH_MAX = 500


class LeaseLost(Exception):
    """The job belongs to somebody else now, or to nobody: stop, and change nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one worker to one attempt at one job; `owner` is never used twice."""

    job_id: int
    owner: str


def new_owner() -> str:
    """Return a fresh lease owner: where the worker runs, and a random part."""
    return f"{socket.gethostname()[:20]}:{os.getpid()}:{secrets.token_hex(8)}"


async def create_job(step: Step, *, kind: JobKind, arguments: Mapping[str, Any]) -> Job:
    """Queue a job in the running transaction, in the name of the operation's actor."""
    job = await Job.create(
        kind=kind, state=JobState.QUEUED, input=dict(arguments), started_by_id=step.actor.id
    )
    step.changed("Job", job.id, after={"state": job.state, "kind": kind}, event="job.queued")
    return job


async def claim_job(*, job_id: int, kind: JobKind) -> Lease | None:
    """Take a QUEUED job; None when it is not there to be taken (a duplicate message, a late one).

    A LOST job is first queued again by the sweeper, so that its loss is seen.
    """
    lease = Lease(job_id, new_owner())

    async def work(step: Step) -> Result:
        at = now()
        taken = await execute(
            "UPDATE job SET state = %s, lease_owner = %s, heartbeat_at = %s, step = '', "
            "progress = 0, error = '', attempts = attempts + 1, "
            "started_at = COALESCE(started_at, %s) WHERE id = %s AND kind = %s AND state = %s",
            [JobState.RUNNING, lease.owner, at, at, job_id, kind, JobState.QUEUED],
        )
        if not taken:
            raise LeaseLost
        step.changed(
            "Job",
            job_id,
            before={"state": JobState.QUEUED},
            after={"state": JobState.RUNNING, "worker": lease.owner},
            event="job.running",
        )
        return {"job": job_id}

    try:
        await perform(
            actor=SYSTEM, action="claimJob", key=lease.owner, arguments=asdict(lease), work=work
        )
    except LeaseLost:
        return None
    return lease


async def heartbeat(lease: Lease) -> None:
    """Say that the worker lives. Raises :class:`LeaseLost`."""
    await _hold(lease, "heartbeat_at = %s", [now()])


async def report_progress(lease: Lease, *, step: str, progress: float) -> None:
    """Note the step and the share done (0 to 1) of the whole. Raises :class:`LeaseLost`."""
    await _hold(lease, "heartbeat_at = %s, step = %s, progress = %s", [now(), step[:60], progress])


async def finish_job(step: Step, lease: Lease, *, result: Mapping[str, int]) -> None:
    """End the job as SUCCEEDED in the running transaction. Raises :class:`LeaseLost`."""
    await _end(step, lease, JobState.SUCCEEDED, result=dict(result))


async def fail_job(lease: Lease, *, problems: Sequence[Problem]) -> None:
    """End the job as FAILED for a reason that another attempt would meet again.

    Raises :class:`LeaseLost`.
    """

    async def work(step: Step) -> Result:
        await _end(step, lease, JobState.FAILED, result=_reasons(problems), problems=problems)
        return {"job": lease.job_id}

    await _as_system("failJob", f"job-{lease.job_id}-{lease.owner}", lease, work)


async def release_job(lease: Lease) -> None:
    """Give a job back untouched, because its worker must stop. Raises :class:`LeaseLost`."""

    async def work(step: Step) -> Result:
        await _hold(
            lease,
            "state = %s, lease_owner = '', sent_at = NULL, attempts = attempts - 1, step = '', "
            "progress = 0",
            [JobState.QUEUED],
        )
        _moved(step, lease.job_id, JobState.RUNNING, JobState.QUEUED)
        return {"job": lease.job_id}

    await _as_system("releaseJob", f"job-{lease.job_id}-{lease.owner}", lease, work)


async def lose_job(lease: Lease, *, reason: str) -> None:
    """Say that this attempt died (its process was killed). Raises :class:`LeaseLost`."""

    async def work(step: Step) -> Result:
        await _hold(lease, *_to_lost(reason))
        _moved(step, lease.job_id, JobState.RUNNING, JobState.LOST)
        return {"job": lease.job_id}

    await _as_system("loseJob", f"job-{lease.job_id}-{lease.owner}", lease, work)


async def lose_silent_jobs(*, lease_seconds: int) -> list[int]:
    """Mark LOST every RUNNING job whose worker was silent for a lease; return their ids."""
    before = lease_expired_before(now(), lease_seconds)
    silent = await rows(
        "SELECT id, lease_owner FROM job WHERE state = %s AND heartbeat_at < %s ORDER BY id",
        [JobState.RUNNING, before],
    )
    lost = []
    for row in silent:
        lease = Lease(row["id"], row["lease_owner"])
        try:
            await _lose_silent(lease, before)
        except LeaseLost:  # it spoke up, or another sweeper was quicker
            continue
        lost.append(lease.job_id)
    return lost


async def _lose_silent(lease: Lease, before: dt.datetime) -> None:
    async def work(step: Step) -> Result:
        columns, values = _to_lost("The worker fell silent.")
        await _hold(lease, columns, values, " AND heartbeat_at < %s", [before])
        _moved(step, lease.job_id, JobState.RUNNING, JobState.LOST)
        return {"job": lease.job_id}

    await _as_system("loseJob", f"job-{lease.job_id}-{lease.owner}", lease, work)


async def requeue_lost_jobs(*, lost_before: dt.datetime) -> list[int]:
    """Queue again what was LOST before the given moment, or fail what was tried often enough.

    Returns the ids that are QUEUED again.
    """
    found = await rows(
        "SELECT id, kind, attempts FROM job WHERE state = %s AND heartbeat_at < %s ORDER BY id",
        [JobState.LOST, lost_before],
    )
    queued = []
    for row in found:
        if await _requeue(row["id"], JobKind(row["kind"]), row["attempts"]) is JobState.QUEUED:
            queued.append(row["id"])
    return queued


async def _requeue(job_id: int, kind: JobKind, attempts: int) -> JobState | None:
    to = after_loss(attempts, kind)
    problems = [_given_up(attempts)] if to is JobState.FAILED else []

    async def work(step: Step) -> Result:
        moved = await execute(
            "UPDATE job SET state = %s, sent_at = NULL, finished_at = %s, error = %s, "
            "result = %s WHERE id = %s AND state = %s AND attempts = %s",
            [
                to,
                now() if problems else None,
                _sentence(problems),
                orjson.dumps(_reasons(problems)).decode() if problems else None,
                job_id,
                JobState.LOST,
                attempts,
            ],
        )
        if not moved:
            raise LeaseLost
        _moved(step, job_id, JobState.LOST, to)
        return {"job": job_id}

    try:
        # `attempts` alone is not unique: a job given back at shutdown was not an attempt.
        await _as_system("requeueJob", f"job-{job_id}-{secrets.token_hex(8)}", job_id, work)
    except LeaseLost:
        return None
    return to


def _given_up(attempts: int) -> Problem:
    return Problem(
        ErrorCode.UNAVAILABLE,
        (),
        f"The worker was lost in each of {attempts} attempts. Look at its log, then start again.",
        f"连续 {attempts} 次执行时工作进程丢失，请查看其日志后重新发起。",
    )


async def _as_system(
    action: str, key: str, about: Lease | int, work: Callable[[Step], Awaitable[Result]]
) -> None:
    arguments = asdict(about) if isinstance(about, Lease) else {"job": about}
    done = await perform(actor=SYSTEM, action=action, key=key, arguments=arguments, work=work)
    if done.replayed:
        raise LeaseLost


async def _hold(
    lease: Lease,
    columns: str,
    values: Sequence[Any],
    condition: str = "",
    condition_values: Sequence[Any] = (),
) -> None:
    """Update the job if the lease still holds; else raise :class:`LeaseLost`."""
    held = await execute(
        f"UPDATE job SET {columns} WHERE id = %s AND state = %s AND lease_owner = %s" + condition,
        [*values, lease.job_id, JobState.RUNNING, lease.owner, *condition_values],
    )
    if not held:
        raise LeaseLost


def _to_lost(reason: str) -> tuple[str, list[Any]]:
    # From here heartbeat_at says since when the job is lost: it stays visible as such for a while.
    return (
        "state = %s, lease_owner = '', heartbeat_at = %s, error = %s",
        [JobState.LOST, now(), reason[:ERROR_LENGTH_MAX]],
    )


async def _end(
    step: Step,
    lease: Lease,
    state: JobState,
    *,
    result: Mapping[str, Any],
    problems: Sequence[Problem] = (),
) -> None:
    done = ", progress = 1" if state is JobState.SUCCEEDED else ""
    await _hold(
        lease,
        "state = %s, finished_at = %s, error = %s, result = %s" + done,
        [state, now(), _sentence(problems), orjson.dumps(result).decode()],
    )
    _moved(step, lease.job_id, JobState.RUNNING, state, **result)


def _sentence(problems: Sequence[Problem]) -> str:
    return " ".join(problem.en for problem in problems)[:ERROR_LENGTH_MAX]


def _reasons(problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "problems": [
            {"code": p.code, "path": list(p.path), "en": p.en, "zh": p.zh} for p in problems
        ]
    }


def _moved(step: Step, job_id: int, before: JobState, to: JobState, **more: Any) -> None:
    move(JOB_MOVES, NOUN, before, to)
    step.changed(
        "Job",
        job_id,
        before={"state": before},
        after={"state": to, **more},
        event=f"job.{to.lower()}",
    )
