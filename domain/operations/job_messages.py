"""Which queued jobs still need a message: one that was not sent, or was lost on its way.

A sender first notes the time, then sends: of two senders one wins, and a sender that dies between
the two is made good when the note has grown old.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.db import execute, rows
from domain.operations.clock import now
from domain.rules.jobs import JobKind, JobState, resend_before

_DUE = "state = %s AND (sent_at IS NULL OR sent_at < %s)"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job that needs a message."""

    job_id: int
    kind: JobKind


async def jobs_to_send(*, lease_seconds: int, limit: int = 100) -> list[Waiting]:
    """Return the jobs that need a message, oldest first."""
    found = await rows(
        f"SELECT id, kind FROM job WHERE {_DUE} ORDER BY id LIMIT %s",
        [JobState.QUEUED, resend_before(now(), lease_seconds), limit],
    )
    return [Waiting(row["id"], JobKind(row["kind"])) for row in found]


async def start_sending(job_id: int, *, lease_seconds: int) -> dt.datetime | None:
    """Note that a message goes out now; None when the job needs none (any more)."""
    at = now()
    taken = await execute(
        f"UPDATE job SET sent_at = %s WHERE id = %s AND {_DUE}",
        [at, job_id, JobState.QUEUED, resend_before(at, lease_seconds)],
    )
    return at if taken else None


async def sending_failed(job_id: int) -> None:
    """Take the note back: the sweeper sends soon."""
    await execute(
        "UPDATE job SET sent_at = NULL WHERE id = %s AND state = %s", [job_id, JobState.QUEUED]
    )
