"""Repay a loan: what is due is settled in the product's order, the rest is kept as credit."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal

from domain.actor import Actor
from domain.models.lending.loan_rows import LoanRow, RevolvingFacility
from domain.models.lending.loan_terms import allocation_rule
from domain.operations.lending.account import LoanAccount, open_accounts
from domain.operations.lending.post import post
from domain.operations.lending.receive import Receipt, receive
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.queries.lending.loan_rows import lock_loan, lock_revolving_facility_of
from domain.rules.form import Form
from domain.rules.lending.allocation import AllocatedItem, allocate
from domain.rules.lending.debt import owed_now, payoff_items, unpaid_due_dates
from domain.rules.lending.overdue import days_past_due
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode
from domain.rules.states import require_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What came in; `amount` in major units of `currency` (the loan's when not given)."""

    loan_id: int
    amount: Decimal
    currency: str = ""
    payer_name: str = ""
    external_reference: str = ""


async def repay_loan(*, actor: Actor, key: str, payment: Payment) -> Done:
    """Settle what is due today; what is more becomes a credit balance that pays the next due item.

    Result: `loan`, `repayment`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        today, account, facility = await _lock(actor, payment.loan_id)
        amount, payer, reference = _read(payment, account.loan)
        debts = account.debts()
        allocation = allocate(
            payment=amount,
            owed=owed_now(debts, today=today),
            rule=allocation_rule(account.loan.allocation),
            days_past_due=days_past_due(
                business_date=today, unpaid_due_dates=unpaid_due_dates(debts, today=today)
            ),
        )
        receipt = Receipt(
            kind="REPAYMENT",
            amount=amount,
            items=allocation.items,
            credit_kept=allocation.credit,
            payer_name=payer,
            external_reference=reference,
        )
        repayment_id = await receive(
            step, account, receipt, actor=actor, facility=facility, today=today
        )
        return {"loan": account.loan.id, "repayment": repayment_id}

    return await perform(
        actor=actor, action="repayLoan", key=key, arguments=asdict(payment), work=work
    )


async def pay_off_loan(*, actor: Actor, key: str, payment: Payment) -> Done:
    """Close the loan today: everything due, all other principal, and interest accrued to today.

    The interest that the schedule foresaw for later days is no longer owed. A payment below the
    payoff amount is refused with that amount; what is above it is kept as credit.
    Result: `loan`, `repayment`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        today, account, facility = await _lock(actor, payment.loan_id)
        loan = account.loan
        amount, payer, reference = _read(payment, loan, zero=True)
        owed = payoff_items(account.debts(), today=today)
        total = sum(item.amount for item in owed)
        needed = max(total - loan.credit_balance, 0)
        if amount < needed:
            _refuse_short(needed, amount, loan.currency)
        for row in account.installments:
            if row.due_date > today and row.interest != row.interest_accrued:
                row.interest = row.interest_accrued
                account.touched[row.number] = row
        credit_used = total - min(amount, total)
        receipt = Receipt(
            kind="PAYOFF",
            amount=amount,
            items=tuple(AllocatedItem(item.installment, item.bucket, item.amount) for item in owed),
            credit_used=credit_used,
            credit_kept=amount + credit_used - total,
            payer_name=payer,
            external_reference=reference,
        )
        repayment_id = await receive(
            step, account, receipt, actor=actor, facility=facility, today=today
        )
        return {"loan": loan.id, "repayment": repayment_id}

    return await perform(
        actor=actor, action="payOffLoan", key=key, arguments=asdict(payment), work=work
    )


async def _lock(
    actor: Actor, loan_id: int
) -> tuple[dt.date, LoanAccount, RevolvingFacility | None]:
    """Lock in the one order: business date, revolving facility, loan. Accrue up to today."""
    today = await held_business_date()
    facility = await lock_revolving_facility_of(actor, loan_id)
    loan = await lock_loan(actor, loan_id)
    require_state(LOAN, LoanState(loan.state), LoanState.ACTIVE)
    (account,) = await open_accounts([loan], on=today)
    await post(account.accrue_to(today, posting_date=today))
    return today, account, facility


def _read(payment: Payment, loan: LoanRow, *, zero: bool = False) -> tuple[int, str, str]:
    """Return amount, payer and reference; `zero` where a credit balance may pay for all."""
    form = Form()
    if payment.currency and payment.currency != loan.currency:
        form.add(
            ErrorCode.CURRENCY_MISMATCH,
            "currency",
            f"This loan is in {loan.currency}; a payment in {payment.currency} is refused. "
            f"Exchange it first.",
            f"该借据币种为 {loan.currency}，不接受 {payment.currency} 还款，请先兑换。",
        )
    amount = form.money("amount", payment.amount, loan.currency, zero=zero)
    payer = form.text("payerName", payment.payer_name, longest=200, needed=False)
    reference = form.text(
        "externalReference", payment.external_reference, longest=100, needed=False
    )
    form.refuse()
    return amount, payer, reference


def _refuse_short(needed: int, amount: int, currency: str) -> None:
    full, given = format_minor(needed, currency), format_minor(amount, currency)
    form = Form()
    form.add(
        ErrorCode.OUT_OF_RANGE,
        "amount",
        f"Closing this loan today takes {full} {currency}; {given} is not enough. "
        "Pay that amount, or use repayLoan for a part.",
        f"今日结清该借据需 {full} {currency}，{given} 不足；请足额支付，或用 repayLoan 部分还款。",
    )
    form.refuse()
