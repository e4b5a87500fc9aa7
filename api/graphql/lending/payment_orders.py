"""Orders to the bank: list them, export them, record what the bank says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lending import payment_enums  # noqa: F401 - describes the enums
from api.graphql.lending.loans import Loan
from api.graphql.nouns import Noun, column, computed, money, one
from api.graphql.payloads import Payload, answer
from api.graphql.scalars import Money
from domain.actor import Actor
from domain.operations.lending.export_orders import (
    FILE_TEXT,
    ORDERS_MAX,
    OrderExport,
    export_orders,
)
from domain.operations.lending.order_payment import ORDER_ACCOUNT
from domain.operations.lending.settle_order import bounce_order, confirm_order
from domain.queries.clear_text import clear_text
from domain.queries.lending.payment_sight import order_files_in_sight, orders_in_sight
from domain.queries.select import Condition
from domain.rules.lending.payment_states import OrderFormat, OrderPurpose, OrderState
from domain.rules.numbers import NumberKind, human_number


def _account(actor: Actor, row: Mapping[str, Any]) -> str:
    if row["payee_account_cipher"] is None:
        return ""
    clear = clear_text(actor, row["payee_account_cipher"], column=ORDER_ACCOUNT)
    return clear or f"****{row['payee_account_tail']}"


@strawberry.type(description="File of exported orders, as the bank gets it.")
class PaymentOrderFile(Node):
    """A row of the payment_order_file table."""

    number: str = column(
        "id",
        "Human number, with a check digit; the message id of a pain.001.",
        read=lambda i: human_number(NumberKind.PAYMENT_ORDER_FILE, i),
    )
    format: OrderFormat = column("format", "How it is written.", read=OrderFormat)
    currency: str = column("currency", "ISO 4217 code of its orders.")
    order_count: int = column("order_count", "How many orders it holds.")
    total: Money = money("total", "What they come to.")
    sha256: str = column("sha256", "Hash of its text in UTF-8.")
    text: str | None = computed(
        ("text_cipher",),
        "Its text, for those whose work needs account numbers in clear; else null.",
        lambda actor, row: clear_text(actor, row["text_cipher"], column=FILE_TEXT),
    )
    exported_on: dt.date = column("exported_on", "The business date of the export.")
    created_at: dt.datetime = column("created_at", "When it was written.")


@strawberry.type(description="Payment order (付款指令): what the bank is to pay.")
class PaymentOrder(Node):
    """A row of the payment_order table."""

    number: str = column(
        "id",
        "Human number, with a check digit, by which the bank names it too.",
        read=lambda i: human_number(NumberKind.PAYMENT_ORDER, i),
    )
    purpose: OrderPurpose = column("purpose", "What it pays for.", read=OrderPurpose)
    state: OrderState = column("state", "Its state.", read=OrderState)
    currency: str = column("currency", "ISO 4217 code of the amount.")
    amount: Money = money("amount", "What is to be paid.")
    payee_name: str = column("payee_name", "Whom to pay.")
    payee_account: str = computed(
        ("payee_account_cipher", "payee_account_tail"),
        "Where to: in clear for those whose work needs it. Empty: none is registered yet, so the "
        "order is not exported.",
        _account,
    )
    remittance: str = column("remittance", "What the payee is told.")
    bank_reference: str = column("bank_reference", "The bank's reference, once it was made.")
    bounce_reason: str = column("bounce_reason", "Why it came back.")
    created_on: dt.date = column("created_on", "The business date of the order.")
    exported_on: dt.date | None = column("exported_on", "The business date of its export.")
    confirmed_on: dt.date | None = column("confirmed_on", "When the bank had made it.")
    bounced_on: dt.date | None = column("bounced_on", "When it had come back.")
    file: PaymentOrderFile | None = one("file_id", "The file it was exported in.")
    loan: Loan | None = one("loan_id", "The loan it disburses.")


ORDER_FILES = Noun(PaymentOrderFile, table="payment_order_file", sight=order_files_in_sight)
ORDERS = Noun(PaymentOrder, table="payment_order", sight=orders_in_sight)


@strawberry.input(description="Which payment orders to list.")
class PaymentOrderFilter:
    """Every given condition must hold."""

    state: OrderState | None = strawberry.field(default=None, description="In this state.")
    purpose: OrderPurpose | None = strawberry.field(default=None, description="For this purpose.")
    loan_id: strawberry.ID | None = strawberry.field(default=None, description="Of this loan.")
    file_id: strawberry.ID | None = strawberry.field(
        default=None, description="Exported in this file."
    )

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        given = {
            "payment_order.state = %s": self.state and str(self.state),
            "payment_order.purpose = %s": self.purpose and str(self.purpose),
            "payment_order.loan_id = %s": self.loan_id and row_id_of(self.loan_id, "Loan"),
            "payment_order.file_id = %s": self.file_id
            and row_id_of(self.file_id, "PaymentOrderFile"),
        }
        return [Condition(sql, (value,)) for sql, value in given.items() if value is not None]


@strawberry.input(description="Which orders to export.")
class ExportPaymentOrdersInput:
    """The form of `exportPaymentOrders`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    format: OrderFormat = strawberry.field(description="How to write them.")
    currency: str = strawberry.field(description="ISO 4217 code: a file holds one currency.")
    limit: int = strawberry.field(
        default=ORDERS_MAX, description="At most so many orders, the oldest first."
    )


