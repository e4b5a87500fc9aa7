"""Receive one payment by API: on the loan that it names, or into suspense."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from domain.actor import Actor
from domain.encryption import blind_index
from domain.operations.lending.take_incoming import (
    PAYER_ACCOUNT,
    Incoming,
    LoanRefuses,
    sealed_account,
    take_incoming,
)
from domain.operations.perform import Done, Result, Step, perform
from domain.rules.form import Form
from domain.rules.lending.payment_line import (
    ACCOUNT_MAX,
    PAYER_MAX,
    REFERENCE_MAX,
    REMITTANCE_MAX,
)
from domain.rules.refusal import Problem

SOURCE_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPayment:
    """What the bank reported; `amount` in major units of `currency`."""

    source: str
    external_reference: str
    amount: Decimal
    currency: str
    value_date: dt.date
    payer_name: str = ""
    payer_account: str = ""
    loan_number: str = ""
    remittance: str = ""


async def receive_payment(*, actor: Actor, key: str, payment: ReceivedPayment) -> Done:
    """Take the payment once only by source and reference; a known one is answered as it is.

    A loan that takes no payment (closed, of another currency, out of sight) leaves the money in
    suspense with that reason. Result: `payment`, and `loan`, `repayment` when matched.
    Raises :class:`Refused`, also for a reference known with another amount.
    """

    async def take(suspend: Sequence[Problem]) -> Done:
        async def work(step: Step) -> Result:
            taken = await take_incoming(step, actor, _read(payment), suspend=suspend)
            result = {"payment": taken.payment_id}
            if taken.loan_id is not None and taken.repayment_id is not None:
                result |= {"loan": taken.loan_id, "repayment": taken.repayment_id}
            return result

        return await perform(
            actor=actor, action="receivePayment", key=key, arguments=arguments, work=work
        )

    arguments = asdict(payment)
    arguments["payer_account"] = blind_index(payment.payer_account, column=PAYER_ACCOUNT)
    try:
        return await take(())
    except LoanRefuses as refusal:
        return await take(refusal.problems)


def _read(payment: ReceivedPayment) -> Incoming:
    form = Form()
    source = form.text("source", payment.source, longest=SOURCE_MAX)
    reference = form.text("externalReference", payment.external_reference, longest=REFERENCE_MAX)
    currency = form.currency("currency", payment.currency)
    amount = form.money("amount", payment.amount, currency)
    payer = form.text("payerName", payment.payer_name, longest=PAYER_MAX, needed=False)
    account = form.text("payerAccount", payment.payer_account, longest=ACCOUNT_MAX, needed=False)
    number = form.text("loanNumber", payment.loan_number, longest=ACCOUNT_MAX, needed=False)
    note = form.text(
        "remittance", payment.remittance, longest=REMITTANCE_MAX, needed=False, lines=True
    )
    form.refuse()
    cipher, tail = sealed_account(account)
    return Incoming(
        source=source,
        external_reference=reference,
        currency=currency,
        amount=amount,
        value_date=payment.value_date,
        payer_name=payer,
        payer_account_cipher=cipher,
        payer_account_tail=tail,
        loan_number=number,
        remittance=note,
    )
