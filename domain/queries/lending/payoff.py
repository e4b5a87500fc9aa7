"""What closing a loan takes today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor
from domain.models.lending.loan_terms import installment_debt
from domain.queries.business_date import business_date
from domain.queries.lending.find import find_loan
from domain.queries.lending.loan_rows import open_installments
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.debt import payoff_items
from domain.rules.lending.postings import Parts
from domain.rules.lending.states import LoanState
from domain.rules.refusal import Refused


@dataclass(frozen=True, slots=True)
class Payoff:
    """The parts, the credit balance taken off, and what remains to pay; minor units."""

    business_date: dt.date
    currency: str
    parts: Parts
    credit: int
    total: int


async def payoff_quote(actor: Actor, loan_id: int) -> Payoff | None:
    """Return the payoff of an ACTIVE loan at the business date, or None if there is none to see."""
    today = await business_date()
    try:
        loan = await find_loan(actor, loan_id)
    except Refused:
        return None
    if loan.state != LoanState.ACTIVE:
        return None
    rows = (await open_installments([loan.id]))[loan.id]
    items = payoff_items([installment_debt(row) for row in rows], today=today)

    def of(bucket: Bucket) -> int:
        return sum(item.amount for item in items if item.bucket is bucket)

    parts = Parts(
        principal=of(Bucket.PRINCIPAL),
        interest=of(Bucket.INTEREST),
        penalty=of(Bucket.PENALTY),
        compound=of(Bucket.COMPOUND),
    )
    credit = min(loan.credit_balance, parts.total)
    return Payoff(today, loan.currency, parts, credit, parts.total - credit)
