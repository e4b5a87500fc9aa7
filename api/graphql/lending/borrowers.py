"""Borrowers: register, read, list."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.errors import bad_input
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node
from api.graphql.lending import enums  # noqa: F401 - describes the enums used here
from api.graphql.nouns import Noun, column, computed, many
from api.graphql.payloads import Payload, answer
from domain.actor import Actor
from domain.operations.lending.register_borrower import (
    RESIDENT_ID,
    Registration,
    register_borrower,
)
from domain.queries.clear_text import clear_text
from domain.queries.select import Condition
from domain.queries.visibility import visible
from domain.rules.lending.borrower import BorrowerKind, EnterpriseSize, Profile
from domain.rules.numbers import NumberKind, human_number
from domain.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from api.graphql.lending.facilities import CreditFacility


NAME_PART_LENGTH_MIN = 2


def _resident_id(actor: Actor, row: Mapping[str, Any]) -> str | None:
    tail: str = row["resident_id_tail"]
    if row["resident_id_cipher"] is None:
        return None
    return clear_text(actor, row["resident_id_cipher"], column=RESIDENT_ID) or f"{'*' * 14}{tail}"


@strawberry.type(description="Borrower (借款人): a company or sole proprietor.")
class Borrower(Node):
    """A row of the borrower table."""

    number: str = column(
        "id",
        "Human number, with a check digit.",
        read=lambda i: human_number(NumberKind.BORROWER, i),
    )
    name: str = column("name", "Registered name.")
    kind: BorrowerKind = column("kind", "What it is in law.", read=BorrowerKind)
    profile: Profile = column("profile", "Whose law and identifiers apply.", read=Profile)
    unified_social_credit_code: str | None = column(
        "unified_social_credit_code", "统一社会信用代码 of a Chinese company."
    )
    external_id: str | None = column("external_id", "The lender's own id for it elsewhere.")
    owner_resident_id: str | None = computed(
        ("resident_id_cipher", "resident_id_tail"),
        "公民身份号码 of the owner: in clear for those whose work needs it, else the last four "
        "characters behind stars.",
        _resident_id,
    )
    industry_code: str = column("industry_code", "GB/T 4754 or NAICS code; may be empty.")
    enterprise_size: EnterpriseSize | None = column(
        "enterprise_size",
        "Enterprise size (企业规模).",
        read=lambda s: EnterpriseSize(s) if s else None,
    )
    region: str = column("region", "Region code; may be empty.")
    registered_on: dt.date | None = column("registered_on", "Date of the business registration.")
    created_at: dt.datetime = column("created_at", "When it was registered here.")
    facilities: list[
        Annotated[CreditFacility, strawberry.lazy("api.graphql.lending.facilities")]
    ] = many("borrower_id", "Its credit facilities, oldest first.")


BORROWERS = Noun(
    Borrower, table="borrower", sight=visible, sight_arguments={"borrower_column": "id"}
)


@strawberry.input(description="A borrower to register.")
class RegisterBorrowerInput:
    """The form of `registerBorrower`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    name: str = strawberry.field(description="Registered name, at most 200 characters.")
    profile: Profile | None = strawberry.field(
        default=None,
        description="Whose law and identifiers apply; the lender's own (LIUDAI_PROFILE) if left "
        "out.",
    )
    kind: BorrowerKind = strawberry.field(
        default=BorrowerKind.COMPANY, description="What it is in law."
    )
    unified_social_credit_code: str = strawberry.field(
        default="", description="统一社会信用代码; needed for a company of the CN profile."
    )
    external_id: str = strawberry.field(
        default="", description="The lender's own id for it elsewhere; unique."
    )
    owner_resident_id: str = strawberry.field(
        default="", description="公民身份号码; needed for a sole proprietor of the CN profile."
    )
    industry_code: str = strawberry.field(default="", description="GB/T 4754 or NAICS code.")
    enterprise_size: EnterpriseSize | None = strawberry.field(
        default=None, description="Enterprise size (企业规模)."
    )
    region: str = strawberry.field(default="", description="Region code.")
    registered_on: dt.date | None = strawberry.field(
        default=None, description="Date of the business registration, not in the future."
    )


@strawberry.type(description="The borrower registered.")
class RegisterBorrowerPayload(Payload):
    """Answer of `registerBorrower`."""

    borrower: Borrower | None = strawberry.field(default=None, description="The borrower.")


@strawberry.input(description="Which borrowers to list.")
class BorrowerFilter:
    """Every given condition must hold."""

    name_contains: str | None = strawberry.field(
        default=None, description="Part of the name, at least two characters."
    )
    unified_social_credit_code: str | None = strawberry.field(
        default=None, description="The whole 统一社会信用代码."
    )
    external_id: str | None = strawberry.field(default=None, description="The whole external id.")

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = []
        if self.name_contains is not None:
            if len(self.name_contains) < NAME_PART_LENGTH_MIN:
                raise bad_input(
                    f"`nameContains` needs at least {NAME_PART_LENGTH_MIN} characters.",
                    f"`nameContains` 至少需要 {NAME_PART_LENGTH_MIN} 个字符。",
                )
            escaped = self.name_contains.replace("|", "||").replace("%", "|%").replace("_", "|_")
            found.append(Condition("borrower.name LIKE %s ESCAPE '|'", (f"%{escaped}%",)))
        if self.unified_social_credit_code is not None:
            found.append(
                Condition(
                    "borrower.unified_social_credit_code = %s", (self.unified_social_credit_code,)
                )
            )
        if self.external_id is not None:
            found.append(Condition("borrower.external_id = %s", (self.external_id,)))
        return found


@strawberry.type
class BorrowerQueries:
    """Reading borrowers."""

    @strawberry.field(description="Borrowers you may see, newest first.")
    async def borrowers(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            BorrowerFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[Borrower]:
        return await BORROWERS.page(
            info, first=first, after=after, where=filter.conditions() if filter else []
        )


@strawberry.type
class BorrowerMutations:
    """Changing borrowers."""

    @strawberry.mutation(
        description="Register a borrower: an employee for a customer, or you for your company."
    )
    async def register_borrower(
        self,
        info: Info,
        input: Annotated[
            RegisterBorrowerInput, strawberry.argument(description="The borrower to register.")
        ],
    ) -> RegisterBorrowerPayload:
        form = Registration(
            profile=input.profile or Profile(get_settings().profile),
            kind=input.kind,
            name=input.name,
            unified_social_credit_code=input.unified_social_credit_code,
            external_id=input.external_id,
            owner_resident_id=input.owner_resident_id,
            industry_code=input.industry_code,
            enterprise_size=input.enterprise_size,
            region=input.region,
            registered_on=input.registered_on,
        )
        effect = register_borrower(
            actor=info.context.actor, key=input.idempotency_key, registration=form
        )
        return await answer(info, RegisterBorrowerPayload, effect, borrower="Borrower")
