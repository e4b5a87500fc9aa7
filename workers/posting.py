"""Posting a payment file: line after line, until it is done, told to stop, or the job is lost."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

import structlog
from redis import RedisError

from domain.operations.jobs import Lease, LeaseLost, fail_job, release_job, report_progress
from domain.operations.lending.post_payment_file import (
    begin_posting,
    count_waiting,
    end_posting,
    post_line,
    waiting_lines,
)
from domain.rules.refusal import Refused
from workers.middleware import WorkerLife
from workers.publisher import publish_progress

BATCH = 200
STEP = "POST_LINES"
_REPORT_SECONDS = 1.0
# A worker's turn at a long file: then it gives the job back, before the broker's time limit.
_TURN_SECONDS = 30 * 60

log = structlog.get_logger(__name__)


async def run_posting(life: WorkerLife, lease: Lease) -> None:
    """Post what the job's file still has waiting, to its end.

    A worker that lost its lease stops; what it and the next one do at once is harmless, since each
    line is claimed. An error of the database ends the attempt, and the sweeper has it tried again.
    """
    try:
        posting = await begin_posting(lease.job_id)
        left = total = max(await count_waiting(posting), 1)
        said, after, turn_ends = 0.0, 0, monotonic() + _TURN_SECONDS
        while lines := await waiting_lines(posting, after=after, limit=BATCH):
            for line_id in lines:
                if life.stopping.is_set() or monotonic() > turn_ends:
                    await release_job(lease)
                    log.info("posting_released", job=lease.job_id)
                    return
                await post_line(posting, line_id)
                left -= 1
                if monotonic() - said >= _REPORT_SECONDS:
                    said = monotonic()
                    await _report(life, lease, max(0.0, 1 - left / total))
            after = lines[-1]
        await end_posting(posting, lease)
        log.info("posting_ended", job=lease.job_id, file=posting.file_id)
    except Refused as refusal:
        with suppress(LeaseLost):
            await fail_job(lease, problems=refusal.problems)
    except LeaseLost:
        log.warning("lease_lost", job=lease.job_id)


async def _report(life: WorkerLife, lease: Lease, progress: float) -> None:
    """Renew the lease, note the progress and tell it to the job's followers."""
    await report_progress(lease, step=STEP, progress=progress)
    with suppress(RedisError, OSError):
        await publish_progress(life, lease.job_id, STEP, progress)
