"""Repaying ahead of time with notice, where the loan asks for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from domain.actor import Actor
from domain.models.lending.loan import Loan
from domain.models.records import PolicyValue
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.announce_prepayment import PrepaymentNotice, announce_prepayment
from domain.operations.lending.repay_loan import Payment, pay_off_loan, prepay_loan
from domain.operations.lending.verify_books import verify_books
from domain.queries.business_date import business_date
from domain.rules.lending.prepayment_notice import WINDOW_DAYS, notice_problems
from domain.rules.lending.servicing.events import Keep
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key
from tests.over_http import footprint

NOTICE = 7
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
async def noticed(lender: Lender) -> Lender:
    """A lender whose new loans ask for seven days' notice."""
    await PolicyValue.create(
        profile="GENERIC",
        name="prepayment_notice_days",
        value=str(NOTICE),
        effective_from=await business_date(),
        citation="The lender's terms",
        confirmed=True,
    )
    return lender


async def advance(lender: Lender, days: int) -> dt.date:
    to = await business_date() + dt.timedelta(days=days)
    await advance_business_date(actor=lender.operator, key=key(), to=to)
    return to


async def announce(actor: Actor, loan: Loan, planned_on: dt.date) -> int:
    notice = PrepaymentNotice(loan_id=loan.id, planned_on=planned_on, note="By letter.")
    return (await announce_prepayment(actor=actor, key=key(), notice=notice))["event"]


async def prepay(lender: Lender, loan: Loan, on: dt.date | None = None) -> None:
    payment = Payment(loan_id=loan.id, amount=Decimal("10000.00"), value_date=on)
    await prepay_loan(actor=lender.cashier, key=key(), payment=payment, keep=Keep.TERM)


async def refused_to_prepay(lender: Lender, loan: Loan, on: dt.date | None = None) -> None:
    before = await footprint()
    whole = Payment(loan_id=loan.id, amount=Decimal("60000.00"), value_date=on)
    for pay in (
        prepay(lender, loan, on),
        pay_off_loan(actor=lender.cashier, key=key(), payment=whole),
    ):
        with pytest.raises(Refused) as refusal:
            await pay
        (problem,) = refusal.value.problems
        assert (problem.code, problem.path) == (ErrorCode.ILLEGAL_STATE, ("loanId",))
        assert "announcePrepayment" in problem.en
        assert "announcePrepayment" in problem.zh
    assert await footprint() == before


async def test_a_loan_is_repaid_ahead_from_the_planned_day_on(noticed: Lender) -> None:
    loan = await noticed.loan()
    assert loan.prepayment_notice_days == NOTICE
    today = await business_date()
    await refused_to_prepay(noticed, loan)
    planned = today + dt.timedelta(days=NOTICE)
    for day in (planned - ONE_DAY, today - ONE_DAY, today + dt.timedelta(days=367)):
        with pytest.raises(Refused) as refusal:
            await announce(noticed.relationship_manager, loan, day)
        assert [p.code for p in refusal.value.problems] == [ErrorCode.DATE_OUT_OF_RANGE]
    await announce(noticed.relationship_manager, loan, planned)
    await advance(noticed, NOTICE - 1)
    await refused_to_prepay(noticed, loan)
    await advance(noticed, 1)
    await refused_to_prepay(noticed, loan, planned - ONE_DAY)  # nor as if it had been yesterday
    await prepay(noticed, loan)
    assert (await Loan.get(id=loan.id)).principal_outstanding < 41_000_00
    await books_hold(loan.id)
    await advance(noticed, WINDOW_DAYS + 1)
    await refused_to_prepay(noticed, loan)
    assert (await verify_books(deep=True)).faults == []


async def test_an_approver_may_agree_to_less(noticed: Lender) -> None:
    loan = await noticed.loan()
    await Loan.filter(id=loan.id).update(officer_id=noticed.approver.id)
    with pytest.raises(Refused) as refusal:  # but for whoever handles the loan
        await announce(noticed.approver, loan, await business_date())
    assert [p.code for p in refusal.value.problems] == [ErrorCode.SAME_PERSON]
    await announce(noticed.approver2, loan, await business_date())
    await prepay(noticed, loan)
    await books_hold(loan.id)


async def test_what_is_due_and_loans_without_notice_need_none(noticed: Lender) -> None:
    plain = await noticed.loan()
    plain.prepayment_notice_days = 0
    await plain.save()
    await prepay(noticed, plain)
    short = await noticed.loan(installments=1)
    await advance(noticed, (short.maturity_date - await business_date()).days)
    whole = Payment(loan_id=short.id, amount=Decimal("60000.00"))
    await pay_off_loan(actor=noticed.cashier, key=key(), payment=whole)
    assert (await Loan.get(id=short.id)).state == "PAID_OFF"


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (10, True), (11, False)])
def test_the_window_has_ten_days_after_the_planned_one(days: int, holds: bool) -> None:
    planned = dt.date(2026, 3, 10)
    on = planned + dt.timedelta(days=days)
    assert (notice_problems(on=on, notice_days=7, planned=[planned]) == []) is holds
