"""`liudai import-payments`: a file of payments of any size, streamed into the database."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

from rich.console import Console

from domain.actor import Actor
from domain.db import pending_migrations
from domain.operations.lending.import_payment_file import NewPaymentFile, import_payment_file
from domain.operations.perform import Done
from domain.queries.actors import load_actor
from domain.rules.jobs import JobKind
from domain.rules.lending.payment_states import PaymentFormat, TextEncoding
from domain.rules.refusal import Refused
from domain.rules.roles import Role
from liudai.errors import EXIT_USAGE, LiudaiError
from liudai.following import sharing
from liudai.running import with_database
from workers.queue import send_job

T = TypeVar("T")

FORMATS = {"csv": PaymentFormat.CSV, "camt054": PaymentFormat.CAMT_054}
ENCODINGS = {"utf-8": TextEncoding.UTF_8, "gb18030": TextEncoding.GB18030}


def run(*, path: Path, source: str, format: str, encoding: str, by: str) -> int:
    """Import the file as the cashier `by`, and say what comes next; the exit code."""
    file = NewPaymentFile(
        source=source,
        name=path.name,
        format=_chosen(FORMATS, format, "--format"),
        encoding=_chosen(ENCODINGS, encoding, "--encoding"),
    )

    def opened() -> BinaryIO:
        return path.open("rb")

    console = Console(highlight=False, soft_wrap=True)
    opened().close()  # a file that is not there is said before anything starts
    with sharing(console, "storing lines") as show:
        done = with_database(lambda: _import(file, opened, by, show))
    if "job" not in done.result:
        raise LiudaiError(f"{path} changed while it was imported: import it again once it is whole")
    console.print(f"{path.name} is checked; job {done['job']} posts its lines")
    console.print("see what becomes of them: paymentFileReport, paymentFileLines")
    return 0


async def _import(
    file: NewPaymentFile,
    opened: Callable[[], BinaryIO],
    by: str,
    show: Callable[[int, int], None],
) -> Done:
    if await pending_migrations():
        raise LiudaiError("the database lacks migrations: run `liudai migrate` first")
    try:
        done = await import_payment_file(
            actor=await _cashier(by),
            key=f"import-{secrets.token_hex(16)}",  # the file's hash keeps it from coming twice
            file=file,
            open_file=opened,
            on_progress=show,
        )
    except Refused as refusal:
        raise LiudaiError("\n".join(problem.en for problem in refusal.problems)) from None
    if job_id := done.result.get("job"):
        await send_job(job_id=job_id, kind=JobKind.POST_PAYMENT_FILE)
    return done


async def _cashier(subject: str) -> Actor:
    actor = await load_actor(subject)
    if actor is None or not actor.has(Role.CASHIER):
        raise LiudaiError(
            f"--by {subject}: no active employee of that subject is a CASHIER",
            exit_code=EXIT_USAGE,
        )
    return actor


def _chosen(known: Mapping[str, T], given: str, option: str) -> T:
    found = known.get(given.lower())
    if found is None:
        raise LiudaiError(
            f"{option} {given}: choose one of {', '.join(known)}", exit_code=EXIT_USAGE
        )
    return found
