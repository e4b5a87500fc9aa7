"""Misused principal on a loan in the books: proposed, approved, charged day by day, paid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from domain.models.lending.loan import Installment, Loan
from domain.models.lending.loan_history import LoanEvent
from domain.operations.changes.kinds.misuse import MISUSE, LoanMisuse
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.repay_loan import Payment, pay_off_loan, repay_loan
from domain.operations.lending.verify_books import verify_books
from domain.queries.business_date import business_date
from domain.queries.lending.payoff import payoff_quote
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.changes import approve, found, propose
from tests.lender import Lender, key
from tests.over_http import footprint


async def advance(lender: Lender, days: int) -> dt.date:
    to = await business_date() + dt.timedelta(days=days)
    await advance_business_date(actor=lender.operator, key=key(), to=to)
    return to


def asked(loan: Loan, amount: str, markup: str = "1", **more: object) -> LoanMisuse:
    return LoanMisuse(
        loan_id=loan.id,
        amount=Decimal(amount),
        currency="USD",
        markup=Decimal(markup),
        reason="Spent on shares.",
        **more,
    )


async def record(lender: Lender, misuse: LoanMisuse) -> None:
    await approve(lender.approver, await propose(lender.risk_officer, MISUSE, misuse))
    await books_hold(misuse.loan_id)
    assert (await verify_books(deep=True)).faults == []


async def test_misuse_is_charged_from_the_approval_until_it_is_put_right(lender: Lender) -> None:
    loan = await lender.loan()
    plain = await lender.loan()
    await advance(lender, 5)
    change = await propose(lender.risk_officer, MISUSE, asked(loan, "25000.00"))
    assert "25000.00 USD of principal is misused and charged 100 % above" in change.summary_en
    assert "自批准之日起" in change.summary_zh
    await record(lender, asked(loan, "25000.00"))
    await advance(lender, 10)
    loan, plain = await Loan.get(id=loan.id), await Loan.get(id=plain.id)
    # Half the principal bears twice the rate for ten of the fifteen days.
    assert plain.penalty_receivable == 0
    assert loan.interest_receivable == plain.interest_receivable
    expected = Decimal(plain.interest_receivable) * 10 / 15 / 2
    assert abs(loan.penalty_receivable - expected) <= 1
    await record(lender, asked(loan, "0", "0"))
    ended = loan.penalty_receivable
    await advance(lender, 3)
    loan = await Loan.get(id=loan.id)
    assert loan.penalty_receivable == ended
    first = await Installment.get(loan_id=loan.id, number=1)
    assert first.penalty_accrued == ended
    events = await LoanEvent.filter(loan_id=loan.id, kind="MISUSE").order_by("sequence")
    assert [event.amount for event in events] == [25_000_00, 0]
    assert (await verify_books(deep=True)).faults == []


async def test_days_before_the_approval_come_to_the_running_instalment(lender: Lender) -> None:
    loan = await lender.loan()
    began = await business_date()
    first = await Installment.get(loan_id=loan.id, number=1)
    await advance(lender, (first.due_date - began).days)
    bill = Payment(loan_id=loan.id, amount=Decimal(first.principal + first.interest) / 100)
    await repay_loan(actor=lender.cashier, key=key(), payment=bill)
    await advance(lender, 4)
    paid = Decimal((await Loan.get(id=loan.id)).principal_outstanding) / 100
    await record(lender, asked(loan, str(paid), "0.5", since=began))
    loan = await Loan.get(id=loan.id)
    one, two = await Installment.filter(loan_id=loan.id, number__lte=2).order_by("number")
    assert (one.penalty_accrued, one.settled_on) == (0, first.due_date)
    assert abs(two.penalty_accrued - (first.interest + loan.interest_receivable) / 2) <= 1
    assert loan.next_due_date == two.due_date
    # A payment dated back to before it leaves the account of its arrears to be made anew.
    late = Payment(loan_id=loan.id, amount=Decimal("1000.00"), value_date=first.due_date)
    await repay_loan(actor=lender.cashier, key=key(), payment=late)
    await books_hold(loan.id)
    assert (await verify_books(deep=True)).faults == []
    quote = await payoff_quote(lender.cashier, loan.id)
    assert quote is not None
    await pay_off_loan(
        actor=lender.cashier,
        key=key(),
        payment=Payment(loan_id=loan.id, amount=Decimal(quote.total) / 100),
    )
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.credit_balance, loan.penalty_receivable) == ("PAID_OFF", 0, 0)
    await books_hold(loan.id)
    assert (await verify_books(deep=True)).faults == []


async def test_what_cannot_be_is_refused_and_changes_nothing(lender: Lender) -> None:
    loan = await lender.loan()
    tomorrow = await business_date() + dt.timedelta(days=1)
    before = await footprint()
    for misuse, problems in (
        (asked(loan, "-1"), {"amount": ErrorCode.OUT_OF_RANGE}),
        (asked(loan, "1.001"), {"amount": ErrorCode.WRONG_SCALE}),
        (asked(loan, "10", "1.1"), {"markup": ErrorCode.OUT_OF_RANGE}),
        (asked(loan, "10", "NaN"), {"markup": ErrorCode.OUT_OF_RANGE}),
        (asked(loan, "10", "0"), {"markup": ErrorCode.REQUIRED}),
        (asked(loan, "10", since=tomorrow), {"since": ErrorCode.DATE_OUT_OF_RANGE}),
        (
            asked(loan, "10", since=loan.start_date - dt.timedelta(days=1)),
            {"since": ErrorCode.DATE_OUT_OF_RANGE},
        ),
    ):
        with pytest.raises(Refused) as refusal:
            await propose(lender.risk_officer, MISUSE, misuse)
        assert found(refusal) == {f"content.misuse.{path}": c for path, c in problems.items()}
    assert await footprint() == before
    for amount in ("0", "50000.01"):
        change = await propose(lender.risk_officer, MISUSE, asked(loan, amount))
        before = await footprint()
        with pytest.raises(Refused) as refusal:
            await approve(lender.approver, change)
        assert set(found(refusal).values()) == {ErrorCode.OUT_OF_RANGE}
        assert await footprint() == before
