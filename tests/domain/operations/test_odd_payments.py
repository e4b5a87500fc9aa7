"""Payments at odd places of a loan's history: refused as on any other day, or the books hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from domain.models.lending.loan import Loan
from domain.models.staff import Branch
from domain.operations.changes.kinds.backdated_repayment import (
    BACKDATED_REPAYMENT,
    BackdatedRepayment,
)
from domain.operations.changes.kinds.reverse_repayment import REVERSE_REPAYMENT, Reversal
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.repay_loan import Payment, pay_off_loan, prepay_loan, repay_loan
from domain.queries.business_date import business_date
from domain.rules.lending.servicing.events import Keep
from domain.rules.lending.states import LoanState
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.roles import Role
from tests.books import books_hold
from tests.changes import approve, found, propose
from tests.lender import Lender, hire, key
from tests.over_http import footprint


async def advance(lender: Lender, days: int) -> dt.date:
    to = await business_date() + dt.timedelta(days=days)
    await advance_business_date(actor=lender.operator, key=key(), to=to)
    return to


async def test_a_payoff_dated_back_must_cover_what_closed_the_loan_then(lender: Lender) -> None:
    """Else it would be a prepayment without its fee."""
    loan = await lender.loan()
    yesterday = await advance(lender, 20) - dt.timedelta(days=1)
    before = await footprint()
    payment = Payment(loan_id=loan.id, amount=Decimal("10000.00"), value_date=yesterday)
    with pytest.raises(Refused) as refusal:
        await pay_off_loan(actor=lender.cashier, key=key(), payment=payment)
    assert found(refusal) == {"amount": ErrorCode.OUT_OF_RANGE}
    assert await footprint() == before


@pytest.mark.parametrize("amount", ["1.00", "60000.00"])
async def test_a_prepayment_dated_back_prepays_some_principal_and_not_all(
    lender: Lender, amount: str
) -> None:
    loan = await lender.loan()
    yesterday = await advance(lender, 20) - dt.timedelta(days=1)
    before = await footprint()
    payment = Payment(loan_id=loan.id, amount=Decimal(amount), value_date=yesterday)
    with pytest.raises(Refused) as refusal:
        await prepay_loan(actor=lender.cashier, key=key(), payment=payment, keep=Keep.TERM)
    assert found(refusal) == {"amount": ErrorCode.OUT_OF_RANGE}
    assert await footprint() == before


async def test_money_from_a_day_on_which_the_loan_was_closed_is_refused(lender: Lender) -> None:
    """Money from before that is what it always was: the payoff needed less, the rest is credit."""
    loan = await lender.loan()
    closed_on = await advance(lender, 3)
    payment = Payment(loan_id=loan.id, amount=Decimal("50100.00"))
    await pay_off_loan(actor=lender.cashier, key=key(), payment=payment)
    owed = 50_100_00 - (await Loan.get(id=loan.id)).credit_balance
    await advance(lender, 3)
    for after, allowed in ((1, False), (-1, True)):
        asked = BackdatedRepayment(
            loan_id=loan.id,
            amount=Decimal("7.00"),
            currency="USD",
            value_date=closed_on + dt.timedelta(days=after),
        )
        change = await propose(lender.cashier, BACKDATED_REPAYMENT, asked)
        if allowed:
            await approve(lender.approver, change)
            continue
        before = await footprint()
        with pytest.raises(Refused) as refusal:
            await approve(lender.approver, change)
        assert found(refusal) == {"id": ErrorCode.ILLEGAL_STATE}
        assert await footprint() == before
    now = await Loan.get(id=loan.id)
    assert (now.state, now.closed_on) == (LoanState.PAID_OFF, closed_on)
    assert now.credit_balance == 50_107_00 - owed
    await books_hold(loan.id)


async def test_a_repayment_out_of_sight_does_not_exist_for_who_would_reverse_it(
    lender: Lender,
) -> None:
    """Whether it stands, was reversed already, or never was."""
    loan = await lender.loan()
    payment = Payment(loan_id=loan.id, amount=Decimal("5.00"))
    standing, reversed_one = [
        (await repay_loan(actor=lender.cashier, key=key(), payment=payment))["repayment"]
        for _ in range(2)
    ]
    asked = Reversal(repayment_id=reversed_one, reason="It bounced.")
    await approve(lender.approver, await propose(lender.cashier, REVERSE_REPAYMENT, asked))
    office = await Branch.get(parent_id=None)
    elsewhere = await Branch.create(
        code=f"B-{key()}", name="Elsewhere", parent_id=office.id, path=f"{office.path}{key()}/"
    )
    stranger = await hire("cashier-elsewhere", Role.CASHIER, branch_id=elsewhere.id)
    said = set()
    for repayment_id in (standing, reversed_one, 10**9):
        asked = Reversal(repayment_id=repayment_id, reason="It bounced.")
        with pytest.raises(Refused) as refusal:
            await propose(stranger, REVERSE_REPAYMENT, asked)
        said.add(refusal.value.problems[0])
    assert [(problem.path[-1], problem.code) for problem in said] == [
        ("repaymentId", ErrorCode.NOT_FOUND)
    ]
