"""Money that came in by the bank, taken for a loan inside a running transaction."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.models.lending.loan_terms import allocation_rule
from domain.operations.lending.account import open_accounts
from domain.operations.lending.cash_journal import move_cash
from domain.operations.lending.post import post
from domain.operations.lending.receive import Receipt, receive
from domain.operations.perform import Step
from domain.queries.lending.loan_rows import lock_loan, lock_revolving_facility_of
from domain.rules.lending.allocation import allocate
from domain.rules.lending.debt import owed_now, unpaid_due_dates
from domain.rules.lending.overdue import days_past_due
from domain.rules.lending.postings import Account, Event
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.states import require_state


async def pay_loan(
    step: Step,
    actor: Actor,
    *,
    loan_id: int,
    currency: str,
    amount: int,
    value_date: dt.date,
    payer_name: str,
    external_reference: str,
    today: dt.date,
    cash: Account = Account.BANK,
) -> int:
    """Settle what is due with `amount` minor units, debited to `cash`; the rest becomes a credit
    balance.

    Returns the id of the repayment. Raises :class:`Refused` when the loan takes no such payment.
    """
    facility = await lock_revolving_facility_of(actor, loan_id)
    loan = await lock_loan(actor, loan_id)
    require_state(LOAN, LoanState(loan.state), LoanState.ACTIVE)
    if loan.currency != currency:
        raise Refused(
            [
                Problem(
                    ErrorCode.CURRENCY_MISMATCH,
                    ("currency",),
                    f"The loan is in {loan.currency}, the payment in {currency}.",
                    f"借据币种为 {loan.currency}，来款币种为 {currency}。",
                )
            ]
        )
    (account,) = await open_accounts([loan], on=today)
    await post(account.accrue_to(today, posting_date=today))
    debts = account.debts()
    allocation = allocate(
        payment=amount,
        owed=owed_now(debts, today=today),
        rule=allocation_rule(loan.allocation),
        days_past_due=days_past_due(
            business_date=today, unpaid_due_dates=unpaid_due_dates(debts, today=today)
        ),
    )
    receipt = Receipt(
        kind="REPAYMENT",
        amount=amount,
        items=allocation.items,
        credit_kept=allocation.credit,
        payer_name=payer_name,
        external_reference=external_reference,
    )
    repayment_id = await receive(
        step, account, receipt, actor=actor, facility=facility, today=today
    )
    if cash is not Account.BANK:
        await move_cash(
            journal=f"cash:{repayment_id}",
            event=Event.SUSPENSE,
            currency=currency,
            amounts={cash: amount, Account.BANK: -amount},
            value_date=value_date,
            today=today,
        )
    return repayment_id
