"""Money that came in: receive a payment, find what lies in suspense."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node
from api.graphql.lending.loans import Loan
from api.graphql.lending.payment_files import PaymentFile, reasons_in
from api.graphql.nouns import Noun, column, computed, money, one
from api.graphql.payloads import Payload, answer
from api.graphql.scalars import Money, MoneyInput
from domain.actor import Actor
from domain.operations.lending.receive_payment import ReceivedPayment, receive_payment
from domain.operations.lending.take_incoming import PAYER_ACCOUNT
from domain.queries.business_date import business_date
from domain.queries.clear_text import clear_text
from domain.queries.lending.payment_sight import payments_in_sight
from domain.queries.lending.reconciliation import suspense_ageing
from domain.queries.select import Condition
from domain.rules.lending.payment_states import IncomingState
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number


def _account(actor: Actor, row: Mapping[str, Any]) -> str:
    if row["payer_account_cipher"] is None:
        return ""
    clear = clear_text(actor, row["payer_account_cipher"], column=PAYER_ACCOUNT)
    return clear or f"****{row['payer_account_tail']}"


@strawberry.type(description="Incoming payment (来款): once only by source and external reference.")
class IncomingPayment(Node):
    """A row of the incoming_payment table."""

    number: str = column(
        "id",
        "Human number, with a check digit.",
        read=lambda i: human_number(NumberKind.INCOMING_PAYMENT, i),
    )
    source: str = column("source", "The bank and account that reported it.")
    external_reference: str = column("external_reference", "The bank's reference.")
    state: IncomingState = column("state", "Where the money is.", read=IncomingState)
    currency: str = column("currency", "ISO 4217 code of the amount.")
    amount: Money = money("amount", "What came in.")
    value_date: dt.date = column("value_date", "The day for which it counts.")
    received_on: dt.date = column("received_on", "The business date on which it was taken.")
    settled_on: dt.date | None = column(
        "settled_on", "The business date on which it left suspense or went to its loan."
    )
    payer_name: str = column("payer_name", "Who paid; may be empty.")
    payer_account: str = computed(
        ("payer_account_cipher", "payer_account_tail"),
        "The account it came from: in clear for those whose work needs it; may be empty.",
        _account,
    )
    loan_number: str = column("loan_number", "The loan that the bank's own field names.")
    remittance: str = column("remittance", "What the payer wrote.")
    reasons: list[str] = computed(
        ("reasons",), "Why it went into suspense, in English.", reasons_in("en")
    )
    reasons_zh: list[str] = computed(
        ("reasons",), "Why it went into suspense, in Chinese.", reasons_in("zh")
    )
    created_at: dt.datetime = column("created_at", "When it was taken.")
    file: PaymentFile | None = one("file_id", "The file it came in, if it came by one.")
    matched_loan_number: str | None = column(
        "loan_id",
        "Number of the loan it went to, which may be another branch's.",
        read=lambda i: human_number(NumberKind.LOAN, i),
        null=True,
    )
    repayment_number: str | None = column(
        "repayment_id",
        "Number of the repayment it became.",
        read=lambda i: human_number(NumberKind.REPAYMENT, i),
        null=True,
    )


INCOMING = Noun(IncomingPayment, table="incoming_payment", sight=payments_in_sight)


@strawberry.input(description="Which incoming payments to list.")
class IncomingPaymentFilter:
    """Every given condition must hold."""

    state: IncomingState | None = strawberry.field(default=None, description="In this state.")
    source: str | None = strawberry.field(default=None, description="From this source.")
    external_reference: str | None = strawberry.field(
        default=None, description="With this reference."
    )
    received_by: dt.date | None = strawberry.field(
        default=None, description="Taken on this business date or before."
    )

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        given = {
            "incoming_payment.state = %s": self.state and str(self.state),
            "incoming_payment.source = %s": self.source,
            "incoming_payment.external_reference = %s": self.external_reference,
            "incoming_payment.received_on <= %s": self.received_by,
        }
        return [Condition(sql, (value,)) for sql, value in given.items() if value is not None]


@strawberry.type(description="Money in suspense of one age, in one currency.")
class SuspenseAge:
    """A :class:`~domain.rules.lending.reconciliation.AgeBucket`."""

    currency: str = strawberry.field(description="ISO 4217 code of the total.")
    days_from: int = strawberry.field(description="Least days since it came in.")
    days_to: int | None = strawberry.field(description="Most days; null: and more.")
    count: int = strawberry.field(description="How many payments.")
    total: Money = strawberry.field(description="What they come to.")


@strawberry.input(description="A payment that the bank reported.")
class ReceivePaymentInput:
    """The form of `receivePayment`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    source: str = strawberry.field(
        description="The bank and account that reports it, at most 60 characters."
    )
    external_reference: str = strawberry.field(
        description="The bank's reference, at most 100 characters, unique in the source."
    )
    amount: MoneyInput = strawberry.field(description="What came in, above zero.")
    currency: str = strawberry.field(description="ISO 4217 code of the amount.")
    value_date: dt.date = strawberry.field(
        description="The day for which it counts: the business date or before, within 10 years."
    )
    payer_name: str = strawberry.field(default="", description="Who paid, at most 200 characters.")
    payer_account: str = strawberry.field(
        default="", description="The account it came from, at most 40 characters."
    )
    loan_number: str = strawberry.field(
        default="", description="The loan it is for; empty: it is looked for in `remittance`."
    )
    remittance: str = strawberry.field(
        default="", description="What the payer wrote, at most 500 characters."
    )


@strawberry.type(description="The payment, taken now or before.")
class ReceivePaymentPayload(Payload):
    """Answer of `receivePayment`."""

    payment: IncomingPayment | None = strawberry.field(default=None, description="The payment.")
    loan: Loan | None = strawberry.field(default=None, description="The loan it went to.")


@strawberry.type
class IncomingPaymentQueries:
    """Reading what came in."""

    @strawberry.field(description="Incoming payments, newest first.")
    async def incoming_payments(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            IncomingPaymentFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[IncomingPayment]:
        where = filter.conditions() if filter else []
        return await INCOMING.page(info, first=first, after=after, where=where)

    @strawberry.field(description="What lies in suspense, by currency and age in days.")
    async def suspense_ageing(self) -> list[SuspenseAge]:
        return [
            SuspenseAge(
                currency=each.currency,
                days_from=each.days_from,
                days_to=each.days_to,
                count=each.count,
                total=Money(format_minor(each.total, each.currency)),
            )
            for each in await suspense_ageing(await business_date())
        ]


@strawberry.type
class IncomingPaymentMutations:
    """Taking what comes in."""

    @strawberry.mutation(
        description="Take a payment that the bank reported, once only by source and reference: "
        "for the loan that it names, or into suspense with the reason. A payment taken before is "
        "answered as it is now; with another amount it is refused."
    )
    async def receive_payment(
        self,
        info: Info,
        input: Annotated[ReceivePaymentInput, strawberry.argument(description="The payment.")],
    ) -> ReceivePaymentPayload:
        given = {name: value for name, value in vars(input).items() if name != "idempotency_key"}
        effect = receive_payment(
            actor=info.context.actor,
            key=input.idempotency_key,
            payment=ReceivedPayment(**given),
        )
        return await answer(
            info, ReceivePaymentPayload, effect, payment="IncomingPayment", loan="Loan"
        )
