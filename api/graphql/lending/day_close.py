"""The day close: start it, follow it, see what it set aside, catch that up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lookahead import selection
from api.graphql.nouns import Noun, column, computed
from api.graphql.payloads import Payload, answer, described_enum
from api.graphql.risk.decisions import read_json
from api.graphql.risk.models import TrainingJob
from api.graphql.roles import ROLES
from domain.actor import Actor
from domain.operations.lending.day_close.catch_up import catch_up_loan
from domain.operations.lending.day_close.start import close_business_day
from domain.operations.perform import Done
from domain.queries.lending import close_progress as progress
from domain.queries.select import Condition
from domain.queries.visibility import visible_to
from domain.rules.jobs import JobKind
from domain.rules.lending.day_close import BusinessDayState
from domain.rules.numbers import NumberKind, human_number
from workers.queue import send_job

described_enum(
    BusinessDayState,
    "Where a business day stands.",
    {
        BusinessDayState.OPEN: "Money events post on it.",
        BusinessDayState.CLOSING: "The next date is open; its loans are being worked through.",
        BusinessDayState.ABORTED: "Too many loans were set aside; closeBusinessDay goes on.",
        BusinessDayState.UNVERIFIED: "The books did not prove right; nothing closes until they do.",
        BusinessDayState.CLOSED: "Every loan is done, and the books proved right.",
        BusinessDayState.CLOSED_WITH_EXCEPTIONS: "As CLOSED, but for the loans set aside.",
    },
)


@strawberry.type(description="Something that is wrong with the books of a day.")
class BookFault:
    """One fault that a verification found."""

    en: str = strawberry.field(description="What is wrong, in English.")
    zh: str = strawberry.field(description="What is wrong, in Chinese.")


def _faults(_: Actor, row: Mapping[str, Any]) -> list[BookFault]:
    return [BookFault(en=fault["en"], zh=fault["zh"]) for fault in read_json(row["faults"]) or []]


@strawberry.type(description="Business day (营业日): one day from its opening to its close.")
class BusinessDay(Node):
    """A row of the business_day table."""

    day: dt.date = column("day", "The date.")
    state: BusinessDayState = column("state", "Where it stands.", read=BusinessDayState)
    loans: int = column("loans", "Living loans when its close started.")
    set_aside: int = column("set_aside", "Loans that are or were set aside when it closed.")
    set_aside_limit: int = column(
        "set_aside_limit", "How many may be set aside before the close aborts."
    )
    faults: list[BookFault] = computed(
        ("faults",), "What keeps it from closing: faults of the books by name.", _faults
    )
    opened_at: dt.datetime | None = column("opened_at", "When it opened.")
    closing_started_at: dt.datetime | None = column("closing_started_at", "When its close started.")
    verified_at: dt.datetime | None = column("verified_at", "When its books were last proved.")
    closed_at: dt.datetime | None = column("closed_at", "When it closed.")


@strawberry.type(description="Loan that a day close could not work out: no money moves on it.")
class SetAsideLoan(Node):
    """A row of the loan_set_aside table."""

    loan_number: str = column(
        "loan_id",
        "Human number of the loan.",
        read=lambda row_id: human_number(NumberKind.LOAN, row_id),
    )
    day: dt.date = column("day", "The day that failed.")
    reason: str = column("reason", "Why, in English.")
    reason_zh: str = column("reason_zh", "Why, in Chinese.")
    created_at: dt.datetime = column("created_at", "When it was set aside.")
    resolved_at: dt.datetime | None = column("resolved_at", "When it was caught up.")


@strawberry.type(description="How far a day close is.")
class CloseProgress:
    """The domain's :class:`~domain.queries.lending.close_progress.CloseProgress`."""

    day: dt.date = strawberry.field(description="The business day.")
    state: BusinessDayState = strawberry.field(description="Where it stands.")
    shards: int = strawberry.field(description="Ranges of loans to work through.")
    shards_done: int = strawberry.field(description="How many of them are done.")
    loans: int = strawberry.field(description="Living loans when the close started.")
    loans_done: int = strawberry.field(description="Loans of the shards that are done.")
    singly: int = strawberry.field(description="How many of these went one by one.")
    set_aside: int = strawberry.field(description="Loans set aside.")


_SEEN_BY = ROLES["Query.businessDays"]
DAYS = Noun(BusinessDay, table="business_day", sight=visible_to(_SEEN_BY))
SET_ASIDE = Noun(SetAsideLoan, table="loan_set_aside", sight=visible_to(_SEEN_BY))


