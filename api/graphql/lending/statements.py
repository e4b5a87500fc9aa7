"""Financial statements: record, read, list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lending.borrowers import Borrower
from api.graphql.nouns import Noun, column, computed, money, one
from api.graphql.payloads import Payload, answer
from api.graphql.scalars import Money, MoneyInput, Rate
from domain.operations.lending.record_statement import StatementForm, record_statement
from domain.queries.lending.statements import LATEST_VERSION, visible_by_borrower
from domain.queries.select import Condition
from domain.rules.analytics.ratios import rounded
from domain.rules.lending.financial_statement import (
    AMOUNTS,
    StatementAmounts,
    ratio,
    turnover_days,
)


def _derived(
    columns: tuple[str, ...],
    description: str,
    work_out: Callable[..., Fraction | None],
    as_type: Callable[[Decimal], Any] = Decimal,
) -> Any:
    def read(_: Any, row: Mapping[str, Any]) -> Any:
        found = work_out(*(row[name] for name in columns))
        return None if found is None else as_type(rounded(found))

    return computed(columns, description, read)


def _days(balance: str, flow: str, description: str) -> Any:
    columns = (f"{balance}_opening", f"{balance}_closing", flow)
    return _derived(columns, description, turnover_days, float)


@strawberry.type(
    description="Financial statement (财务报表) of one year. Ratios and turnover days are worked "
    "out from its amounts, to six decimals."
)
class FinancialStatement(Node):
    """A row of the financial_statement table."""

    version: int = column("version", "From 1; a correction of the same period is the next.")
    period_start: dt.date = column("period_start", "First day of the year.")
    period_end: dt.date = column("period_end", "Last day of the year, the closing.")
    currency: str = column("currency", "ISO 4217 code of every amount here.")
    revenue: Money = money("revenue", "Revenue of the year.")
    cost_of_sales: Money = money("cost_of_sales", "Cost of sales of the year.")
    profit: Money = money("profit", "Profit of the year; a loss is negative.")
    inventory_opening: Money = money("inventory_opening", "Inventory, at the opening.")
    inventory_closing: Money = money("inventory_closing", "Inventory, at the closing.")
    receivables_opening: Money = money(
        "receivables_opening", "Accounts receivable, at the opening."
    )
    receivables_closing: Money = money(
        "receivables_closing", "Accounts receivable, at the closing."
    )
    prepayments_opening: Money = money("prepayments_opening", "Prepayments made, at the opening.")
    prepayments_closing: Money = money("prepayments_closing", "Prepayments made, at the closing.")
    payables_opening: Money = money("payables_opening", "Accounts payable, at the opening.")
    payables_closing: Money = money("payables_closing", "Accounts payable, at the closing.")
    advance_receipts_opening: Money = money(
        "advance_receipts_opening", "Advance receipts from customers, at the opening."
    )
    advance_receipts_closing: Money = money(
        "advance_receipts_closing", "Advance receipts from customers, at the closing."
    )
    current_assets: Money = money("current_assets", "Current assets at the closing.")
    total_assets: Money = money(
        "total_assets", "All assets at the closing: liabilities plus equity."
    )
    current_liabilities: Money = money("current_liabilities", "Current liabilities at the closing.")
    total_liabilities: Money = money("total_liabilities", "All liabilities at the closing.")
    equity: Money = money("equity", "Owner's equity at the closing; may be negative.")
    profit_margin: Rate | None = _derived(
        ("profit", "revenue"), "Profit over revenue; null without revenue.", ratio
    )
    current_ratio: Rate | None = _derived(
        ("current_assets", "current_liabilities"),
        "Current assets over current liabilities; null without any.",
        ratio,
    )
    debt_ratio: Rate | None = _derived(
        ("total_liabilities", "total_assets"),
        "Liabilities over assets; null without assets.",
        ratio,
    )
    inventory_days: float | None = _days(
        "inventory",
        "cost_of_sales",
        "Days: 360 × average inventory over cost of sales; null without cost of sales.",
    )
    receivable_days: float | None = _days(
        "receivables",
        "revenue",
        "Days: 360 × average receivables over revenue; null without revenue.",
    )
    prepayment_days: float | None = _days(
        "prepayments",
        "cost_of_sales",
        "Days: 360 × average prepayments over cost of sales; null without cost of sales.",
    )
    payable_days: float | None = _days(
        "payables",
        "cost_of_sales",
        "Days: 360 × average payables over cost of sales; null without cost of sales.",
    )
    advance_receipt_days: float | None = _days(
        "advance_receipts",
        "revenue",
        "Days: 360 × average advance receipts over revenue; null without revenue.",
    )
    created_at: dt.datetime = column("created_at", "When it was recorded.")
    borrower: Borrower = one("borrower_id", "Whose it is.")


STATEMENTS = Noun(FinancialStatement, table="financial_statement", sight=visible_by_borrower)


@strawberry.input(
    description="A statement to record; amounts in `currency`. Assets must equal liabilities plus "
    "equity, and no part may exceed its whole."
)
class RecordFinancialStatementInput:
    """The form of `recordFinancialStatement`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    borrower_id: strawberry.ID = strawberry.field(description="Global id of the borrower.")
    period_start: dt.date = strawberry.field(description="First day of the year.")
    period_end: dt.date = strawberry.field(
        description="Last day of the year: at the latest the business date, within 10 years."
    )
    revenue: MoneyInput = strawberry.field(description="Revenue of the year, 0 or more.")
    cost_of_sales: MoneyInput = strawberry.field(
        description="Cost of sales of the year, 0 or more."
    )
    profit: MoneyInput = strawberry.field(description="Profit of the year; a loss is negative.")
    inventory_opening: MoneyInput = strawberry.field(
        description="Inventory, at the opening; 0 or more."
    )
    inventory_closing: MoneyInput = strawberry.field(
        description="Inventory, at the closing; 0 or more."
    )
    receivables_opening: MoneyInput = strawberry.field(
        description="Accounts receivable, at the opening; 0 or more."
    )
    receivables_closing: MoneyInput = strawberry.field(
        description="Accounts receivable, at the closing; 0 or more."
    )
    prepayments_opening: MoneyInput = strawberry.field(
        description="Prepayments made, at the opening; 0 or more."
    )
    prepayments_closing: MoneyInput = strawberry.field(
        description="Prepayments made, at the closing; 0 or more."
    )
    payables_opening: MoneyInput = strawberry.field(
        description="Accounts payable, at the opening; 0 or more."
    )
    payables_closing: MoneyInput = strawberry.field(
        description="Accounts payable, at the closing; 0 or more."
    )
    advance_receipts_opening: MoneyInput = strawberry.field(
        description="Advance receipts from customers, at the opening; 0 or more."
    )
    advance_receipts_closing: MoneyInput = strawberry.field(
        description="Advance receipts from customers, at the closing; 0 or more."
    )
    current_assets: MoneyInput = strawberry.field(description="Current assets at the closing.")
    total_assets: MoneyInput = strawberry.field(
        description="All assets at the closing: liabilities plus equity."
    )
    current_liabilities: MoneyInput = strawberry.field(
        description="Current liabilities at the closing."
    )
    total_liabilities: MoneyInput = strawberry.field(description="All liabilities at the closing.")
    equity: MoneyInput = strawberry.field(
        description="Owner's equity at the closing; may be negative."
    )
    currency: str = strawberry.field(default="CNY", description="ISO 4217 code of the amounts.")


