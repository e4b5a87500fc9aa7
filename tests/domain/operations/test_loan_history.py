"""A loan's later life, on SQLite and MariaDB: payments dated back and reversed, prepaid, extended,
restructured, accelerated, waived, written off. After each step the books hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from domain import db
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Installment, Loan, Repayment, RepaymentAllocation
from domain.models.lending.loan_history import LoanCharge, LoanEvent, SupersededInstallment
from domain.operations.lending.account import OpenLoan, open_loan
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.change_terms import (
    ChargeOrder,
    TermsChange,
    accelerate_loan,
    change_due_day,
    change_loan_rate,
    charge_loan,
    extend_loan,
    restructure_loan,
)
from domain.operations.lending.loan_event import do_event, reverse_repayment
from domain.operations.lending.repay_loan import Payment, pay_off_loan, prepay_loan, repay_loan
from domain.operations.perform import Step, perform
from domain.queries.business_date import business_date
from domain.queries.lending.payoff import payoff_quote
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key


def major(minor: int) -> Decimal:
    return Decimal(minor) / 100


async def advance(lender: Lender, days: int) -> dt.date:
    to = await business_date() + dt.timedelta(days=days)
    await advance_business_date(actor=lender.operator, key=key(), to=to)
    return to


async def pay(lender: Lender, loan: Loan, minor: int, **more: Any) -> Repayment:
    payment = Payment(loan_id=loan.id, amount=major(minor), **more)
    done = await repay_loan(actor=lender.cashier, key=key(), payment=payment)
    await books_hold(loan.id)
    return await Repayment.get(id=done["repayment"])


async def within(
    lender: Lender, loan: Loan, work: Callable[[Step, OpenLoan, dt.date], Awaitable[int]]
) -> int:
    """Run a money event as an approval will: inside one transaction, on the locked loan."""

    async def run(step: Step) -> dict[str, int]:
        today, opened = await open_loan(lender.accountant, loan.id)
        return {"event": await work(step, opened, today)}

    done = await perform(actor=lender.accountant, action="test", key=key(), arguments={}, work=run)
    await books_hold(loan.id)
    return done["event"]


async def reverse(lender: Lender, loan: Loan, repayment_id: int) -> int:
    return await within(
        lender,
        loan,
        lambda step, opened, today: reverse_repayment(
            step, opened, repayment_id, actor=lender.accountant, today=today, reason="bounced"
        ),
    )


async def do(lender: Lender, loan: Loan, make: Callable[[OpenLoan, dt.date], e.Event]) -> int:
    return await within(
        lender,
        loan,
        lambda step, opened, today: do_event(
            step,
            opened,
            make(opened, today),
            actor=lender.accountant,
            today=today,
            reason="agreed",
            outbox="loan.test",
        ),
    )


async def snapshot(loan: Loan) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The loan and its instalments, less what only counts events."""
    loans = await db.rows("SELECT * FROM loan WHERE id = %s", [loan.id])
    items = await db.rows("SELECT * FROM installment WHERE loan_id = %s ORDER BY number", [loan.id])
    kept = [{k: v for k, v in row.items() if k not in ("event_count", "id")} for row in loans]
    return kept, [{k: v for k, v in row.items() if k not in ("id", "loan_id")} for row in items]


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[ErrorCode]:
    return {problem.code for problem in refusal.value.problems}


async def test_a_payment_dated_back_is_as_if_it_had_come_in_time(lender: Lender) -> None:
    late, punctual = await lender.loan(rate="0.0600"), await lender.loan(rate="0.0600")
    first = await Installment.get(loan_id=late.id, number=1)
    due = first.principal + first.interest
    await advance(lender, (first.due_date - await business_date()).days)
    await pay(lender, punctual, due)
    await advance(lender, 4)
    assert (await Loan.get(id=late.id)).penalty_receivable > 0
    repayment = await pay(lender, late, due, value_date=first.due_date)
    assert repayment.posting_date == first.due_date + dt.timedelta(days=4)
    assert (await Loan.get(id=late.id)).penalty_receivable == 0
    for name in ("principal_outstanding", "interest_receivable", "interest_paid", "next_due_date"):
        assert getattr(await Loan.get(id=late.id), name) == getattr(
            await Loan.get(id=punctual.id), name
        )
    entries = await db.rows(
        "SELECT DISTINCT value_date, posting_date FROM ledger_entry WHERE journal = %s",
        [f"repayment:{repayment.id}"],
    )
    assert entries == [{"value_date": first.due_date, "posting_date": repayment.posting_date}]


