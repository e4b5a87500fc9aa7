"""A repayment that counts from a day further back than one person may say alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.changes.kinds.loan_case import about, loan_of, read_amount
from domain.operations.lending.account import open_loan
from domain.operations.lending.take_payment import Payer, PayerRole, take_payment
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.lending.servicing.events import Payment
from domain.rules.money import to_minor
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class BackdatedRepayment:
    """A payment of `amount`, in major units, that came in on `value_date`."""

    loan_id: int
    amount: Decimal
    currency: str
    value_date: dt.date
    payer_role: PayerRole = PayerRole.BORROWER
    payer_name: str = ""
    external_reference: str = ""


async def _validate(actor: Actor, asked: BackdatedRepayment) -> Proposal[BackdatedRepayment]:
    loan = await loan_of(actor, asked.loan_id)
    form = Form()
    read_amount(form, loan, asked.amount, asked.currency)
    today = await business_date()
    form.date("valueDate", asked.value_date, earliest=loan.start_date, latest=today)
    name = form.text("payerName", asked.payer_name, longest=200, needed=False)
    reference = form.text("externalReference", asked.external_reference, longest=100, needed=False)
    form.refuse()
    return about(
        loan,
        replace(asked, payer_name=name, external_reference=reference),
        en=f"a payment of {asked.amount} {asked.currency} counts from {asked.value_date}.",
        zh=f"还款 {asked.amount} {asked.currency}，自 {asked.value_date} 起计。",
    )


async def _apply(step: Step, actor: Actor, asked: BackdatedRepayment) -> Result:
    today, loan = await open_loan(actor, asked.loan_id)
    event = Payment(
        sequence=loan.next_sequence(),
        on=asked.value_date,
        amount=to_minor(asked.amount, asked.currency),
    )
    payer = Payer(role=asked.payer_role, name=asked.payer_name, reference=asked.external_reference)
    repayment_id = await take_payment(step, loan, event, actor=actor, payer=payer, today=today)
    return {"loan": loan.row.id, "repayment": repayment_id}


BACKDATED_REPAYMENT = Kind(
    name="BACKDATED_REPAYMENT",
    en="A repayment counts from an earlier day.",
    zh="倒起息还款",
    payload=BackdatedRepayment,
    propose=frozenset({Role.CASHIER, Role.ACCOUNTANT}),
    approve=frozenset({Role.ACCOUNTANT, Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
