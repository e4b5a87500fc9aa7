"""Files of incoming payments: import one, follow it, read what became of its lines."""

from __future__ import annotations

import binascii
import datetime as dt
import io
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import strawberry

from api.errors import bad_input
from api.graphql import job_states  # noqa: F401 - describes JobState
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lending import payment_enums  # noqa: F401 - describes the enums
from api.graphql.nouns import Noun, column, computed
from api.graphql.payloads import Payload, answer
from api.graphql.risk.decisions import read_json
from api.graphql.scalars import Money
from domain.actor import Actor
from domain.operations.lending.import_payment_file import NewPaymentFile, import_payment_file
from domain.operations.lending.resume_payment_file import resume_payment_file
from domain.operations.perform import Done
from domain.queries.lending.payment_report import payment_report
from domain.queries.lending.payment_sight import payments_in_sight
from domain.queries.select import Condition
from domain.rules.jobs import JobKind, JobState
from domain.rules.lending.payment_states import (
    FileState,
    LineFlow,
    LineState,
    PaymentFormat,
    TextEncoding,
)
from domain.rules.money import format_minor
from domain.settings import get_settings
from workers.queue import send_job


def reasons_in(language: str) -> Callable[[Actor, Mapping[str, Any]], list[str]]:
    """How the sentences of a row's reasons are read, in `en` or `zh`."""
    return lambda _, row: [reason[language] for reason in read_json(row["reasons"]) or []]


def money_or_null(name: str) -> Callable[[Actor, Mapping[str, Any]], Money | None]:
    """How an amount is read that may not have been readable."""

    def read(_: Actor, row: Mapping[str, Any]) -> Money | None:
        if row[name] is None or not row["currency"]:
            return None
        return Money(format_minor(row[name], row["currency"]))

    return read


@strawberry.type(description="File of incoming payments (收款文件), from the lender's bank.")
class PaymentFile(Node):
    """A row of the payment_file table."""

    source: str = column("source", "The bank and account that its references are unique in.")
    name: str = column("name", "Its name.")
    format: PaymentFormat = column("format", "How it is written.", read=PaymentFormat)
    encoding: TextEncoding = column("encoding", "Its declared encoding.", read=TextEncoding)
    sha256: str | None = column(
        "sha256", "Hash of its bytes, by which no file is taken twice; null once REFUSED."
    )
    state: FileState = column("state", "Its state.", read=FileState)
    line_count: int = column("line_count", "How many payments it holds.")
    lines_stored: int = column("lines_stored", "How many of them are stored.")
    reasons: list[str] = computed(("reasons",), "Why it was refused, in English.", reasons_in("en"))
    reasons_zh: list[str] = computed(
        ("reasons",), "Why it was refused, in Chinese.", reasons_in("zh")
    )
    received_on: dt.date = column("received_on", "The business date on which it was imported.")
    posted_on: dt.date | None = column(
        "posted_on", "The business date on which its last line was dealt with."
    )
    created_at: dt.datetime = column("created_at", "When it was imported.")


@strawberry.type(description="Line of a payment file, and what became of it.")
class PaymentFileLine(Node):
    """A row of the payment_file_line table."""

    number: int = column(
        "number", "Where it stands: the line of a CSV file, the transaction's place in camt.054."
    )
    flow: LineFlow = column("flow", "Which way its money went.", read=LineFlow)
    state: LineState = column("state", "What became of it.", read=LineState)
    order_number: str = column("order_number", "Number of our order that was paid or came back.")
    external_reference: str = column("external_reference", "The bank's reference; may be empty.")
    currency: str = column("currency", "ISO 4217 code; empty when it was none.")
    amount: Money | None = computed(
        ("amount", "currency"), "The amount; null when it was none.", money_or_null("amount")
    )
    value_date: dt.date | None = column("value_date", "The day it counts; null when it was none.")
    payer_name: str = column("payer_name", "Who paid; may be empty.")
    loan_number: str = column("loan_number", "The loan that the bank's own field names.")
    remittance: str = column("remittance", "What the payer wrote.")
    reasons: list[str] = computed(
        ("reasons",), "Why it was refused or lies in suspense, in English.", reasons_in("en")
    )
    reasons_zh: list[str] = computed(
        ("reasons",), "Why it was refused or lies in suspense, in Chinese.", reasons_in("zh")
    )


FILES = Noun(PaymentFile, table="payment_file", sight=payments_in_sight)
LINES = Noun(PaymentFileLine, table="payment_file_line", sight=payments_in_sight)


@strawberry.type(description="Lines of a payment file in one state and currency.")
class PaymentLineCount:
    """A :class:`~domain.queries.lending.payment_report.LineCount`."""

    state: LineState = strawberry.field(description="What became of them.")
    currency: str = strawberry.field(description="ISO 4217 code; empty for unreadable ones.")
    count: int = strawberry.field(description="How many.")
    total: Money | None = strawberry.field(
        description="What they come to; null for unreadable ones."
    )


@strawberry.type(
    description="How a payment file stands: its posting, and what became of its lines."
)
class PaymentFileReport:
    """A :class:`~domain.queries.lending.payment_report.FileReport`."""

    job: JobState | None = strawberry.field(
        description="The worker's job that posts its lines; null before there is one. After "
        "FAILED, `resumePaymentFile` posts the rest."
    )
    progress: float = strawberry.field(description="Share of the lines dealt with, 0 to 1.")
    errors: list[str] = strawberry.field(
        description="Why the job failed, in the language of Accept-Language (zh, en)."
    )
    lines: list[PaymentLineCount] = strawberry.field(
        description="How many lines are in each state, and what they come to."
    )


