"""Loan applications: save, submit, approve, reject, return, withdraw, read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lending.borrowers import Borrower
from api.graphql.lending.facilities import CreditFacility
from api.graphql.lending.products import LoanProduct
from api.graphql.nouns import Noun, column, many, money, one, rate
from api.graphql.payloads import described_enum
from api.graphql.risk.decisions import ApprovalTask, RiskDecision
from api.graphql.scalars import Money, Rate
from domain.queries.select import Condition
from domain.queries.visibility import visible
from domain.rules.lending.application import Purpose
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.lending.states import ApplicationState
from domain.rules.numbers import NumberKind, human_number

if TYPE_CHECKING:
    from api.graphql.lending.contracts import LoanContract
    from api.graphql.lending.loans import Loan

described_enum(
    Purpose,
    "What the money is for (贷款用途). The last five are not lawful purposes of a working-capital "
    "loan; the policy says why.",
    {
        Purpose.RAW_MATERIALS: "Raw materials.",
        Purpose.GOODS_FOR_RESALE: "Goods for resale.",
        Purpose.WAGES: "Wages.",
        Purpose.RENT_AND_UTILITIES: "Rent and utilities.",
        Purpose.TAXES: "Taxes.",
        Purpose.TRADE_ORDER: "A trade order.",
        Purpose.SEASONAL_PRODUCTION: "Seasonal production.",
        Purpose.OTHER_OPERATING: "Other operating needs; say which in the note.",
        Purpose.FIXED_ASSETS: "Fixed assets: not lawful.",
        Purpose.DIVIDENDS: "Dividends: not lawful.",
        Purpose.FINANCIAL_ASSETS: "Financial assets: not lawful.",
        Purpose.EQUITY_INVESTMENT: "Equity investment: not lawful.",
        Purpose.PROHIBITED_FIELD: "A field the state prohibits: not lawful.",
    },
)


@strawberry.type(description="Loan application (贷款申请).")
class LoanApplication(Node):
    """A row of the loan_application table."""

    number: str = column(
        "id",
        "Human number, with a check digit.",
        read=lambda i: human_number(NumberKind.APPLICATION, i),
    )
    state: ApplicationState = column("state", "Its state.", read=ApplicationState)
    version: int = column("version", "Rises with every change; pass it to notice others' changes.")
    currency: str = column("currency", "ISO 4217 code of every amount here; may be empty.")
    amount: Money | None = money("amount", "What is asked for.", null=True)
    annual_rate: Rate | None = rate("annual_rate", "Rate a year.", null=True)
    installments: int | None = column("installments", "Number of periods.")
    method: RepaymentMethod | None = column(
        "method",
        "How it would be repaid.",
        read=lambda method: RepaymentMethod(method) if method else None,
    )
    purpose: Purpose | None = column(
        "purpose", "What it is for.", read=lambda purpose: Purpose(purpose) if purpose else None
    )
    purpose_note: str = column("purpose_note", "What it is for, in words.")
    own_funds: Money | None = money("own_funds", "The borrower's own funds.", null=True)
    other_funding: Money | None = money("other_funding", "Other funding.", null=True)
    expected_growth: Rate | None = rate(
        "expected_growth", "Expected growth of revenue in the year.", null=True
    )
    content_sha256: str = column("content_sha256", "Hash of the content as submitted.")
    submitted_on: dt.date | None = column("submitted_on", "Business date of the last submission.")
    expires_on: dt.date | None = column("expires_on", "It expires after this day.")
    created_at: dt.datetime = column("created_at", "When it was first saved.")
    borrower: Borrower = one("borrower_id", "Who applies.")
    facility: CreditFacility | None = one("facility_id", "The facility it would draw on.")
    product: LoanProduct | None = one("product_id", "The product.")
    renews_loan: Annotated[Loan, strawberry.lazy("api.graphql.lending.loans")] | None = one(
        "renews_loan_id", "The loan that it would renew (续贷), if any."
    )
    decisions: list[RiskDecision] = many(
        "application_id",
        "The machine's decisions, first to last; empty for the borrower.",
        order="round",
        staff_only=True,
    )
    approval_tasks: list[ApprovalTask] = many(
        "application_id", "The approval tasks of every round.", order="round, level"
    )
    contracts: list[Annotated[LoanContract, strawberry.lazy("api.graphql.lending.contracts")]] = (
        many("application_id", "Its contract, if there is one.")
    )


APPLICATIONS = Noun(LoanApplication, table="loan_application", sight=visible)


@strawberry.input(description="Which applications to list.")
class ApplicationFilter:
    """Every given condition must hold."""

    state: ApplicationState | None = strawberry.field(default=None, description="In this state.")
    borrower_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this borrower."
    )

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = []
        if self.state is not None:
            found.append(Condition("loan_application.state = %s", (str(self.state),)))
        if self.borrower_id is not None:
            borrower = row_id_of(self.borrower_id, "Borrower")
            found.append(Condition("loan_application.borrower_id = %s", (borrower,)))
        return found


@strawberry.type
class ApplicationQueries:
    """Reading applications."""

    @strawberry.field(description="The application with this global id, or null when you see none.")
    async def loan_application(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the application.")
        ],
    ) -> LoanApplication | None:
        return await APPLICATIONS.get(info, id)

    @strawberry.field(description="Applications you may see, newest first.")
    async def loan_applications(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            ApplicationFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[LoanApplication]:
        return await APPLICATIONS.page(
            info, first=first, after=after, where=filter.conditions() if filter else []
        )
