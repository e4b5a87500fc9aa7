"""The statement of account (对账单) of a loan."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.connections import (
    PAGE_DEFAULT,
    After,
    Edge,
    First,
    Order,
    Page,
    PageInfo,
    connect,
)
from api.graphql.context import Info
from api.graphql.ids import row_id_of
from api.graphql.lending import books_enums  # noqa: F401 - describes the enums used here
from api.graphql.lookahead import selection
from api.graphql.scalars import Money
from domain.queries.lending.loan_statement import Line, Place, Standing
from domain.queries.lending.statement_of_account import Statement, statement_of
from domain.rules.lending.postings import Event
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number


@strawberry.type(description="What is owed on a loan by bucket, or how a transaction changed it.")
class LoanStanding:
    """Amounts in the loan's currency."""

    principal: Money = strawberry.field(description="Principal.")
    interest: Money = strawberry.field(description="Contract interest accrued and unpaid.")
    penalty: Money = strawberry.field(description="Penalty interest (罚息).")
    compound: Money = strawberry.field(description="Compound interest (复利).")
    fees: Money = strawberry.field(description="Fees and costs.")
    credit: Money = strawberry.field(
        description="Credit balance (溢缴款): what the lender owes the borrower."
    )
    owed: Money = strawberry.field(
        description="The sum of what is owed; the credit balance is not taken off."
    )


@strawberry.type(description="One transaction of a statement.")
class StatementLine:
    """A journal of the books, or accruals of a month that follow each other."""

    event: Event = strawberry.field(description="What happened.")
    detail: str = strawberry.field(
        description="Kind of the loan's event behind it, such as EXTENSION; empty where there is "
        "none."
    )
    reference: str = strawberry.field(
        description="The journal in the books; of accruals taken together, the first one's."
    )
    value_date: dt.date = strawberry.field(description="The day for which it counts.")
    through: dt.date = strawberry.field(
        description="Last day of accruals taken together; else the value date."
    )
    posting_date: dt.date = strawberry.field(description="The business date it was posted on.")
    money: Money = strawberry.field(description="What came in; below zero: what went out.")
    change: LoanStanding = strawberry.field(description="What it changed, by bucket.")
    balance: LoanStanding = strawberry.field(description="What was owed after it.")


@strawberry.type(description="A page of a loan's statement, with the period's balances.")
class LoanStatement:
    """A connection of lines that says what the period opened and closed with."""

    number: str = strawberry.field(description="The loan's number.")
    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    start: dt.date = strawberry.field(description="First posting date shown.")
    end: dt.date = strawberry.field(description="Last posting date shown.")
    opening: LoanStanding | None = strawberry.field(description="What was owed before the period.")
    closing: LoanStanding | None = strawberry.field(description="What was owed at its end.")
    edges: list[Edge[StatementLine]] = strawberry.field(
        description="The lines of the page, in the order of posting."
    )
    page_info: PageInfo = strawberry.field(description="Where the page stands in the statement.")
    total_count: int = strawberry.field(
        description="How many lines the whole statement has; counted only when selected."
    )


@strawberry.type
class LoanStatementQueries:
    """Reading statements of account."""

    @strawberry.field(
        description="The statement of account of a loan by posting date, from its disbursement to "
        "the business date unless a period is given; null when you may see no such loan. Running "
        "balances are right on every page."
    )
    async def loan_statement(
        self,
        info: Info,
        loan_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the loan.")
        ],
        start: Annotated[
            dt.date | None,
            strawberry.argument(name="from", description="First posting date."),
        ] = None,
        end: Annotated[
            dt.date | None, strawberry.argument(name="to", description="Last posting date.")
        ] = None,
        daily: Annotated[
            bool,
            strawberry.argument(description="Show each day's accrual as a line of its own."),
        ] = False,
        first: First = PAGE_DEFAULT,
        after: After = None,
    ) -> LoanStatement | None:
        statement = await statement_of(
            info.context.actor,
            row_id_of(loan_id, "Loan"),
            start=start,
            end=end,
            daily=daily,
        )
        if statement is None:
            return None
        return await _page(info, statement, first=first, after=after)


async def _page(
    info: Info, statement: Statement, *, first: int, after: str | None
) -> LoanStatement:
    wanted, currency = selection(info), statement.currency

    async def fetch(page: Page) -> list[Line]:
        place = None
        if page.after is not None:
            entry_id, event_id, *standing = page.after
            place = Place(entry_id, event_id, Standing(*standing))
        return await statement.page(after=place, limit=page.limit)

    async def total() -> int:
        return sum([1 async for _ in statement.lines()])

    # A cursor carries the standing at its place, so that a page need not add up those before it.
    period = f"{statement.loan_id}:{statement.start}:{statement.end}:{statement.daily}"
    page = await connect(
        info,
        first=first,
        after=after,
        order=Order(f"LoanStatement:{period}", (int,) * (2 + len(Standing._fields))),
        fetch=fetch,
        key=lambda line: (line.place.entry_id, line.place.event_id, *line.place.standing),
        node=lambda line: _line(line, currency),
        count=total,
    )
    return LoanStatement(
        number=human_number(NumberKind.LOAN, statement.loan_id),
        currency=currency,
        start=statement.start,
        end=statement.end,
        opening=_standing(await statement.opening(), currency) if "opening" in wanted else None,
        closing=_standing(await statement.closing(), currency) if "closing" in wanted else None,
        edges=page.edges,
        page_info=page.page_info,
        total_count=page.total_count,
    )


def _line(line: Line, currency: str) -> StatementLine:
    return StatementLine(
        event=line.event,
        detail=line.detail,
        reference=line.reference,
        value_date=line.value_date,
        through=line.through,
        posting_date=line.posting_date,
        money=Money(format_minor(line.money, currency)),
        change=_standing(line.moved, currency),
        balance=_standing(line.place.standing, currency),
    )


def _standing(standing: Standing, currency: str) -> LoanStanding:
    def shown(minor: int) -> Money:
        return Money(format_minor(minor, currency))

    return LoanStanding(
        principal=shown(standing.principal),
        interest=shown(standing.interest),
        penalty=shown(standing.penalty),
        compound=shown(standing.compound),
        fees=shown(standing.fees),
        credit=shown(standing.credit),
        owed=shown(standing.owed),
    )
