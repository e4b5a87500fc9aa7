"""Post the lines of a CHECKED payment file, one transaction a line.

A line is claimed by a conditional update in the transaction that takes its money, so it is taken
once only however often it is tried and by however many workers; a worker that is killed leaves the
lines that it did not commit WAITING. A line that fails is refused or goes into suspense with its
reason, and stops no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from tortoise.exceptions import DBConnectionError, OperationalError

from domain.actor import Actor, ActorKind
from domain.db import execute, rows
from domain.encryption import decrypt
from domain.operations.jobs import Lease, finish_job
from domain.operations.lending.import_payment_file import LINE_ACCOUNT
from domain.operations.lending.settle_by_bank import settle_by_bank
from domain.operations.lending.take_incoming import (
    Incoming,
    LoanRefuses,
    Taken,
    sealed_account,
    stored_reasons,
    take_incoming,
)
from domain.operations.perform import Result, Step, perform
from domain.queries.business_date import business_date
from domain.rules.lending.payment_states import (
    FILE,
    FILE_MOVES,
    LINE,
    LINE_MOVES,
    FileState,
    IncomingState,
    LineFlow,
    LineState,
)
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.roles import Role
from domain.rules.states import move

ACTION = "postPaymentLine"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A file being posted: in whose name, and how many lines it has."""

    file_id: int
    actor: Actor
    line_count: int


async def begin_posting(job_id: int) -> Posting:
    """Return what a job of kind POST_PAYMENT_FILE is to post.

    The importer acts for the whole lender here: a file of its bank account holds the payments of
    every branch.
    """
    found = await rows(
        "SELECT f.id, f.line_count, f.imported_by_id, e.subject, e.name FROM payment_file f "
        "JOIN employee e ON e.id = f.imported_by_id WHERE f.job_id = %s",
        [job_id],
    )
    if not found:
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_FOUND,
                    (),
                    f"There is no payment file of job {job_id}.",
                    f"没有任务 {job_id} 对应的收款文件。",
                )
            ]
        )
    file = found[0]
    importer = Actor(
        kind=ActorKind.EMPLOYEE,
        id=file["imported_by_id"],
        subject=file["subject"],
        name=file["name"],
        roles=frozenset({Role.CASHIER}),
    )
    return Posting(file_id=file["id"], actor=importer, line_count=file["line_count"])


async def waiting_lines(posting: Posting, *, after: int, limit: int) -> list[int]:
    """Return the ids of the next lines to post, in the order of the file."""
    found = await rows(
        "SELECT id FROM payment_file_line WHERE file_id = %s AND state = %s AND id > %s "
        "ORDER BY id LIMIT %s",
        [posting.file_id, LineState.WAITING, after, limit],
    )
    return [row["id"] for row in found]


async def count_waiting(posting: Posting) -> int:
    """Return how many lines are still to be posted."""
    found = await rows(
        "SELECT COUNT(*) AS n FROM payment_file_line WHERE file_id = %s AND state = %s",
        [posting.file_id, LineState.WAITING],
    )
    return int(found[0]["n"])


async def post_line(posting: Posting, line_id: int) -> None:
    """Take the money of one line; harmless when it is taken already."""
    try:
        try:
            await _post(posting, line_id, ())
        except LoanRefuses as refusal:
            await _post(posting, line_id, refusal.problems)
    except Refused as refusal:
        await _refuse(posting, line_id, refusal.problems)
    except (OperationalError, DBConnectionError, OSError):
        raise  # the database's trouble is no fault of the line
    except Exception as error:
        log.exception("payment_line_failed", line=line_id, reason=type(error).__name__)
        await _set_aside(posting, line_id)


async def end_posting(posting: Posting, lease: Lease) -> None:
    """Move the file to POSTED and end its job. Raises :class:`~domain.operations.jobs.LeaseLost`
    for a worker that has lost the job, and RuntimeError while lines are waiting."""

    async def work(step: Step) -> Result:
        if await count_waiting(posting):
            raise RuntimeError(f"payment file {posting.file_id} has lines that are not posted")
        move(FILE_MOVES, FILE, FileState.CHECKED, FileState.POSTED)
        moved = await execute(
            "UPDATE payment_file SET state = %s, posted_on = %s WHERE id = %s AND state = %s",
            [FileState.POSTED, await business_date(), posting.file_id, FileState.CHECKED],
        )
        if moved:
            step.changed(
                "PaymentFile",
                posting.file_id,
                before={"state": FileState.CHECKED},
                after={"state": FileState.POSTED},
                event="payment_file.posted",
            )
        await finish_job(step, lease, result={"file": posting.file_id})
        return {"file": posting.file_id}

    await perform(
        actor=posting.actor,
        action="postPaymentFile",
        key=f"job-{lease.job_id}-{lease.owner}",
        arguments={"file": posting.file_id},
        work=work,
    )


