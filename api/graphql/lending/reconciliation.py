"""The day's reconciliation, for those who book and check."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.lending import payment_enums  # noqa: F401 - describes the enums
from api.graphql.scalars import Money
from domain.queries.lending.reconciliation import reconciliation
from domain.rules.lending.reconciliation import Difference, DifferenceKind, Held, SourceDay
from domain.rules.money import format_minor


@strawberry.type(
    description="One source's day in one currency: what the bank reported, by what "
    "became of it, and the cash that the books show for it."
)
class SourceReconciliation:
    """A :class:`~domain.rules.lending.reconciliation.SourceDay`."""

    source: str = strawberry.field(description="The bank and account.")
    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    file_lines: int = strawberry.field(description="Lines in the day's files.")
    file_total: Money = strawberry.field(description="What these lines come to.")
    api_total: Money = strawberry.field(description="What `receivePayment` took.")
    taken: Money = strawberry.field(description="What of both was taken.")
    duplicate: Money = strawberry.field(description="What had been taken before.")
    refused: Money = strawberry.field(description="What was refused.")
    waiting: Money = strawberry.field(description="What is not posted yet.")
    unexplained: Money = strawberry.field(
        description="What the files say was paid out or came back without an order of ours."
    )
    ledger: Money = strawberry.field(description="What the bank account shows for it.")


@strawberry.type(description="What an account or a file of orders holds, and should hold.")
class HeldReconciliation:
    """A :class:`~domain.rules.lending.reconciliation.Held`."""

    subject: str = strawberry.field(description="Code of the account, or number of the file.")
    currency: str = strawberry.field(description="ISO 4217 code of both amounts.")
    ledger: Money = strawberry.field(description="By the books, or by the file.")
    expected: Money = strawberry.field(description="By its payments or orders.")


@strawberry.type(description="An amount that the bank's side and the books do not share.")
class ReconciliationDifference:
    """A :class:`~domain.rules.lending.reconciliation.Difference`."""

    kind: DifferenceKind = strawberry.field(description="Why.")
    subject: str = strawberry.field(description="The source, account or file.")
    currency: str = strawberry.field(description="ISO 4217 code of the amount.")
    amount: Money = strawberry.field(description="How much; negative: the books have less.")
    open: bool = strawberry.field(description="Whether somebody has to do something.")
    message: str = strawberry.field(
        description="It in a sentence, in the language of Accept-Language (zh, en)."
    )


@strawberry.type(description="A business date of money in and out, held against the books.")
class Reconciliation:
    """What `reconciliation` answers."""

    date: dt.date = strawberry.field(description="The business date.")
    agrees: bool = strawberry.field(description="Whether no difference is open.")
    sources: list[SourceReconciliation] = strawberry.field(description="By source and currency.")
    accounts: list[HeldReconciliation] = strawberry.field(
        description="Suspense and clearing at the end of the day."
    )
    order_files: list[HeldReconciliation] = strawberry.field(
        description="Files of orders exported on the day."
    )
    differences: list[ReconciliationDifference] = strawberry.field(
        description="Everything that is not the same on both sides."
    )


@strawberry.type
class ReconciliationQueries:
    """Reconciling."""

    @strawberry.field(
        description="What the bank's files and orders say of a business date, held against the "
        "books, with each difference named."
    )
    async def reconciliation(
        self,
        info: Info,
        date: Annotated[dt.date, strawberry.argument(description="The business date.")],
    ) -> Reconciliation:
        found = await reconciliation(date)
        chinese = info.context.language == "zh"
        return Reconciliation(
            date=found.date,
            agrees=not any(each.open for each in found.differences),
            sources=[_source(each) for each in found.sources],
            accounts=[_held(each) for each in found.accounts],
            order_files=[_held(each) for each in found.order_files],
            differences=[_difference(each, chinese=chinese) for each in found.differences],
        )


def _source(day: SourceDay) -> SourceReconciliation:
    def shown(minor: int) -> Money:
        return Money(format_minor(minor, day.currency))

    return SourceReconciliation(
        source=day.source,
        currency=day.currency,
        file_lines=day.file_lines,
        file_total=shown(day.file_total),
        api_total=shown(day.api_total),
        taken=shown(day.taken),
        duplicate=shown(day.duplicate),
        refused=shown(day.refused),
        waiting=shown(day.waiting),
        unexplained=shown(day.unexplained),
        ledger=shown(day.ledger),
    )


def _held(held: Held) -> HeldReconciliation:
    return HeldReconciliation(
        subject=held.subject,
        currency=held.currency,
        ledger=Money(format_minor(held.ledger, held.currency)),
        expected=Money(format_minor(held.expected, held.currency)),
    )


def _difference(found: Difference, *, chinese: bool) -> ReconciliationDifference:
    return ReconciliationDifference(
        kind=found.kind,
        subject=found.subject,
        currency=found.currency,
        amount=Money(format_minor(found.amount, found.currency)),
        open=found.open,
        message=found.zh if chinese else found.en,
    )
