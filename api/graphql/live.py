"""Following applications and loans live."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, TypeVar

import strawberry

from api.graphql.context import Info
from api.graphql.ids import Node, global_id, row_id_of
from api.graphql.lending.applications import APPLICATIONS, LoanApplication
from api.graphql.lending.loans import LOANS, Loan
from api.graphql.lookahead import Selection, selection
from api.graphql.nouns import Noun
from api.live import listen
from domain.channels import events_channel
from domain.settings import get_settings

N = TypeVar("N", bound=Node)


@strawberry.type(description="Something that happened to a loan.")
class LoanEvent:
    """An outbox event about a loan the caller may see."""

    kind: str = strawberry.field(description="What happened: `loan.activated`, `loan.repaid`, …")
    loan: Loan = strawberry.field(description="The loan as it is now.")


@strawberry.input(description="Which loan events to follow.")
class LoanEventFilter:
    """Every given condition must hold."""

    loan_id: strawberry.ID | None = strawberry.field(default=None, description="Of this loan.")
    kind: str | None = strawberry.field(default=None, description="Of this kind.")


@strawberry.type
class LiveSubscriptions:
    """Through Redis, so that any process serves any client."""

    @strawberry.subscription(
        description="The application as it is, then again after each of its state changes."
    )
    async def application_updated(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the application.")
        ],
    ) -> AsyncGenerator[LoanApplication, None]:
        row_id = row_id_of(id, "LoanApplication")
        wanted = selection(info)
        async with listen(events_channel(get_settings())) as messages:
            first = await _load(info, APPLICATIONS, row_id, wanted)
            if first is None:
                return
            yield first
            async for message in messages:
                if message["noun"] == "LoanApplication" and message["nounId"] == row_id:
                    again = await _load(info, APPLICATIONS, row_id, wanted)
                    if again is not None:
                        yield again

    @strawberry.subscription(description="What happens to the loans you may see.")
    async def loan_events(
        self,
        info: Info,
        filter: Annotated[
            LoanEventFilter | None, strawberry.argument(description="Which to follow.")
        ] = None,
    ) -> AsyncGenerator[LoanEvent, None]:
        wanted = selection(info, "loan")
        asked = filter or LoanEventFilter()
        async with listen(events_channel(get_settings())) as messages:
            async for message in messages:
                if message["noun"] != "Loan" or asked.kind not in (None, message["kind"]):
                    continue
                if asked.loan_id not in (None, global_id("Loan", message["nounId"])):
                    continue
                loan = await _load(info, LOANS, message["nounId"], wanted)
                if loan is not None:
                    yield LoanEvent(kind=message["kind"], loan=loan)


async def _load(info: Info, noun: Noun[N], row_id: int, wanted: Selection) -> N | None:
    return (await noun.load(info.context.actor, [row_id], wanted)).get(row_id)