@strawberry.input(description="Which days to close.")
class CloseBusinessDayInput:
    """The form of `closeBusinessDay`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    through: dt.date | None = strawberry.field(
        default=None,
        description="The last day to close, at most 400 days from the business date; that date "
        "alone when not given. Days close in order.",
    )
    ahead_of_calendar: bool = strawberry.field(
        default=False, description="Whether days that the calendar has not reached may be closed."
    )


@strawberry.type(description="The day that is being closed, and the work it takes.")
class CloseBusinessDayPayload(Payload):
    """Answer of `closeBusinessDay`."""

    business_day: BusinessDay | None = strawberry.field(default=None, description="The day.")
    job: TrainingJob | None = strawberry.field(
        default=None,
        description="The workers' job, to be followed by `jobProgress`; null for a closed day.",
    )


@strawberry.input(description="A loan to catch up.")
class CatchUpLoanInput:
    """The form of `catchUpLoan`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    set_aside_id: strawberry.ID = strawberry.field(description="Global id of the SetAsideLoan.")


@strawberry.type(description="The loan that was caught up.")
class CatchUpLoanPayload(Payload):
    """Answer of `catchUpLoan`."""

    set_aside: SetAsideLoan | None = strawberry.field(
        default=None, description="What had set the loan aside, resolved."
    )


@strawberry.type
class DayCloseQueries:
    """Reading business days."""

    @strawberry.field(description="Business days on record, newest first.")
    async def business_days(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[BusinessDay]:
        return await DAYS.page(info, first=first, after=after)

    @strawberry.field(description="A business day; null where none is on record.")
    async def business_day(
        self, info: Info, date: Annotated[dt.date, strawberry.argument(description="The date.")]
    ) -> BusinessDay | None:
        row_id = await progress.business_day_id(date)
        if row_id is None:
            return None
        return (await DAYS.load(info.context.actor, [row_id], selection(info))).get(row_id)

    @strawberry.field(description="How far the close of a day is; null where none was started.")
    async def close_progress(
        self,
        day: Annotated[
            dt.date | None, strawberry.argument(description="The day; the last closed or closing.")
        ] = None,
    ) -> CloseProgress | None:
        found = await progress.close_progress(day)
        if found is None:
            return None
        return CloseProgress(
            day=found.day,
            state=BusinessDayState(found.state),
            shards=found.shards,
            shards_done=found.shards_done,
            loans=found.loans,
            loans_done=found.loans_done,
            singly=found.singly,
            set_aside=found.set_aside,
        )

    @strawberry.field(description="Loans that day closes set aside, newest first.")
    async def set_aside_loans(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        day: Annotated[
            dt.date | None, strawberry.argument(description="By the close of this day.")
        ] = None,
        unresolved: Annotated[
            bool, strawberry.argument(description="Only those not caught up yet.")
        ] = True,
    ) -> Connection[SetAsideLoan]:
        where = [Condition("loan_set_aside.resolved_at IS NULL", ())] if unresolved else []
        if day is not None:
            where.append(Condition("loan_set_aside.day = %s", (day,)))
        return await SET_ASIDE.page(info, first=first, after=after, where=where)


@strawberry.type
class DayCloseMutations:
    """Closing days."""

    @strawberry.mutation(
        description="Close the business date, and the days after it up to `through`. The next date "
        "opens at once and later payments post on it; workers do the rest. A close under way is "
        "joined, one that stopped goes on, and a closed day changes nothing."
    )
    async def close_business_day(
        self,
        info: Info,
        input: Annotated[CloseBusinessDayInput, strawberry.argument(description="Which days.")],
    ) -> CloseBusinessDayPayload:
        effect = _start_and_send(info.context.actor, input)
        return await answer(
            info,
            CloseBusinessDayPayload,
            effect,
            business_day="BusinessDay",
            job="TrainingJob",
        )

    @strawberry.mutation(
        description="Let the days pass that a set-aside loan missed, once its fault is mended."
    )
    async def catch_up_loan(
        self,
        info: Info,
        input: Annotated[CatchUpLoanInput, strawberry.argument(description="Which loan.")],
    ) -> CatchUpLoanPayload:
        effect = catch_up_loan(
            actor=info.context.actor,
            key=input.idempotency_key,
            set_aside_id=row_id_of(input.set_aside_id, "SetAsideLoan"),
        )
        return await answer(info, CatchUpLoanPayload, effect, set_aside="SetAsideLoan")


async def _start_and_send(actor: Actor, form: CloseBusinessDayInput) -> Done:
    done = await close_business_day(
        actor=actor, key=form.idempotency_key, through=form.through, ahead=form.ahead_of_calendar
    )
    if "job" in done.result:  # after the commit; the sweeper sends what fails here
        await send_job(job_id=done["job"], kind=JobKind.CLOSE_DAY)
    return done
