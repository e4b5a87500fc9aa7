"""How far applications came."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypeAlias

import strawberry

from api.graphql.analytics.portfolio import shown_rate
from api.graphql.context import Info
from api.graphql.payloads import described_enum
from api.graphql.scalars import Money, Rate
from domain.queries.analytics import application_funnel as query
from domain.rules.analytics.funnel import FunnelStage
from domain.rules.money import format_minor

described_enum(
    FunnelStage,
    "A stage that an application has reached; one application is in several.",
    {
        FunnelStage.CREATED: "Started, whatever became of it.",
        FunnelStage.SUBMITTED: "Submitted at least once.",
        FunnelStage.ASSESSED: "Assessed by the machine.",
        FunnelStage.RECOMMENDED_APPROVE: "The last recommendation was to approve.",
        FunnelStage.RECOMMENDED_REFER: "The last recommendation was that people look closely.",
        FunnelStage.RECOMMENDED_DECLINE: "The last recommendation was to decline.",
        FunnelStage.APPROVED: "Approved by people and not returned after it.",
        FunnelStage.CONTRACTED: "Its contract is signed.",
        FunnelStage.DRAWN: "Money was paid out under its contract.",
        FunnelStage.REJECTED: "Rejected, by policy or by an approver.",
        FunnelStage.WITHDRAWN: "Withdrawn by the borrower.",
        FunnelStage.EXPIRED: "Not finished in time.",
    },
)

From: TypeAlias = Annotated[
    dt.date | None,
    strawberry.argument(
        name="from", description="First day of the period; left out: from the beginning."
    ),
]
To: TypeAlias = Annotated[
    dt.date | None,
    strawberry.argument(
        description="Last day of the period, at the latest the business date; left out: that."
    ),
]


@strawberry.type(description="The applications that reached one stage.")
class FunnelStageTotal:
    """A count and a sum."""

    stage: FunnelStage = strawberry.field(description="The stage.")
    count: int = strawberry.field(description="How many applications reached it.")
    amount: Money = strawberry.field(description="The sum of the amounts they ask for.")


@strawberry.type(description="The funnel of one currency.")
class CurrencyFunnel:
    """Every stage once."""

    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    stages: list[FunnelStageTotal] = strawberry.field(description="Every stage, in its order.")
    approval_rate: Rate | None = strawberry.field(
        description="Approved over approved and rejected, by count; null while there is neither."
    )
    disbursed: Money = strawberry.field(description="Principal paid out for these applications.")


@strawberry.type(description="How far the applications created in a period came by now.")
class ApplicationFunnel:
    """Applications that the caller may see."""

    start: dt.date = strawberry.field(name="from", description="First day of the period.")
    end: dt.date = strawberry.field(name="to", description="Last day of the period.")
    without_currency: int = strawberry.field(
        description="Applications in which no currency is filled in yet; in no row below."
    )
    currencies: list[CurrencyFunnel] = strawberry.field(
        description="One row a currency, by its code."
    )


@strawberry.type
class FunnelQueries:
    """Reading the funnel."""

    @strawberry.field(
        description="How far the applications that were created in a period (by business date) "
        "came by now, by currency."
    )
    async def application_funnel(
        self, info: Info, start: From = None, to: To = None
    ) -> ApplicationFunnel:
        found = await query.application_funnel(info.context.actor, start=start, end=to)
        return ApplicationFunnel(
            start=found.start,
            end=found.end,
            without_currency=found.without_currency,
            currencies=[_of_currency(row) for row in found.currencies],
        )


def _of_currency(row: query.CurrencyFunnel) -> CurrencyFunnel:
    def shown(minor: int) -> Money:
        return Money(format_minor(minor, row.currency))

    return CurrencyFunnel(
        currency=row.currency,
        stages=[
            FunnelStageTotal(stage=each.stage, count=each.count, amount=shown(each.amount))
            for each in row.stages
        ],
        approval_rate=shown_rate(row.approval_rate),
        disbursed=shown(row.disbursed),
    )