@strawberry.input(
    description="A file of payments. A large one is imported by `liudai import-payments`."
)
class ImportPaymentFileInput:
    """The form of `importPaymentFile`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    source: str = strawberry.field(
        description="The bank and account it comes from, at most 60 characters; references are "
        "unique in it."
    )
    name: str = strawberry.field(description="Name of the file, at most 200 characters.")
    format: PaymentFormat = strawberry.field(description="How it is written.")
    content_base64: str = strawberry.field(
        description="The bytes of the file in base64, within the limit of a request's body."
    )
    encoding: TextEncoding = strawberry.field(
        default=TextEncoding.UTF_8, description="Encoding of a CSV file."
    )


@strawberry.type(description="The file that was imported; a worker posts its lines.")
class ImportPaymentFilePayload(Payload):
    """Answer of `importPaymentFile`."""

    file: PaymentFile | None = strawberry.field(default=None, description="The file.")


@strawberry.input(description="A file whose posting was given up.")
class ResumePaymentFileInput:
    """The form of `resumePaymentFile`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    file_id: strawberry.ID = strawberry.field(description="Global id of the file.")


@strawberry.type(description="The file whose rest a worker posts.")
class ResumePaymentFilePayload(Payload):
    """Answer of `resumePaymentFile`."""

    file: PaymentFile | None = strawberry.field(default=None, description="The file.")


@strawberry.type
class PaymentFileQueries:
    """Reading files of payments."""

    @strawberry.field(description="Files of incoming payments, newest first.")
    async def payment_files(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[PaymentFile]:
        return await FILES.page(info, first=first, after=after)

    @strawberry.field(description="The lines of a payment file, in its order.")
    async def payment_file_lines(
        self,
        info: Info,
        file_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the file.")
        ],
        first: First = PAGE_DEFAULT,
        after: After = None,
        state: Annotated[
            LineState | None, strawberry.argument(description="Only those in this state.")
        ] = None,
    ) -> Connection[PaymentFileLine]:
        where = [Condition("payment_file_line.file_id = %s", (row_id_of(file_id, "PaymentFile"),))]
        if state is not None:
            where.append(Condition("payment_file_line.state = %s", (str(state),)))
        return await LINES.page(info, first=first, after=after, where=where, newest_first=False)

    @strawberry.field(description="How a payment file stands; null when there is no such file.")
    async def payment_file_report(
        self,
        info: Info,
        file_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the file.")
        ],
    ) -> PaymentFileReport | None:
        report = await payment_report(row_id_of(file_id, "PaymentFile"))
        if report is None:
            return None
        chinese = info.context.language == "zh"
        return PaymentFileReport(
            job=report.job,
            progress=report.progress,
            errors=[each.zh if chinese else each.en for each in report.problems],
            lines=[
                PaymentLineCount(
                    state=each.state,
                    currency=each.currency,
                    count=each.count,
                    total=Money(format_minor(each.total, each.currency)) if each.currency else None,
                )
                for each in report.lines
            ],
        )


@strawberry.type
class PaymentFileMutations:
    """Importing files of payments."""

    @strawberry.mutation(
        description="Import a file of incoming payments. A file that is wrong as a whole (its "
        "encoding, shape, counts or sums) or was imported before is refused, and nothing of it is "
        "taken. A worker then takes each line once only by source and reference: for the loan "
        "that it names, or into suspense."
    )
    async def import_payment_file(
        self,
        info: Info,
        input: Annotated[ImportPaymentFileInput, strawberry.argument(description="The file.")],
    ) -> ImportPaymentFilePayload:
        content = _decoded(input.content_base64)
        file = NewPaymentFile(
            source=input.source, name=input.name, format=input.format, encoding=input.encoding
        )
        effect = _and_send(
            import_payment_file(
                actor=info.context.actor,
                key=input.idempotency_key,
                file=file,
                open_file=lambda: io.BytesIO(content),
                bytes_max=get_settings().max_body_bytes,
            )
        )
        return await answer(info, ImportPaymentFilePayload, effect, file="PaymentFile")

    @strawberry.mutation(
        description="Post the rest of a file whose posting was given up because its workers died: "
        "only lines that wait are posted."
    )
    async def resume_payment_file(
        self,
        info: Info,
        input: Annotated[ResumePaymentFileInput, strawberry.argument(description="Which file.")],
    ) -> ResumePaymentFilePayload:
        effect = _and_send(
            resume_payment_file(
                actor=info.context.actor,
                key=input.idempotency_key,
                file_id=row_id_of(input.file_id, "PaymentFile"),
            )
        )
        return await answer(info, ResumePaymentFilePayload, effect, file="PaymentFile")


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise bad_input(
            "contentBase64 is not base64. Encode the bytes of the file.",
            "contentBase64 不是有效的 base64，请对文件字节编码。",
        ) from None


async def _and_send(effect: Awaitable[Done]) -> Done:
    done = await effect
    if job_id := done.result.get("job"):  # after the commit; the sweeper sends what fails here
        await send_job(job_id=job_id, kind=JobKind.POST_PAYMENT_FILE)
    return done
