"""Credit facilities: propose, activate, freeze, thaw, read, list."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lending.borrowers import Borrower
from api.graphql.nouns import Noun, column, computed, money, one
from api.graphql.payloads import Payload, answer
from api.graphql.scalars import Money, MoneyInput
from domain.operations.lending.activate_facility import (
    activate_facility,
    freeze_facility,
    thaw_facility,
)
from domain.operations.lending.propose_facility import FacilityProposal, propose_facility
from domain.queries.select import Condition
from domain.queries.visibility import visible_by_customer
from domain.rules.lending.states import FacilityState
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number


@strawberry.type(description="Credit facility (授信额度): how much a borrower may draw.")
class CreditFacility(Node):
    """A row of the credit_facility table."""

    number: str = column(
        "id",
        "Human number, with a check digit.",
        read=lambda i: human_number(NumberKind.FACILITY, i),
    )
    state: FacilityState = column("state", "Its state.", read=FacilityState)
    currency: str = column("currency", "ISO 4217 code of every amount here.")
    limit: Money = money("limit_amount", "The limit.")
    reserved: Money = money("reserved", "Reserved by drawdowns not yet disbursed.")
    used: Money = money("used", "Principal disbursed and, if revolving, not yet repaid.")
    available: Money = computed(
        ("limit_amount", "reserved", "used", "currency"),
        "What may still be drawn; 0 while a lowered limit is exceeded.",
        lambda _, r: format_minor(
            max(r["limit_amount"] - r["reserved"] - r["used"], 0), r["currency"]
        ),
    )
    revolving: bool = column("revolving", "Whether repaid principal may be drawn again.", read=bool)
    expires_on: dt.date = column("expires_on", "Last day on which it may be drawn.")
    created_at: dt.datetime = column("created_at", "When it was proposed.")
    borrower: Borrower = one("borrower_id", "Whose it is.")


FACILITIES = Noun(CreditFacility, table="credit_facility", sight=visible_by_customer)


@strawberry.input(description="A facility to propose.")
class ProposeFacilityInput:
    """The form of `proposeFacility`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    borrower_id: strawberry.ID = strawberry.field(description="Global id of the borrower.")
    limit: MoneyInput = strawberry.field(description="The limit, above zero.")
    currency: str = strawberry.field(default="CNY", description="ISO 4217 code.")
    revolving: bool = strawberry.field(
        default=True, description="Whether repaid principal may be drawn again."
    )
    expires_on: dt.date = strawberry.field(
        description="Last day on which it may be drawn: after today, at most 5 years on."
    )


@strawberry.input(description="A facility by its id.")
class FacilityInput:
    """The form of the mutations that only name a facility."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    facility_id: strawberry.ID = strawberry.field(description="Global id of the facility.")


@strawberry.type(description="The facility as it is now.")
class FacilityPayload(Payload):
    """Answer of every facility mutation."""

    facility: CreditFacility | None = strawberry.field(default=None, description="The facility.")


@strawberry.input(description="A facility to activate.")
class ActivateFacilityInput(FacilityInput):
    """The form of `activateFacility`."""


@strawberry.input(description="A facility to freeze.")
class FreezeFacilityInput(FacilityInput):
    """The form of `freezeFacility`."""


@strawberry.input(description="A facility to thaw.")
class ThawFacilityInput(FacilityInput):
    """The form of `thawFacility`."""


@strawberry.type(description="The facility that was proposed.")
class ProposeFacilityPayload(FacilityPayload):
    """Answer of `proposeFacility`."""


@strawberry.type(description="The facility that was activated.")
class ActivateFacilityPayload(FacilityPayload):
    """Answer of `activateFacility`."""


@strawberry.type(description="The facility that was frozen.")
class FreezeFacilityPayload(FacilityPayload):
    """Answer of `freezeFacility`."""


@strawberry.type(description="The facility that was thawed.")
class ThawFacilityPayload(FacilityPayload):
    """Answer of `thawFacility`."""


@strawberry.input(description="Which facilities to list.")
class FacilityFilter:
    """Every given condition must hold."""

    state: FacilityState | None = strawberry.field(default=None, description="In this state.")
    borrower_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this borrower."
    )

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = []
        if self.state is not None:
            found.append(Condition("credit_facility.state = %s", (str(self.state),)))
        if self.borrower_id is not None:
            borrower = row_id_of(self.borrower_id, "Borrower")
            found.append(Condition("credit_facility.borrower_id = %s", (borrower,)))
        return found


@strawberry.type
class FacilityQueries:
    """Reading facilities."""

    @strawberry.field(description="Credit facilities you may see, newest first.")
    async def credit_facilities(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            FacilityFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[CreditFacility]:
        return await FACILITIES.page(
            info, first=first, after=after, where=filter.conditions() if filter else []
        )


@strawberry.type
class FacilityMutations:
    """Changing facilities."""

    @strawberry.mutation(description="Propose a facility; another person must activate it.")
    async def propose_facility(
        self,
        info: Info,
        input: Annotated[
            ProposeFacilityInput, strawberry.argument(description="The facility to propose.")
        ],
    ) -> ProposeFacilityPayload:
        proposal = FacilityProposal(
            borrower_id=row_id_of(input.borrower_id, "Borrower"),
            limit=input.limit,
            currency=input.currency,
            revolving=input.revolving,
            expires_on=input.expires_on,
        )
        effect = propose_facility(
            actor=info.context.actor, key=input.idempotency_key, proposal=proposal
        )
        return await answer(info, ProposeFacilityPayload, effect, facility="CreditFacility")

    @strawberry.mutation(
        description="Make a PROPOSED facility ACTIVE; not the person who proposed it."
    )
    async def activate_facility(
        self,
        info: Info,
        input: Annotated[ActivateFacilityInput, strawberry.argument(description="Which facility.")],
    ) -> ActivateFacilityPayload:
        effect = activate_facility(
            actor=info.context.actor,
            key=input.idempotency_key,
            facility_id=row_id_of(input.facility_id, "CreditFacility"),
        )
        return await answer(info, ActivateFacilityPayload, effect, facility="CreditFacility")

    @strawberry.mutation(description="Freeze an ACTIVE facility: nothing new may be drawn.")
    async def freeze_facility(
        self,
        info: Info,
        input: Annotated[FreezeFacilityInput, strawberry.argument(description="Which facility.")],
    ) -> FreezeFacilityPayload:
        effect = freeze_facility(
            actor=info.context.actor,
            key=input.idempotency_key,
            facility_id=row_id_of(input.facility_id, "CreditFacility"),
        )
        return await answer(info, FreezeFacilityPayload, effect, facility="CreditFacility")

    @strawberry.mutation(description="Make a FROZEN facility ACTIVE again.")
    async def thaw_facility(
        self,
        info: Info,
        input: Annotated[ThawFacilityInput, strawberry.argument(description="Which facility.")],
    ) -> ThawFacilityPayload:
        effect = thaw_facility(
            actor=info.context.actor,
            key=input.idempotency_key,
            facility_id=row_id_of(input.facility_id, "CreditFacility"),
        )
        return await answer(info, ThawFacilityPayload, effect, facility="CreditFacility")
