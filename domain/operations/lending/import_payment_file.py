"""Import a file of incoming payments: judged whole, kept line by line, posted by a worker.

A file is read twice: once to its end, keeping nothing, since what is wrong with it may stand there;
then to keep its lines. A short one is kept in the transaction that takes it. A long one is kept in
pieces, each with how far it has come, so that an import that was killed goes on where it stopped;
nothing of it is posted before all of it is there and the hash is the same again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import BinaryIO

import orjson
from tortoise.exceptions import IntegrityError

from domain.actor import Actor
from domain.db import execute, execute_many, for_update, insert, rows, transact
from domain.operations.audit import record_refusal
from domain.operations.clock import now
from domain.operations.jobs import create_job
from domain.operations.lending.take_incoming import sealed_account, stored_reasons
from domain.operations.perform import Done, Result, Step, perform
from domain.payment_files.reading import FILE_BYTES_MAX, FileFacts, check_file, payment_lines
from domain.payment_files.stream import FileStream
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.jobs import JobKind
from domain.rules.lending.payment_line import PaymentLine
from domain.rules.lending.payment_states import (
    FileState,
    LineState,
    PaymentFormat,
    TextEncoding,
)
from domain.rules.refusal import ErrorCode, Problem, Refused

ACTION = "importPaymentFile"
LINE_ACCOUNT = "payment_file_line.payer_account"
AT_ONCE_MAX = 2_000
BATCH = 1_000

OpenFile = Callable[[], BinaryIO]
OnProgress = Callable[[int, int], None]

_INSERT_LINE = (
    "INSERT INTO payment_file_line (file_id, number, flow, state, external_reference, currency, "
    "amount, value_date, payer_name, payer_account_cipher, payer_account_tail, loan_number, "
    "remittance, order_number, reasons) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPaymentFile:
    """What is said of a file: `source` is the bank and account that references are unique in."""

    source: str
    name: str
    format: PaymentFormat
    encoding: TextEncoding = TextEncoding.UTF_8


async def import_payment_file(
    *,
    actor: Actor,
    key: str,
    file: NewPaymentFile,
    open_file: OpenFile,
    bytes_max: int = FILE_BYTES_MAX,
    on_progress: OnProgress | None = None,
) -> Done:
    """Take a file whose lines a worker will post; the caller then sends the job's message.

    `open_file` is called for each reading. Result: `file`, `job`. Raises :class:`Refused` for a
    file that is wrong as a whole, with all that is wrong, and for one that was imported before.
    """
    try:
        facts = await asyncio.to_thread(_check, file, open_file, bytes_max)
    except Refused as refusal:
        await record_refusal(actor, ACTION, str(refusal))
        raise
    at_once = facts.totals.count <= AT_ONCE_MAX

    async def work(step: Step) -> Result:
        file_id = await _take(step, actor, file, facts)
        if at_once and await _state(file_id) is FileState.RECEIVED:
            lines = await asyncio.to_thread(_all_lines, file, open_file, facts)
            await _keep(file_id, lines)
            return await _finish(step, file_id)
        return {"file": file_id}

    done = await perform(
        actor=actor,
        action=ACTION,
        key=key,
        arguments=asdict(file) | {"sha256": facts.sha256},
        work=work,
    )
    if "job" in done.result:
        return done
    return await _keep_in_pieces(
        actor, done, file, facts, open_file=open_file, on_progress=on_progress
    )


def _check(file: NewPaymentFile, open_file: OpenFile, bytes_max: int) -> FileFacts:
    with open_file() as opened:
        return check_file(opened, format=file.format, encoding=file.encoding, bytes_max=bytes_max)


def _all_lines(file: NewPaymentFile, open_file: OpenFile, facts: FileFacts) -> list[PaymentLine]:
    with open_file() as opened:
        stream = FileStream(opened, bytes_max=FILE_BYTES_MAX)
        lines = list(payment_lines(stream, format=file.format, encoding=file.encoding))
    if stream.sha256 != facts.sha256:
        raise Refused([_CHANGED])
    return lines


async def _take(step: Step, actor: Actor, file: NewPaymentFile, facts: FileFacts) -> int:
    """Return the id of the file's row: a new one, or that of an import which was cut off."""
    form = Form()
    source = form.text("source", file.source, longest=60)
    name = form.text("name", file.name, longest=200)
    form.refuse()
    today = await business_date()
    totals = {
        currency: {"lines": lines, "sum": str(minor)}
        for currency, (lines, minor) in facts.totals.by_currency.items()
    }
    try:
        file_id = await insert(
            "payment_file",
            {
                "source": source,
                "name": name,
                "format": file.format,
                "encoding": file.encoding,
                "sha256": facts.sha256,
                "size_bytes": facts.size,
                "state": FileState.RECEIVED,
                "line_count": facts.totals.count,
                "lines_stored": 0,
                "totals": orjson.dumps(totals).decode(),
                "received_on": today,
                "imported_by_id": actor.id,
                "created_at": now(),
            },
        )
    except IntegrityError:
        return await _known(source, file, facts)
    step.changed(
        "PaymentFile",
        file_id,
        after={"source": source, "name": name, "sha256": facts.sha256, "totals": totals},
        event="payment_file.received",
    )
    return file_id