@strawberry.type(description="The statement recorded.")
class RecordFinancialStatementPayload(Payload):
    """Answer of `recordFinancialStatement`."""

    statement: FinancialStatement | None = strawberry.field(
        default=None, description="The statement."
    )


@strawberry.type
class StatementQueries:
    """Reading statements."""

    @strawberry.field(description="Financial statements of a borrower you may see, newest first.")
    async def financial_statements(
        self,
        info: Info,
        borrower_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the borrower.")
        ],
        first: First = PAGE_DEFAULT,
        after: After = None,
        all_versions: Annotated[
            bool,
            strawberry.argument(description="Whether versions since replaced are listed too."),
        ] = False,
    ) -> Connection[FinancialStatement]:
        borrower = row_id_of(borrower_id, "Borrower")
        where = [Condition("financial_statement.borrower_id = %s", (borrower,))]
        if not all_versions:
            where.append(LATEST_VERSION)
        return await STATEMENTS.page(info, first=first, after=after, where=where)


@strawberry.type
class StatementMutations:
    """Recording statements."""

    @strawberry.mutation(
        description="Record a borrower's statement of one year: the borrower itself or its "
        "relationship manager. Another one of the same last day is its next version."
    )
    async def record_financial_statement(
        self,
        info: Info,
        input: Annotated[
            RecordFinancialStatementInput,
            strawberry.argument(description="The statement to record."),
        ],
    ) -> RecordFinancialStatementPayload:
        effect = record_statement(
            actor=info.context.actor,
            key=input.idempotency_key,
            statement=StatementForm(
                borrower_id=row_id_of(input.borrower_id, "Borrower"),
                period_start=input.period_start,
                period_end=input.period_end,
                currency=input.currency,
                amounts=StatementAmounts(**{name: getattr(input, name) for name in AMOUNTS}),
            ),
        )
        return await answer(
            info, RecordFinancialStatementPayload, effect, statement="FinancialStatement"
        )
