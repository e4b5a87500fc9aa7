"""Ordering the bank to pay: the order begins to exist in the transaction of what it pays for.

Until the bank has confirmed it, the money lies in clearing: no longer where it came from, and not
yet gone from the bank.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor
from domain.db import insert, rows
from domain.encryption import decrypt, encrypt
from domain.models.lending.contract import Disbursement, Drawdown
from domain.models.lending.loan import Loan
from domain.operations.clock import now
from domain.operations.lending.cash_journal import move_cash
from domain.operations.lending.request_drawdown import PAYEE_ACCOUNT
from domain.operations.perform import Step
from domain.rules.lending.bank_account import BankAccountState
from domain.rules.lending.payment_states import OrderPurpose, OrderState
from domain.rules.lending.postings import Account, Event
from domain.rules.numbers import NumberKind, human_number

ORDER_ACCOUNT = "payment_order.payee_account"
BANK_ACCOUNT = "bank_account.number"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What to pay: `amount` in minor units, taken from `from_account` into clearing; a
    disbursement's is there already. `payee_account` is empty where none is known yet."""

    purpose: OrderPurpose
    currency: str
    amount: int
    payee_name: str
    payee_account: str
    remittance: str
    from_account: Account | None = None
    disbursement_id: int | None = None
    loan_id: int | None = None
    incoming_payment_id: int | None = None
    branch_id: int | None = None
    borrower_id: int | None = None


async def create_order(step: Step, actor: Actor, order: NewOrder, *, today: dt.date) -> int:
    """Write the order as CREATED, and move its money into clearing; return its id."""
    account = order.payee_account
    order_id = await insert(
        "payment_order",
        {
            "purpose": order.purpose,
            "state": OrderState.CREATED,
            "disbursement_id": order.disbursement_id,
            "loan_id": order.loan_id,
            "incoming_payment_id": order.incoming_payment_id,
            "branch_id": order.branch_id,
            "borrower_id": order.borrower_id,
            "currency": order.currency,
            "amount": order.amount,
            "payee_name": order.payee_name,
            "payee_account_cipher": encrypt(account, column=ORDER_ACCOUNT) if account else None,
            "payee_account_tail": account[-4:] if len(account) > 5 else "",
            "remittance": order.remittance,
            "bank_reference": "",
            "bounce_reason": "",
            "created_on": today,
            "created_by_id": actor.id,
            "created_at": now(),
        },
    )
    if order.from_account is not None:
        await move_cash(
            journal=f"order:{order_id}",
            event=Event.SUSPENSE,
            currency=order.currency,
            amounts={
                order.from_account: order.amount,
                Account.DISBURSEMENT_CLEARING: -order.amount,
            },
            value_date=today,
            today=today,
        )
    step.changed(
        "PaymentOrder",
        order_id,
        after={
            "state": OrderState.CREATED,
            "purpose": order.purpose,
            "amount": order.amount,
            "currency": order.currency,
        },
        event="payment_order.created",
    )
    return order_id


async def order_disbursement(
    step: Step, actor: Actor, disbursement: Disbursement, drawdown: Drawdown, loan: Loan
) -> int:
    """Order what was disbursed to be paid: to the named payee, or to the borrower's own account,
    where one is registered. Returns the order's id."""
    name, account = drawdown.payee_name, ""
    if drawdown.payee_account_cipher and drawdown.payee_account_tail:
        account = decrypt(drawdown.payee_account_cipher, column=PAYEE_ACCOUNT)
    if not account or not name:
        own_name, own_account = await own_account_of(
            drawdown.borrower_id, today=disbursement.value_date
        )
        name, account = name or own_name, account or own_account
    return await create_order(
        step,
        actor,
        NewOrder(
            purpose=OrderPurpose.DISBURSEMENT,
            disbursement_id=disbursement.id,
            loan_id=loan.id,
            branch_id=loan.branch_id,
            borrower_id=loan.borrower_id,
            currency=disbursement.currency,
            amount=disbursement.amount,
            payee_name=name,
            payee_account=account,
            remittance=human_number(NumberKind.LOAN, loan.id),
        ),
        today=disbursement.value_date,
    )


async def own_account_of(borrower_id: int, *, today: dt.date) -> tuple[str, str]:
    """Return holder and number of the borrower's account that was approved last and may be paid to
    already; the borrower's name and an empty number where there is none."""
    found = await rows(
        "SELECT account_name, number_cipher FROM bank_account WHERE borrower_id = %s "
        "AND state = %s AND usable_from <= %s ORDER BY id DESC LIMIT 1",
        [borrower_id, BankAccountState.APPROVED, today],
    )
    if found:
        number = decrypt(found[0]["number_cipher"], column=BANK_ACCOUNT)
        return found[0]["account_name"], number
    borrower = await rows("SELECT name FROM borrower WHERE id = %s", [borrower_id])
    return borrower[0]["name"], ""