async def _known(source: str, file: NewPaymentFile, facts: FileFacts) -> int:
    found = await rows(
        "SELECT id, source, format, encoding, name, state, received_on FROM payment_file "
        "WHERE sha256 = %s",
        [facts.sha256],
    )
    if not found:
        raise RuntimeError("the hash of a payment file is taken, and yet not there")
    known = found[0]
    said = (known["source"], known["format"], known["encoding"])
    if known["state"] == FileState.RECEIVED and said == (source, file.format, file.encoding):
        return int(known["id"])
    raise Refused(
        [
            Problem(
                ErrorCode.DUPLICATE,
                ("file",),
                f"This file was imported on {known['received_on']} as {known['name']} from "
                f"{known['source']}. Nothing was taken again.",
                f"该文件已于 {known['received_on']} 导入（{known['source']}，{known['name']}），"
                "未重复入账。",
            )
        ]
    )


async def _keep(file_id: int, lines: Sequence[PaymentLine]) -> None:
    """Insert lines and note how many are kept now, in the running transaction."""
    values = []
    for line in lines:
        cipher, tail = sealed_account(line.payer_account, column=LINE_ACCOUNT)
        values.append(
            (
                file_id,
                line.number,
                line.flow,
                LineState.REFUSED if line.problems else LineState.WAITING,
                line.external_reference,
                line.currency,
                line.amount,
                line.value_date,
                line.payer_name,
                cipher,
                tail,
                line.loan_number,
                line.remittance,
                line.order_number,
                stored_reasons(line.problems) if line.problems else None,
            )
        )
    await execute_many(_INSERT_LINE, values)
    await execute(
        "UPDATE payment_file SET lines_stored = lines_stored + %s WHERE id = %s",
        [len(values), file_id],
    )


async def _keep_in_pieces(
    actor: Actor,
    done: Done,
    file: NewPaymentFile,
    facts: FileFacts,
    *,
    open_file: OpenFile,
    on_progress: OnProgress | None,
) -> Done:
    """Keep the lines of a long file that are not kept yet, and end as the short way does."""
    file_id = done["file"]
    with open_file() as opened:
        stream = FileStream(opened, bytes_max=FILE_BYTES_MAX)
        lines = payment_lines(stream, format=file.format, encoding=file.encoding)
        read = 0
        while batch := await asyncio.to_thread(_next, lines):
            await transact(partial(_keep_rest, file_id, batch, read))
            read += len(batch)
            if on_progress is not None:
                on_progress(read, facts.totals.count)
        changed = stream.sha256 != facts.sha256

    async def work(step: Step) -> Result:
        return await _finish(step, file_id, changed=changed)

    ended = await perform(
        actor=actor,
        action="checkPaymentFile",
        key=f"file-{file_id}",
        arguments={"file": file_id, "changed": changed},
        work=work,
    )
    return Done(ended.result, replayed=done.replayed)


def _next(lines: Iterator[PaymentLine]) -> list[PaymentLine]:
    return list(islice(lines, BATCH))


async def _keep_rest(file_id: int, batch: Sequence[PaymentLine], before: int) -> None:
    """Keep what of a batch is not kept yet; `before` lines of the file came before it.

    Two that import the same file at once take turns at its row.
    """
    found = await rows(
        "SELECT state, lines_stored FROM payment_file WHERE id = %s" + for_update(), [file_id]
    )
    if found[0]["state"] == FileState.RECEIVED:
        rest = batch[max(found[0]["lines_stored"] - before, 0) :]
        if rest:
            await _keep(file_id, rest)


async def _state(file_id: int) -> FileState:
    found = await rows("SELECT state FROM payment_file WHERE id = %s", [file_id])
    return FileState(found[0]["state"])


async def _finish(step: Step, file_id: int, *, changed: bool = False) -> Result:
    """Move the file to CHECKED and queue its posting; the one who comes second finds it done."""
    found = await rows(
        "SELECT state, job_id, line_count, lines_stored FROM payment_file WHERE id = %s"
        + for_update(),
        [file_id],
    )
    file = found[0]
    if file["state"] != FileState.RECEIVED:
        return {"file": file_id} | ({"job": file["job_id"]} if file["job_id"] else {})
    if changed or file["lines_stored"] != file["line_count"]:
        return await _refuse_changed(step, file_id)
    job = await create_job(step, kind=JobKind.POST_PAYMENT_FILE, arguments={"file": file_id})
    await execute(
        "UPDATE payment_file SET state = %s, job_id = %s WHERE id = %s",
        [FileState.CHECKED, job.id, file_id],
    )
    step.changed(
        "PaymentFile",
        file_id,
        before={"state": FileState.RECEIVED},
        after={"state": FileState.CHECKED, "lines": file["line_count"]},
        event="payment_file.checked",
    )
    return {"file": file_id, "job": job.id}


async def _refuse_changed(step: Step, file_id: int) -> Result:
    """Give up a file that was another one when it was read again; none of it was posted. Its hash
    is given free, since the file may come again whole."""
    await execute("DELETE FROM payment_file_line WHERE file_id = %s", [file_id])
    await execute(
        "UPDATE payment_file SET state = %s, reasons = %s, sha256 = NULL, lines_stored = 0 "
        "WHERE id = %s",
        [FileState.REFUSED, stored_reasons([_CHANGED]), file_id],
    )
    step.changed(
        "PaymentFile",
        file_id,
        before={"state": FileState.RECEIVED},
        after={"state": FileState.REFUSED},
        event="payment_file.refused",
    )
    return {"file": file_id}


_CHANGED = Problem(
    ErrorCode.STALE_VERSION,
    ("file",),
    "The file changed while it was imported. None of it was posted: import it again.",
    "文件在导入过程中发生变化，未入账任何一行，请重新导入。",
)
