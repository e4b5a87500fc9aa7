"""Days by which the lender must act: limitation, guarantee periods; recording demands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated

import strawberry

from api.errors import bad_input
from api.graphql.context import Info
from api.graphql.ids import NODE_LOADERS, row_id_of
from api.graphql.lending.loan_terms import LoanEventPayload
from api.graphql.lending.loans import Loan
from api.graphql.lookahead import selection
from api.graphql.payloads import answer, described_enum
from domain.operations.lending.record_demand import Demand, record_demand
from domain.queries.lending.deadlines import DeadlineKind, deadlines

WITHIN_DAYS_MAX = 1_100

described_enum(
    DeadlineKind,
    "Which right ends.",
    {
        DeadlineKind.LIMITATION: "Limitation (诉讼时效): sue, demand, or have it acknowledged.",
        DeadlineKind.GUARANTEE: "A guarantee without an agreed period: claim on the guarantor.",
    },
)


@strawberry.type(description="A day by which the lender must act or lose a right.")
class LoanDeadline:
    """One loan's deadline."""

    kind: DeadlineKind = strawberry.field(description="Which right ends.")
    date: dt.date = strawberry.field(description="Its last day.")
    days_left: int = strawberry.field(description="Days from the business date; below 0: passed.")
    loan: Loan | None = strawberry.field(description="The loan.")


@strawberry.input(description="A demand for payment, or an acknowledgement of the debt.")
class RecordDemandInput:
    """The form of `recordDemand`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    loan_id: strawberry.ID = strawberry.field(description="Global id of an open loan.")
    on: dt.date = strawberry.field(description="The day it reached the borrower, or was signed.")
    document: str = strawberry.field(description="The document that proves it: its number.")


@strawberry.type(description="The loan, and the demand in its history.")
class RecordDemandPayload(LoanEventPayload):
    """Answer of `recordDemand`."""


@strawberry.type
class DeadlineQueries:
    """Reading deadlines."""

    @strawberry.field(
        description="Unpaid loans whose limitation or guarantee period ends within so many days, "
        "the most urgent first, 200 at most."
    )
    async def loan_deadlines(
        self,
        info: Info,
        within_days: Annotated[
            int, strawberry.argument(description="How far to look, 0 to 1100 days.")
        ] = 90,
    ) -> list[LoanDeadline]:
        actor = info.context.actor
        if not 0 <= within_days <= WITHIN_DAYS_MAX:
            raise bad_input(
                f"withinDays must be from 0 to {WITHIN_DAYS_MAX}; this is {within_days}.",
                f"withinDays 须在 0 至 {WITHIN_DAYS_MAX} 之间，当前为 {within_days}。",
            )
        found = await deadlines(actor, within_days=within_days)
        wanted = selection(info)
        loans: Mapping[int, Loan] = {}
        if "loan" in wanted and found:
            ids = sorted({deadline.loan_id for deadline in found})
            loans = await NODE_LOADERS["Loan"](actor, ids, wanted["loan"])
        return [
            LoanDeadline(
                kind=deadline.kind,
                date=deadline.date,
                days_left=deadline.days_left,
                loan=loans.get(deadline.loan_id),
            )
            for deadline in found
        ]


@strawberry.type
class DeadlineMutations:
    """Keeping rights alive."""

    @strawberry.mutation(
        description="Note that the borrower was asked to pay or acknowledged the debt: limitation "
        "runs anew from that day."
    )
    async def record_demand(
        self,
        info: Info,
        input: Annotated[RecordDemandInput, strawberry.argument(description="The demand.")],
    ) -> RecordDemandPayload:
        demand = Demand(
            loan_id=row_id_of(input.loan_id, "Loan"), on=input.on, document=input.document
        )
        effect = record_demand(actor=info.context.actor, key=input.idempotency_key, demand=demand)
        return await answer(
            info, RecordDemandPayload, effect, loan="Loan", event="LoanHistoryEvent"
        )