async def test_a_date_too_far_back_needs_a_second_person(lender: Lender) -> None:
    loan = await lender.loan()
    await advance(lender, 8)
    before = await snapshot(loan)
    today = await business_date()
    for day in (today - dt.timedelta(days=6), today + dt.timedelta(days=1)):
        with pytest.raises(Refused) as refusal:
            await pay(lender, loan, 100, value_date=day)
        assert codes(refusal) == {ErrorCode.DATE_OUT_OF_RANGE}
    assert await snapshot(loan) == before


async def test_a_reversed_payment_leaves_the_loan_as_if_it_had_never_come(lender: Lender) -> None:
    paid, never = await lender.loan(rate="0.0600"), await lender.loan(rate="0.0600")
    first = await Installment.get(loan_id=paid.id, number=1)
    await advance(lender, (first.due_date - await business_date()).days)
    bounced = await pay(lender, paid, first.principal + first.interest + 500_00)
    await advance(lender, 40)
    assert await Repayment.filter(loan_id=paid.id, kind="CREDIT_APPLIED", reversed_by=None).count()
    used = (await CreditFacility.get(id=paid.facility_id)).used
    await reverse(lender, paid, bounced.id)
    one, other = await snapshot(paid), await snapshot(never)
    assert one[1] == other[1]
    assert (await CreditFacility.get(id=paid.facility_id)).used > used
    assert not await Repayment.filter(loan_id=paid.id, reversed_by=None).exists()
    assert not await RepaymentAllocation.filter(loan_id=paid.id, superseded_by=None).exists()
    assert await RepaymentAllocation.filter(loan_id=paid.id).exists()
    with pytest.raises(Refused) as refusal:
        await reverse(lender, paid, bounced.id)
    assert codes(refusal) == {ErrorCode.ILLEGAL_STATE}


async def test_a_payoff_that_bounced_opens_the_loan_again(lender: Lender) -> None:
    loan, untouched = await lender.loan(), await lender.loan()
    await advance(lender, 12)
    quote = await payoff_quote(lender.cashier, loan.id)
    assert quote is not None
    payment = Payment(loan_id=loan.id, amount=major(quote.total))
    done = await pay_off_loan(actor=lender.cashier, key=key(), payment=payment)
    await books_hold(loan.id)
    assert (await Loan.get(id=loan.id)).state == "PAID_OFF"
    await advance(lender, 25)
    await reverse(lender, loan, done["repayment"])
    one, other = await snapshot(loan), await snapshot(untouched)
    assert one[1] == other[1]
    assert (await Loan.get(id=loan.id)).state == "ACTIVE"


@pytest.mark.parametrize("keep", list(e.Keep))
async def test_a_prepayment_lays_the_rest_out_anew(lender: Lender, keep: e.Keep) -> None:
    loan = await lender.loan(rate="0.0600")
    await advance(lender, 10)
    before = await Installment.filter(loan_id=loan.id).order_by("number")
    interest = (await Loan.get(id=loan.id)).interest_receivable
    payment = Payment(loan_id=loan.id, amount=major(interest + 20_000_00))
    await prepay_loan(actor=lender.cashier, key=key(), payment=payment, keep=keep)
    await books_hold(loan.id)
    rows = await Installment.filter(loan_id=loan.id).order_by("number")
    loan = await Loan.get(id=loan.id)
    assert loan.principal_outstanding == 30_000_00
    assert loan.interest_receivable == 0
    if keep is e.Keep.TERM:
        assert [row.due_date for row in rows] == [row.due_date for row in before]
        assert rows[5].principal + rows[5].interest < before[5].principal + before[5].interest
    else:
        assert len(rows) < len(before)
        assert loan.maturity_date == rows[-1].due_date
        assert rows[3].principal + rows[3].interest == before[3].principal + before[3].interest
    kept = await SupersededInstallment.filter(loan_id=loan.id).order_by("number")
    assert [(row.principal, row.interest) for row in kept] == [
        (row.principal, row.interest) for row in before
    ]