@strawberry.type(description="The file that was written.")
class ExportPaymentOrdersPayload(Payload):
    """Answer of `exportPaymentOrders`."""

    file: PaymentOrderFile | None = strawberry.field(default=None, description="The file.")


@strawberry.input(description="An order that the bank has made.")
class ConfirmPaymentOrderInput:
    """The form of `confirmPaymentOrder`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    order_id: strawberry.ID = strawberry.field(description="Global id of the order.")
    bank_reference: str = strawberry.field(
        description="The bank's reference, at most 100 characters."
    )


@strawberry.type(description="The order that was confirmed.")
class ConfirmPaymentOrderPayload(Payload):
    """Answer of `confirmPaymentOrder`."""

    order: PaymentOrder | None = strawberry.field(default=None, description="The order.")


@strawberry.input(description="An order whose money came back.")
class BouncePaymentOrderInput:
    """The form of `bouncePaymentOrder`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    order_id: strawberry.ID = strawberry.field(description="Global id of the order.")
    reason: str = strawberry.field(description="Why, as the bank says; at most 200 characters.")


@strawberry.type(description="The order that bounced, and the loan that was cancelled with it.")
class BouncePaymentOrderPayload(Payload):
    """Answer of `bouncePaymentOrder`."""

    order: PaymentOrder | None = strawberry.field(default=None, description="The order.")
    loan: Loan | None = strawberry.field(default=None, description="The loan it disbursed.")


@strawberry.type
class PaymentOrderQueries:
    """Reading orders."""

    @strawberry.field(description="Orders to the bank that you may see, newest first.")
    async def payment_orders(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            PaymentOrderFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[PaymentOrder]:
        where = filter.conditions() if filter else []
        return await ORDERS.page(info, first=first, after=after, where=where)

    @strawberry.field(description="Files of exported orders that you may see, newest first.")
    async def payment_order_files(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[PaymentOrderFile]:
        return await ORDER_FILES.page(info, first=first, after=after)


@strawberry.type
class PaymentOrderMutations:
    """Money out."""

    @strawberry.mutation(
        description="Write the orders that wait into a file for the bank, each order once. The "
        "text is kept: `paymentOrderFiles` gives it again."
    )
    async def export_payment_orders(
        self,
        info: Info,
        input: Annotated[
            ExportPaymentOrdersInput, strawberry.argument(description="Which to export.")
        ],
    ) -> ExportPaymentOrdersPayload:
        export = OrderExport(format=input.format, currency=input.currency, limit=input.limit)
        effect = export_orders(actor=info.context.actor, key=input.idempotency_key, export=export)
        return await answer(info, ExportPaymentOrdersPayload, effect, file="PaymentOrderFile")

    @strawberry.mutation(description="Record that the bank has made an exported payment.")
    async def confirm_payment_order(
        self,
        info: Info,
        input: Annotated[
            ConfirmPaymentOrderInput, strawberry.argument(description="What the bank said.")
        ],
    ) -> ConfirmPaymentOrderPayload:
        effect = confirm_order(
            actor=info.context.actor,
            key=input.idempotency_key,
            order_id=row_id_of(input.order_id, "PaymentOrder"),
            bank_reference=input.bank_reference,
        )
        return await answer(info, ConfirmPaymentOrderPayload, effect, order="PaymentOrder")

    @strawberry.mutation(
        description="Record that an exported payment came back. A disbursement is reversed: its "
        "loan is cancelled and the limit freed, which is refused once the loan has repayments. "
        "A refund, and money on its way back, then lie in suspense."
    )
    async def bounce_payment_order(
        self,
        info: Info,
        input: Annotated[
            BouncePaymentOrderInput, strawberry.argument(description="What the bank said.")
        ],
    ) -> BouncePaymentOrderPayload:
        effect = bounce_order(
            actor=info.context.actor,
            key=input.idempotency_key,
            order_id=row_id_of(input.order_id, "PaymentOrder"),
            reason=input.reason,
        )
        return await answer(
            info, BouncePaymentOrderPayload, effect, order="PaymentOrder", loan="Loan"
        )
