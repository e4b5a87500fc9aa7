"""Export payment orders to the bank: each once, in a file whose text is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from domain.actor import Actor
from domain.db import execute, for_update, in_list, insert, rows
from domain.encryption import decrypt, encrypt
from domain.operations.clock import now
from domain.operations.lending.order_payment import ORDER_ACCOUNT, own_account_of
from domain.operations.perform import Done, Result, Step, perform
from domain.payment_files.orders import OrderFileHead, OrderLine, write_orders
from domain.queries.business_date import held_business_date
from domain.queries.lending.payment_sight import orders_in_sight
from domain.rules.form import Form
from domain.rules.lending.payment_states import (
    ORDER,
    ORDER_MOVES,
    OrderFormat,
    OrderPurpose,
    OrderState,
)
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode
from domain.rules.states import move
from domain.settings import get_settings

ORDERS_MAX = 5_000
FILE_TEXT = "payment_order_file.text"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExport:
    """Which orders: all of the currency that wait, the first `limit` of them."""

    format: OrderFormat
    currency: str
    limit: int = ORDERS_MAX


async def export_orders(*, actor: Actor, key: str, export: OrderExport) -> Done:
    """Write the CREATED orders of a currency into a file and move them to EXPORTED.

    An order without a payee's account waits until one is registered. Result: `file`. Raises
    :class:`Refused`, also when no order waits.
    """

    async def work(step: Step) -> Result:
        form = Form()
        form.currency("currency", export.currency)
        form.whole("limit", export.limit, least=1, most=ORDERS_MAX)
        form.refuse()
        today = await held_business_date()
        orders = await _lock_waiting(actor, export, today=today)
        if not orders:
            form.add(
                ErrorCode.NOT_FOUND,
                "currency",
                f"No payment order in {export.currency} with a payee's account waits.",
                f"没有待导出且已有收款账号的 {export.currency} 付款指令。",
            )
        if export.format is OrderFormat.PAIN_001 and not get_settings().payment_account:
            form.add(
                ErrorCode.UNAVAILABLE,
                "format",
                "The account that orders are paid from is not set: set LIUDAI_PAYMENT_ACCOUNT.",
                "未设置付款账号，请设置 LIUDAI_PAYMENT_ACCOUNT。",
            )
        form.refuse()
        file_id = await _write_file(actor, export, orders, today=today)
        await _mark(step, orders, file_id, today=today)
        return {"file": file_id}

    return await perform(
        actor=actor,
        action="exportPaymentOrders",
        key=key,
        arguments={
            "format": export.format,
            "currency": export.currency,
            "limit": export.limit,
        },
        work=work,
    )


async def _lock_waiting(
    actor: Actor, export: OrderExport, *, today: dt.date
) -> list[dict[str, Any]]:
    """Return the orders that wait and have an account, locked; one that has none yet is given the
    borrower's, if it has been approved since."""
    condition, values = orders_in_sight(actor, table="payment_order")
    found = await rows(
        "SELECT id, purpose, borrower_id, amount, payee_name, payee_account_cipher, remittance "
        f"FROM payment_order WHERE state = %s AND currency = %s AND ({condition}) "
        "ORDER BY id LIMIT %s" + for_update(),
        [OrderState.CREATED, export.currency, *values, export.limit],
    )
    for order in found:
        if order["payee_account_cipher"] is None and order["purpose"] == OrderPurpose.DISBURSEMENT:
            await _complete(order, today=today)
    return [order for order in found if order["payee_account_cipher"] is not None]


async def _complete(order: dict[str, Any], *, today: dt.date) -> None:
    name, account = await own_account_of(order["borrower_id"], today=today)
    if not account:
        return
    order["payee_name"] = name
    order["payee_account_cipher"] = encrypt(account, column=ORDER_ACCOUNT)
    await execute(
        "UPDATE payment_order SET payee_name = %s, payee_account_cipher = %s, "
        "payee_account_tail = %s WHERE id = %s",
        [name, order["payee_account_cipher"], account[-4:], order["id"]],
    )


async def _write_file(
    actor: Actor, export: OrderExport, orders: list[dict[str, Any]], *, today: dt.date
) -> int:
    at, settings = now(), get_settings()
    file_id = await insert(
        "payment_order_file",
        {
            "format": export.format,
            "currency": export.currency,
            "order_count": len(orders),
            "total": sum(order["amount"] for order in orders),
            "sha256": "",
            "text_cipher": "",
            "exported_on": today,
            "exported_by_id": actor.id,
            "created_at": at,
        },
    )
    text = write_orders(
        export.format,
        OrderFileHead(
            number=human_number(NumberKind.PAYMENT_ORDER_FILE, file_id),
            currency=export.currency,
            created_at=at,
            execution_date=today,
            debtor_name=settings.payment_account_name,
            debtor_account=settings.payment_account,
        ),
        [
            OrderLine(
                number=human_number(NumberKind.PAYMENT_ORDER, order["id"]),
                amount=order["amount"],
                payee_name=order["payee_name"],
                payee_account=decrypt(order["payee_account_cipher"], column=ORDER_ACCOUNT),
                remittance=order["remittance"],
            )
            for order in orders
        ],
    )
    await execute(
        "UPDATE payment_order_file SET sha256 = %s, text_cipher = %s WHERE id = %s",
        [
            hashlib.sha256(text.encode()).hexdigest(),
            encrypt(text, column=FILE_TEXT),
            file_id,
        ],
    )
    return file_id


async def _mark(step: Step, orders: list[dict[str, Any]], file_id: int, *, today: dt.date) -> None:
    move(ORDER_MOVES, ORDER, OrderState.CREATED, OrderState.EXPORTED)
    ids = [order["id"] for order in orders]
    await execute(
        "UPDATE payment_order SET state = %s, file_id = %s, exported_on = %s "
        f"WHERE id IN {in_list(ids)}",
        [OrderState.EXPORTED, file_id, today, *ids],
    )
    for order_id in ids:
        step.changed(
            "PaymentOrder",
            order_id,
            before={"state": OrderState.CREATED},
            after={"state": OrderState.EXPORTED, "file": file_id},
            event="payment_order.exported",
        )
    step.changed(
        "PaymentOrderFile", file_id, after={"orders": len(ids)}, event="payment_orders.exported"
    )
