"""Money that came in by the bank, taken for a loan inside a running transaction."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.operations.lending.account import open_loan
from domain.operations.lending.repay_loan import backdating_problems
from domain.operations.lending.take_payment import Payer, take_payment
from domain.operations.perform import Step
from domain.rules.lending.postings import Account
from domain.rules.lending.servicing.events import Payment
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if


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
    cash: Account = Account.BANK,
) -> int:
    """Settle what is due as of `value_date` with `amount` minor units, debited to `cash`; the rest
    becomes a credit balance.

    From the bank it counts as far back as one person may date a payment; from suspense, where a
    second person has looked at it, as far as the loan's start. Returns the id of the repayment.
    Raises :class:`Refused` when the loan takes no such payment.
    """
    today, loan = await open_loan(actor, loan_id)
    if loan.row.currency != currency:
        raise Refused([_other_currency(loan.row.currency, currency)])
    on = min(value_date, today)
    if cash is Account.SUSPENSE:
        on = max(on, loan.row.start_date)
    else:
        refuse_if(await backdating_problems(loan.row, on, today=today))
    return await take_payment(
        step,
        loan,
        Payment(sequence=loan.next_sequence(), on=on, amount=amount),
        actor=actor,
        payer=Payer(name=payer_name, reference=external_reference),
        today=today,
        cash=cash,
    )


def _other_currency(loan: str, payment: str) -> Problem:
    return Problem(
        ErrorCode.CURRENCY_MISMATCH,
        ("currency",),
        f"The loan is in {loan}, the payment in {payment}.",
        f"借据币种为 {loan}，来款币种为 {payment}。",
    )