async def test_a_prepayment_that_is_none_is_refused(lender: Lender) -> None:
    loan = await lender.loan()
    await advance(lender, 10)
    before = await snapshot(loan)
    owed = (await Loan.get(id=loan.id)).interest_receivable
    for amount in (owed, owed + 50_000_00, owed + 70_000_00):
        payment = Payment(loan_id=loan.id, amount=major(amount))
        with pytest.raises(Refused) as refusal:
            await prepay_loan(actor=lender.cashier, key=key(), payment=payment, keep=e.Keep.TERM)
        assert codes(refusal) == {ErrorCode.OUT_OF_RANGE}
    assert (await snapshot(loan)) == before


async def test_a_back_dated_payment_before_a_prepayment_changes_what_the_prepayment_did(
    lender: Lender,
) -> None:
    loan = await lender.loan()
    await advance(lender, 10)
    owed = (await Loan.get(id=loan.id)).interest_receivable
    payment = Payment(loan_id=loan.id, amount=major(owed + 10_000_00))
    await prepay_loan(actor=lender.cashier, key=key(), payment=payment, keep=e.Keep.TERM)
    await advance(lender, 2)
    today = await business_date()
    await pay(lender, loan, 50_00, value_date=today - dt.timedelta(days=4))
    loan = await Loan.get(id=loan.id)
    # The earlier money was credit when the prepayment came; it lies there until the due date.
    assert loan.credit_balance == 50_00
    assert loan.principal_outstanding == 40_000_00


async def test_an_extension_stays_within_its_cap_and_is_not_the_officers_to_decide(
    lender: Lender,
) -> None:
    loan = await lender.loan(installments=6)
    change = TermsChange(loan_id=loan.id, reason="slow season", periods=7, consent="G-1")
    with pytest.raises(Refused) as refusal:
        await extend_loan(actor=lender.approver, key=key(), change=change)
    assert codes(refusal) == {ErrorCode.DATE_OUT_OF_RANGE}
    own = TermsChange(loan_id=loan.id, reason="slow season", periods=3, consent="G-1")
    with pytest.raises(Refused) as refusal:
        await extend_loan(actor=lender.relationship_manager, key=key(), change=own)
    assert codes(refusal) == {ErrorCode.SAME_PERSON}
    await extend_loan(actor=lender.approver, key=key(), change=own)
    await books_hold(loan.id)
    assert await Installment.filter(loan_id=loan.id).count() == 9
    again = TermsChange(loan_id=loan.id, reason="slower", periods=4, consent="G-2")
    with pytest.raises(Refused) as refusal:  # 3 and 4 are more than the 6 of the original term
        await extend_loan(actor=lender.approver, key=key(), change=again)
    assert codes(refusal) == {ErrorCode.DATE_OUT_OF_RANGE}


