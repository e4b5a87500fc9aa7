"""Loan products on offer."""

from __future__ import annotations

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node
from api.graphql.lending import enums, schedule_enums  # noqa: F401 - describe the enums here
from api.graphql.lending.fees import LoanFee, fees_of
from api.graphql.nouns import Noun, column, computed, money, rate
from api.graphql.scalars import Money, Rate
from domain.queries.lending.products import ON_OFFER
from domain.queries.visibility import visible_to_all
from domain.rules.lending.benchmark import RepricingRule
from domain.rules.lending.borrower import Profile
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.schedule import RepaymentMethod


@strawberry.type(description="Loan product (贷款产品): what may be applied for.")
class LoanProduct(Node):
    """A row of the loan_product table."""

    code: str = column("code", "Its code, which an application names.")
    version: int = column("version", "Version; one that was used never changes.")
    profile: Profile = column("profile", "For borrowers of this profile.", read=Profile)
    name_zh: str = column("name_zh", "Its name in Chinese.")
    name_en: str = column("name_en", "Its name in English.")
    currency: str = column("currency", "ISO 4217 code.")
    method: RepaymentMethod = column("method", "How it is repaid.", read=RepaymentMethod)
    day_count: DayCount = column("day_count", "How days become interest.", read=DayCount)
    principal_min: Money = money("principal_min", "Least that may be applied for.")
    principal_max: Money = money("principal_max", "Most that may be applied for.")
    installments_max: int = column("installments_max", "Most periods.")
    rate_min: Rate = rate("rate_min", "Lowest rate a year.")
    rate_max: Rate = rate("rate_max", "Highest rate a year.")
    benchmark: str = column("benchmark", "The benchmark its rate follows; empty: a fixed rate.")
    benchmark_tenor: str = column("benchmark_tenor", "The benchmark's tenor.")
    repricing: RepricingRule = column("repricing", "When the rate is set anew.", read=RepricingRule)
    penalty_markup: Rate = rate("penalty_markup", "Markup on the rate for overdue principal.")
    fees: list[LoanFee] = computed(
        ("fees", "currency"), "What each loan is charged besides interest.", fees_of
    )


PRODUCTS = Noun(LoanProduct, table="loan_product", sight=visible_to_all)


@strawberry.type
class ProductQueries:
    """Reading products."""

    @strawberry.field(description="Loan products on offer, in their latest version, newest first.")
    async def loan_products(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[LoanProduct]:
        return await PRODUCTS.page(info, first=first, after=after, where=ON_OFFER)
