"""What closing a loan takes, on the business date or a later day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor
from domain.models.lending.loan_account import loan_account
from domain.queries.business_date import business_date
from domain.queries.lending.loan_rows import (
    allocations_of,
    charges_of,
    installments_of,
    see_loan,
    vat_rates,
)
from domain.rules.form import Form
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.postings import Parts
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.settle import owed_to_close
from domain.rules.lending.states import LoanState
from domain.rules.refusal import Refused

DAYS_AHEAD_MAX = 366


@dataclass(frozen=True, slots=True)
class Payoff:
    """The parts, the credit balance taken off, and what remains to pay; minor units."""

    on: dt.date
    currency: str
    parts: Parts
    credit: int
    total: int


async def payoff_quote(actor: Actor, loan_id: int, *, on: dt.date | None = None) -> Payoff | None:
    """Return the payoff of an ACTIVE loan on a day if nothing happens until then, or None if there
    is none to see.

    The day is the business date or one of the 366 after it. Raises
    :class:`~domain.rules.refusal.Refused` for any other.
    """
    today = await business_date()
    day = on or today
    form = Form()
    form.date("on", day, earliest=today, latest=today + dt.timedelta(days=DAYS_AHEAD_MAX))
    form.refuse()
    try:
        loan = await see_loan(actor, loan_id)
    except Refused:
        return None
    if loan.state != LoanState.ACTIVE:
        return None
    ids = [loan.id]
    account = loan_account(
        loan,
        (await installments_of(ids))[loan.id],
        (await charges_of(ids))[loan.id],
        (await allocations_of(ids))[loan.id],
        vat=(await vat_rates())[loan.profile],
    )
    advance(account, day)
    items = owed_to_close(account, day)

    def of(bucket: Bucket) -> int:
        return sum(item.amount for item in items if item.bucket is bucket)

    parts = Parts(
        principal=of(Bucket.PRINCIPAL),
        interest=of(Bucket.INTEREST),
        penalty=of(Bucket.PENALTY),
        compound=of(Bucket.COMPOUND),
        costs=of(Bucket.COSTS),
    )
    credit = min(account.credit_balance, parts.total)
    return Payoff(day, loan.currency, parts, credit, parts.total - credit)