async def test_terms_change_and_the_loan_is_repaid_by_them(lender: Lender) -> None:
    loan = await lender.loan(amount=12_000_00, installments=4)
    approver = lender.approver
    await advance(lender, 5)
    rate = TermsChange(loan_id=loan.id, reason="repriced", annual_rate=Decimal("0.0900"))
    await change_loan_rate(actor=approver, key=key(), change=rate)
    await books_hold(loan.id)
    loan = await Loan.get(id=loan.id)
    assert [change[1] for change in loan.rate_changes or []] == ["0.0900"]
    day = await business_date() + dt.timedelta(days=12)
    due = TermsChange(loan_id=loan.id, reason="pay day", next_due_date=day)
    await change_due_day(actor=approver, key=key(), change=due)
    await books_hold(loan.id)
    await advance(lender, 60)
    charge = ChargeOrder(
        loan_id=loan.id,
        code=e.ChargeCode.COLLECTION,
        amount=Decimal("80.00"),
        due_date=None,
        reason="a letter",
    )
    await charge_loan(actor=lender.cashier, key=key(), order=charge)
    await books_hold(loan.id)
    new = TermsChange(
        loan_id=loan.id,
        reason="in difficulty",
        periods=3,
        method=RepaymentMethod.EQUAL_PRINCIPAL,
    )
    await restructure_loan(actor=approver, key=key(), change=new)
    await books_hold(loan.id)
    assert (await Loan.get(id=loan.id)).current_method == "EQUAL_PRINCIPAL"
    await advance(lender, 40)
    notice = TermsChange(loan_id=loan.id, reason="breach", consent="N-7")
    await accelerate_loan(actor=approver, key=key(), change=notice)
    await books_hold(loan.id)
    await advance(lender, 7)
    quote = await payoff_quote(lender.cashier, loan.id)
    assert quote is not None
    assert quote.parts.costs == 80_00
    payment = Payment(loan_id=loan.id, amount=major(quote.total))
    await pay_off_loan(actor=lender.cashier, key=key(), payment=payment)
    await books_hold(loan.id)
    assert (await Loan.get(id=loan.id)).state == "PAID_OFF"
    assert not await LoanCharge.filter(loan_id=loan.id, settled_on=None).exists()
    kinds = [row.kind for row in await LoanEvent.filter(loan_id=loan.id).order_by("sequence")]
    assert kinds == [
        "RATE_CHANGE",
        "DUE_DAY_CHANGE",
        "CHARGE",
        "RESTRUCTURING",
        "ACCELERATION",
    ]


async def test_waiver_refund_write_off_and_recovery(lender: Lender) -> None:
    loan = await lender.loan(amount=6_000_00, installments=2)
    await pay(lender, loan, 300_00)
    await do(
        lender,
        loan,
        lambda o, today: e.Refund(sequence=o.next_sequence(), on=today, amount=100_00),
    )
    assert (await Loan.get(id=loan.id)).credit_balance == 200_00
    await advance(lender, 45)
    loan = await Loan.get(id=loan.id)
    owed = loan.penalty_receivable
    assert owed > 0
    with pytest.raises(Refused) as refusal:
        await do(
            lender,
            loan,
            lambda o, today: e.Waiver(
                sequence=o.next_sequence(), on=today, bucket=Bucket.PENALTY, amount=owed + 1
            ),
        )
    assert codes(refusal) == {ErrorCode.OUT_OF_RANGE}
    await do(
        lender,
        loan,
        lambda o, today: e.Waiver(
            sequence=o.next_sequence(), on=today, bucket=Bucket.PENALTY, amount=owed
        ),
    )
    assert (await Loan.get(id=loan.id)).penalty_receivable == 0
    await advance(lender, 100)
    loan = await Loan.get(id=loan.id)
    assert loan.book_status == "NON_ACCRUAL"
    await books_hold(loan.id)
    used = (await CreditFacility.get(id=loan.facility_id)).used
    await do(lender, loan, lambda o, today: e.WriteOff(sequence=o.next_sequence(), on=today))
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.book_status, loan.written_off) == (
        "WRITTEN_OFF",
        "WRITTEN_OFF",
        loan.principal_outstanding,
    )
    assert (await CreditFacility.get(id=loan.facility_id)).used == used
    await advance(lender, 3)
    recovery = await pay(lender, loan, 1_000_00)
    whole = await Loan.get(id=loan.id)
    owed = sum(getattr(whole, f"{name}_receivable") for name in ("interest", "penalty", "compound"))
    last = await pay(lender, loan, owed + whole.principal_outstanding)
    assert (await Loan.get(id=loan.id)).state == "PAID_OFF"
    await reverse(lender, loan, last.id)
    assert (await Loan.get(id=loan.id)).state == "WRITTEN_OFF"
    await reverse(lender, loan, recovery.id)


async def test_a_payment_cannot_be_reversed_once_its_money_was_refunded(lender: Lender) -> None:
    loan = await lender.loan()
    repayment = await pay(lender, loan, 70_00)
    await do(
        lender,
        loan,
        lambda o, today: e.Refund(sequence=o.next_sequence(), on=today, amount=70_00),
    )
    before = await snapshot(loan)
    with pytest.raises(Refused, match="Reverse that refund first"):
        await reverse(lender, loan, repayment.id)
    assert await snapshot(loan) == before
