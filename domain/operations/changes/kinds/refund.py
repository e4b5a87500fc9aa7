"""退还溢缴款: a credit balance is paid back, to an approved bank account of the borrower."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.encryption import decrypt
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.changes.kinds.loan_case import about, loan_of, read_amount
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import do_event
from domain.operations.lending.order_payment import BANK_ACCOUNT, NewOrder, create_order
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.queries.lending.bank_accounts import find_bank_account
from domain.rules.form import Form
from domain.rules.lending.bank_account import BankAccountState, refuse_unusable
from domain.rules.lending.payment_states import OrderPurpose
from domain.rules.lending.postings import Account
from domain.rules.lending.servicing.events import Refund
from domain.rules.money import to_minor
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRefund:
    """How much goes back, in major units, and to which account; its tail is filled in."""

    loan_id: int
    amount: Decimal
    currency: str
    bank_account_id: int
    reason: str
    number_tail: str = ""


async def _validate(actor: Actor, asked: CreditRefund) -> Proposal[CreditRefund]:
    loan = await loan_of(actor, asked.loan_id)
    form = Form()
    read_amount(form, loan, asked.amount, asked.currency)
    reason = form.text("reason", asked.reason, longest=500)
    account = await find_bank_account(actor, asked.bank_account_id)
    if account.borrower_id != loan.borrower_id:
        form.add(
            ErrorCode.INVALID_VALUE,
            "bankAccountId",
            "This is the account of another borrower. Choose one of the borrower's own.",
            "该账户属于其他借款人，请选择借款人本人的账户。",
        )
    form.refuse()
    refuse_unusable(
        BankAccountState(account.state),
        account.usable_from,
        today=await business_date(),
        path="bankAccountId",
    )
    return about(
        loan,
        replace(asked, reason=reason, number_tail=account.number_tail),
        en=f"refund {asked.amount} {asked.currency} to ****{account.number_tail}. {reason}",
        zh=f"退还溢缴款 {asked.amount} {asked.currency} 至 ****{account.number_tail}。{reason}",
    )


async def _apply(step: Step, actor: Actor, asked: CreditRefund) -> Result:
    today, loan = await open_loan(actor, asked.loan_id)
    event = Refund(
        sequence=loan.next_sequence(), on=today, amount=to_minor(asked.amount, asked.currency)
    )
    event_id = await do_event(
        step, loan, event, actor=actor, today=today, reason=asked.reason, outbox="loan.refunded"
    )
    account = await find_bank_account(actor, asked.bank_account_id)
    order_id = await create_order(
        step,
        actor,
        NewOrder(
            purpose=OrderPurpose.REFUND,
            loan_id=loan.row.id,
            branch_id=loan.row.branch_id,
            borrower_id=loan.row.borrower_id,
            currency=asked.currency,
            amount=event.amount,
            payee_name=account.account_name,
            payee_account=decrypt(account.number_cipher, column=BANK_ACCOUNT),
            remittance=human_number(NumberKind.LOAN, loan.row.id),
            from_account=Account.BANK,
        ),
        today=today,
    )
    return {"loan": loan.row.id, "loan_history_event": event_id, "payment_order": order_id}


REFUND = Kind(
    name="REFUND",
    en="A credit balance is paid back.",
    zh="溢缴款退还",
    payload=CreditRefund,
    propose=frozenset({Role.CASHIER, Role.RELATIONSHIP_MANAGER}),
    approve=frozenset({Role.ACCOUNTANT}),
    validate=_validate,
    apply=_apply,
)