async def _post(posting: Posting, line_id: int, suspend: Sequence[Problem]) -> None:
    async def work(step: Step) -> Result:
        line = await _line(line_id)
        if line is None:
            return {"line": line_id}
        if line["flow"] != LineFlow.INCOMING:
            became = await settle_by_bank(step, posting.actor, line)
            known = [_TAKEN_BEFORE] if became is LineState.DUPLICATE else []
            await _move(line_id, became, known)
            return {"line": line_id}
        taken = await take_incoming(step, posting.actor, _incoming(line), suspend=suspend)
        state, reasons = _became(taken)
        await _move(line_id, state, reasons, payment_id=taken.payment_id)
        return {"line": line_id, "payment": taken.payment_id}

    await _perform(posting, line_id, work)


async def _set_aside(posting: Posting, line_id: int) -> None:
    """Keep the money of a line that failed, in suspense; a line about an order has none."""
    line = await _line(line_id)
    if line is not None and line["flow"] != LineFlow.INCOMING:
        await _refuse(posting, line_id, [_UNFORESEEN])
    else:
        await _post(posting, line_id, [_UNFORESEEN])


async def _refuse(posting: Posting, line_id: int, problems: Sequence[Problem]) -> None:
    async def work(step: Step) -> Result:
        if await _line(line_id) is not None:
            await _move(line_id, LineState.REFUSED, problems)
            step.changed(
                "PaymentFileLine",
                line_id,
                before={"state": LineState.WAITING},
                after={"state": LineState.REFUSED, "codes": [str(p.code) for p in problems]},
            )
        return {"line": line_id}

    await _perform(posting, line_id, work)


async def _perform(posting: Posting, line_id: int, work: Any) -> None:
    await perform(
        actor=posting.actor,
        action=ACTION,
        key=f"line-{line_id}",
        arguments={"line": line_id},
        work=work,
    )


async def _line(line_id: int) -> dict[str, Any] | None:
    """Return a line that waits, or None; the claim of its key keeps others off it."""
    found = await rows(
        "SELECT l.*, f.source FROM payment_file_line l JOIN payment_file f ON f.id = l.file_id "
        "WHERE l.id = %s AND l.state = %s AND f.state = %s",
        [line_id, LineState.WAITING, FileState.CHECKED],
    )
    return found[0] if found else None


async def _move(
    line_id: int,
    to: LineState,
    reasons: Sequence[Problem],
    *,
    payment_id: int | None = None,
) -> None:
    move(LINE_MOVES, LINE, LineState.WAITING, to)
    moved = await execute(
        "UPDATE payment_file_line SET state = %s, reasons = %s, incoming_payment_id = %s "
        "WHERE id = %s AND state = %s",
        [
            to,
            stored_reasons(reasons) if reasons else None,
            payment_id,
            line_id,
            LineState.WAITING,
        ],
    )
    if moved != 1:
        raise RuntimeError(f"line {line_id} of a payment file was posted by two at once")


def _incoming(line: dict[str, Any]) -> Incoming:
    stored = line["payer_account_cipher"]
    # A cipher is bound to its column, so it is not copied but sealed anew.
    account = decrypt(stored, column=LINE_ACCOUNT) if stored else ""
    cipher, tail = sealed_account(account)
    return Incoming(
        source=line["source"],
        external_reference=line["external_reference"],
        currency=line["currency"],
        amount=line["amount"],
        value_date=line["value_date"],
        payer_name=line["payer_name"],
        payer_account_cipher=cipher,
        payer_account_tail=tail,
        loan_number=line["loan_number"],
        remittance=line["remittance"],
        file_id=line["file_id"],
    )


def _became(taken: Taken) -> tuple[LineState, tuple[Problem, ...]]:
    if taken.known:
        return LineState.DUPLICATE, (_TAKEN_BEFORE,)
    if taken.state is IncomingState.MATCHED:
        return LineState.MATCHED, ()
    return LineState.SUSPENSE, taken.reasons


_UNFORESEEN = Problem(
    ErrorCode.UNAVAILABLE,
    ("line",),
    "The line failed for a reason nobody foresaw; the log of the worker has it. What came in lies "
    "in suspense: match it once that is mended.",
    "因未预见的原因处理失败（详见工作进程日志），来款已转入待查，排除故障后请认领。",
)
_TAKEN_BEFORE = Problem(
    ErrorCode.DUPLICATE,
    ("externalReference",),
    "This was reported before, with the same amount; nothing was done again.",
    "该笔此前已按相同金额登记，未重复处理。",
)
