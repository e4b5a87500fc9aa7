"""Short ways through a loan's servicing, for the tests: each is one operation in a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

from domain import db
from domain.models.lending.loan import Loan, Repayment
from domain.operations.lending.account import OpenLoan, open_loan
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.loan_event import do_event, reverse_repayment
from domain.operations.lending.repay_loan import Payment, pay_off_loan, prepay_loan, repay_loan
from domain.operations.perform import Step
from domain.queries.business_date import business_date
from domain.rules.lending.servicing.events import Event, Keep
from domain.rules.money import format_minor
from tests.lender import Lender, key

T = TypeVar("T")


async def days_pass(lender: Lender, days: int) -> dt.date:
    """Advance the business date, and return it."""
    to = await business_date() + dt.timedelta(days=days)
    await advance_business_date(actor=lender.operator, key=key(), to=to)
    return to


async def happens(lender: Lender, loan_id: int, event: Callable[[int, dt.date], Event]) -> int:
    """Do an event to a loan today (`event` is told its sequence and the day); return its row."""

    async def work() -> int:
        actor = lender.accountant
        today, loan = await open_loan(actor, loan_id)
        return await do_event(
            Step(actor, "test"),
            loan,
            event(loan.next_sequence(), today),
            actor=actor,
            today=today,
            reason="a test",
            outbox="loan.changed",
        )

    return await db.transact(work)


async def pays(
    lender: Lender, loan_id: int, minor: int, *, days_ago: int = 0, off: bool = False
) -> Repayment:
    """Take a payment of minor units, perhaps dated back."""
    value_date = await business_date() - dt.timedelta(days=days_ago) if days_ago else None
    payment = Payment(loan_id=loan_id, amount=await _major(loan_id, minor), value_date=value_date)
    operation = pay_off_loan if off else repay_loan
    done = await operation(actor=lender.cashier, key=key(), payment=payment)
    return await Repayment.get(id=done["repayment"])


async def prepays(lender: Lender, loan_id: int, minor: int, *, keep: Keep) -> Repayment:
    """Prepay principal."""
    payment = Payment(loan_id=loan_id, amount=await _major(loan_id, minor))
    done = await prepay_loan(actor=lender.cashier, key=key(), payment=payment, keep=keep)
    return await Repayment.get(id=done["repayment"])


async def is_reversed(lender: Lender, repayment: Repayment) -> int:
    """Reverse a payment; return the event's row."""

    async def work() -> int:
        actor = lender.accountant
        today, loan = await open_loan(actor, repayment.loan_id)
        return await reverse_repayment(
            Step(actor, "test"), loan, repayment.id, actor=actor, today=today, reason="a test"
        )

    return await db.transact(work)


async def opened(lender: Lender, loan_id: int, then: Callable[[OpenLoan], Awaitable[T]]) -> T:
    """Look at a loan's account as an operation sees it."""

    async def work() -> T:
        _, loan = await open_loan(lender.accountant, loan_id)
        return await then(loan)

    return await db.transact(work)


async def _major(loan_id: int, minor: int) -> Decimal:
    return Decimal(format_minor(minor, (await Loan.get(id=loan_id)).currency))
