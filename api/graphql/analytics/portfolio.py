"""The portfolio at the end of a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, TypeAlias

import strawberry

from api.graphql.context import Info
from api.graphql.scalars import Money, Rate
from domain.queries.analytics import portfolio_summary as query
from domain.rules.money import format_minor

AsOf: TypeAlias = Annotated[
    dt.date | None,
    strawberry.argument(
        description="At the end of this day, at the latest the business date; left out: that."
    ),
]


def shown_rate(value: Decimal | None) -> Rate | None:
    """A share or an average as the API shows it; None stays null."""
    return None if value is None else Rate(value)


@strawberry.type(description="Credit facilities in one currency as they are now.")
class FacilityTotals:
    """Facilities that are ACTIVE or FROZEN."""

    count: int = strawberry.field(description="How many facilities are ACTIVE or FROZEN.")
    limit: Money = strawberry.field(description="The sum of their limits.")
    reserved: Money = strawberry.field(description="Reserved by drawdowns not yet disbursed.")
    used: Money = strawberry.field(
        description="Principal disbursed and, if revolving, not yet repaid."
    )
    available: Money = strawberry.field(
        description="What may still be drawn; a FROZEN facility counts 0."
    )


@strawberry.type(description="The loan portfolio in one currency, at the end of a day.")
class CurrencyPortfolio:
    """Every balance is the sum of the postings of the loans behind it."""

    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    active_loans: int = strawberry.field(
        description="Loans paid out, and neither closed nor written off."
    )
    borrowers: int = strawberry.field(description="Borrowers with such a loan, each once.")
    principal_outstanding: Money = strawberry.field(
        description="Principal not yet repaid; none of loans written off."
    )
    interest_receivable: Money = strawberry.field(
        description="Contract interest accrued and not yet paid, as an asset: what loans in "
        "non-accrual or written off owe is kept in memo accounts and is not in it."
    )
    penalty_receivable: Money = strawberry.field(
        description="Penalty interest (罚息) accrued and not yet paid, as an asset likewise."
    )
    compound_receivable: Money = strawberry.field(
        description="Compound interest (复利) accrued and not yet paid, as an asset likewise."
    )
    interest_income: Money = strawberry.field(
        description="Contract interest earned from the first day on, net of value-added tax; of "
        "loans in non-accrual or written off, what was paid."
    )
    penalty_income: Money = strawberry.field(
        description="Penalty interest earned from the first day on."
    )
    compound_income: Money = strawberry.field(
        description="Compound interest earned from the first day on."
    )
    weighted_average_rate: Rate | None = strawberry.field(
        description="Contract rate a year in force on that day, weighted by principal outstanding; "
        "null without any."
    )
    overdue_principal: Money = strawberry.field(
        description="All principal of loans with anything unpaid, 1 day past due or more."
    )
    past_due_90_principal: Money = strawberry.field(
        description="All principal of loans more than 90 days past due."
    )
    past_due_90_share: Rate | None = strawberry.field(
        description="`pastDue90Principal` over `principalOutstanding`; null without any principal."
    )
    facilities: FacilityTotals | None = strawberry.field(
        description="Facilities as they are now; null for a past day, limits keep no history."
    )


@strawberry.type(description="The loan portfolio that you may see, at the end of a day.")
class PortfolioSummary:
    """Currencies are never added up."""

    as_of: dt.date = strawberry.field(description="The day it holds for.")
    currencies: list[CurrencyPortfolio] = strawberry.field(
        description="One row a currency, by its code."
    )


@strawberry.type
class PortfolioQueries:
    """Reading the portfolio."""

    @strawberry.field(
        description="Loans, balances, incomes and limits by currency, from the postings of the "
        "loans you may see. A past day gives what was reported on it; a future one is refused."
    )
    async def portfolio_summary(self, info: Info, as_of: AsOf = None) -> PortfolioSummary:
        found = await query.portfolio_summary(info.context.actor, as_of=as_of)
        return PortfolioSummary(
            as_of=found.as_of, currencies=[_of_currency(each) for each in found.currencies]
        )


def _of_currency(row: query.CurrencyPortfolio) -> CurrencyPortfolio:
    def shown(minor: int) -> Money:
        return Money(format_minor(minor, row.currency))

    limits = row.facilities
    return CurrencyPortfolio(
        currency=row.currency,
        active_loans=row.active_loans,
        borrowers=row.borrowers,
        principal_outstanding=shown(row.principal_outstanding),
        interest_receivable=shown(row.interest_receivable),
        penalty_receivable=shown(row.penalty_receivable),
        compound_receivable=shown(row.compound_receivable),
        interest_income=shown(row.interest_income),
        penalty_income=shown(row.penalty_income),
        compound_income=shown(row.compound_income),
        weighted_average_rate=shown_rate(row.weighted_average_rate),
        overdue_principal=shown(row.overdue_principal),
        past_due_90_principal=shown(row.past_due_90_principal),
        past_due_90_share=shown_rate(row.past_due_90_share),
        facilities=None
        if limits is None
        else FacilityTotals(
            count=limits.count,
            limit=shown(limits.limit),
            reserved=shown(limits.reserved),
            used=shown(limits.used),
            available=shown(limits.available),
        ),
    )
