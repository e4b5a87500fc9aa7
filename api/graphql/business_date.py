"""The business date: read it, advance it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.payloads import Payload, answer
from domain.operations.lending.advance_business_date import advance_business_date
from domain.queries.business_date import business_date


@strawberry.input(description="How far to advance the business date.")
class AdvanceBusinessDateInput:
    """The form of `advanceBusinessDate`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    to: dt.date = strawberry.field(
        description="The new business date: after the present one, at most 400 days on."
    )


@strawberry.type(description="The business date after it advanced.")
class AdvanceBusinessDatePayload(Payload):
    """Answer of `advanceBusinessDate`."""

    business_date: dt.date | None = strawberry.field(
        default=None, description="The business date as it is now."
    )


@strawberry.type
class BusinessDateQueries:
    """Reading the business date."""

    @strawberry.field(description="The lender's business date, apart from the clock.")
    async def business_date(self) -> dt.date:
        return await business_date()


@strawberry.type
class BusinessDateMutations:
    """Moving the business date."""

    @strawberry.mutation(
        description="Close every day before `to`, one by one, within this request: the small-book "
        "way of `closeBusinessDay`. Where it stops, the days that closed stay closed."
    )
    async def advance_business_date(
        self,
        info: Info,
        input: Annotated[
            AdvanceBusinessDateInput, strawberry.argument(description="How far to advance.")
        ],
    ) -> AdvanceBusinessDatePayload:
        effect = advance_business_date(
            actor=info.context.actor, key=input.idempotency_key, to=input.to
        )
        payload = await answer(info, AdvanceBusinessDatePayload, effect)
        if not payload.errors:
            payload.business_date = await business_date()
        return payload
