"""Posting payment files by real workers that are killed in the middle: each line exactly once."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest
from training_stories import ended, state_of, until
from worker_process import WorkerProcess

from domain.db import dialect, execute, rows
from domain.models.lending.loan import Loan, Repayment
from domain.models.lending.payment import IncomingPayment, PaymentFile, PaymentFileLine
from domain.models.records import Job
from domain.operations.lending.import_payment_file import NewPaymentFile, import_payment_file
from domain.operations.lending.resume_payment_file import resume_payment_file
from domain.queries.lending.reconciliation import reconciliation
from domain.rules.jobs import JobKind, JobState
from domain.rules.lending.payment_states import FileState, LineState, PaymentFormat
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Refused
from tests import servers
from tests.books import books_hold
from tests.lender import Lender, key
from tests.payment_samples import csv_bytes, row
from workers import queue

pytestmark = [
    pytest.mark.usefixtures("fast"),
    pytest.mark.skipif(not servers.REDIS, reason="no Redis server can be reached"),
]

LINES = 600


async def imported(lender: Lender, loans: list[Loan], lines: int) -> tuple[int, int]:
    """A file of `lines` lines, two of three on a loan; its id and its job's."""
    tag = key()
    numbers = [human_number(NumberKind.LOAN, loan.id) for loan in loans]
    content = csv_bytes(
        [
            row(f"{tag}-{n}", "1.00", loan_number=numbers[n % len(numbers)] if n % 3 else "")
            for n in range(lines)
        ]
    )
    done = await import_payment_file(
        actor=lender.cashier,
        key=key(),
        file=NewPaymentFile(source=f"S-{tag}", name="day", format=PaymentFormat.CSV),
        open_file=lambda: io.BytesIO(content),
    )
    return done["file"], done["job"]


async def left(file_id: int) -> int:
    return await PaymentFileLine.filter(file_id=file_id, state=LineState.WAITING).count()


async def each_line_once(file_id: int, loans: list[Loan], lines: int) -> None:
    found = await PaymentFileLine.filter(file_id=file_id)
    assert {line.state for line in found} == {LineState.MATCHED, LineState.SUSPENSE}
    assert await IncomingPayment.filter(file_id=file_id).count() == lines
    assert len({line.incoming_payment_id for line in found}) == lines
    matched = sum(line.state == LineState.MATCHED for line in found)
    ids = [loan.id for loan in loans]
    assert await Repayment.filter(loan_id__in=ids).count() == matched
    suspense = await rows(
        "SELECT COUNT(*) AS n, SUM(e.amount) AS total FROM ledger_entry e JOIN incoming_payment p "
        f"ON e.journal = {_journal()} WHERE p.file_id = %s AND e.account_code = '2240'",
        [file_id],
    )
    assert (suspense[0]["n"], int(suspense[0]["total"])) == (
        lines - matched,
        -(lines - matched) * 100,
    )
    for loan in loans:
        await books_hold(loan.id)


def _journal() -> str:
    return "'suspense:' || p.id" if dialect() == "sqlite" else "CONCAT('suspense:', p.id)"


async def test_workers_killed_in_the_middle_post_each_line_exactly_once(
    lender: Lender, worker: Callable[[], WorkerProcess]
) -> None:
    loans = [await lender.loan() for _ in range(3)]
    file_id, job_id = await imported(lender, loans, LINES)
    assert await queue.send_job(job_id=job_id, kind=JobKind.POST_PAYMENT_FILE)
    for share in (0.8, 0.4):
        doomed = worker()

        async def far_enough(least: float = share * LINES) -> bool:
            return await left(file_id) <= least

        await until(far_enough)
        doomed.kill()
        assert 0 < await left(file_id) < LINES
        assert (await PaymentFile.get(id=file_id)).state == FileState.CHECKED
    last = worker()
    job = await ended(job_id)
    assert (job.state, job.attempts, job.progress) == (JobState.SUCCEEDED, 3, 1)
    assert (await PaymentFile.get(id=file_id)).state == FileState.POSTED
    await each_line_once(file_id, loans, LINES)
    for _ in range(3):
        queue._send(queue.ACTORS[JobKind.POST_PAYMENT_FILE], job_id)
    await asyncio.sleep(0.5)
    assert await asyncio.to_thread(last.stop) == 0
    await each_line_once(file_id, loans, LINES)
    (source,) = [
        day
        for day in (await reconciliation((await PaymentFile.get(id=file_id)).received_on)).sources
        if day.file_lines == LINES
    ]
    assert (source.taken, source.ledger, source.waiting) == (LINES * 100, LINES * 100, 0)


async def test_a_worker_told_to_stop_gives_the_file_back(
    lender: Lender, worker: Callable[[], WorkerProcess]
) -> None:
    loans = [await lender.loan()]
    file_id, job_id = await imported(lender, loans, 400)
    first = worker()

    async def under_way() -> bool:
        return await left(file_id) < 390

    await until(under_way)
    assert await asyncio.to_thread(first.stop) == 0
    if await left(file_id):
        assert await state_of(job_id) is JobState.QUEUED
    worker()
    job = await ended(job_id)
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 1)
    await each_line_once(file_id, loans, 400)


async def test_a_file_whose_job_was_given_up_is_resumed(
    lender: Lender, worker: Callable[[], WorkerProcess]
) -> None:
    loans = [await lender.loan()]
    file_id, job_id = await imported(lender, loans, 20)
    with pytest.raises(Refused) as refusal:
        await resume_payment_file(actor=lender.cashier, key=key(), file_id=file_id)
    assert refusal.value.problems[0].code is ErrorCode.ILLEGAL_STATE
    await execute("UPDATE job SET state = 'FAILED' WHERE id = %s", [job_id])
    done = await resume_payment_file(actor=lender.cashier, key=key(), file_id=file_id)
    worker()
    assert (await ended(done["job"])).state == JobState.SUCCEEDED
    assert (await Job.get(id=job_id)).state == JobState.FAILED
    await each_line_once(file_id, loans, 20)
