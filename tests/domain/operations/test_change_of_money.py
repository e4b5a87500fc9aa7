"""Money operations that take two persons: each runs inside its approval, wholly or not at all."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from domain import db
from domain.encryption import encrypt
from domain.models.change import ChangeRequest
from domain.models.lending.borrower import BankAccount
from domain.models.lending.loan import Installment, Loan, Repayment
from domain.models.lending.loan_history import LoanEvent
from domain.models.lending.payment import PaymentOrder
from domain.operations.changes.kinds.backdated_repayment import (
    BACKDATED_REPAYMENT,
    BackdatedRepayment,
)
from domain.operations.changes.kinds.manual_journal import (
    MANUAL_JOURNAL,
    ManualJournal,
    ManualLine,
)
from domain.operations.changes.kinds.refund import REFUND, CreditRefund
from domain.operations.changes.kinds.reverse_repayment import REVERSE_REPAYMENT, Reversal
from domain.operations.changes.kinds.waiver import WAIVER, WaivedClaim
from domain.operations.changes.kinds.write_off import WRITE_OFF, LoanWriteOff
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.register_bank_account import NUMBER
from domain.operations.lending.repay_loan import Payment, repay_loan
from domain.queries.business_date import business_date
from domain.rules.lending.allocation import Bucket
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.changes import approve, found, propose
from tests.lender import Lender, key
from tests.over_http import footprint


async def pay(lender: Lender, loan: Loan, minor: int) -> int:
    payment = Payment(loan_id=loan.id, amount=Decimal(minor) / 100)
    return (await repay_loan(actor=lender.cashier, key=key(), payment=payment))["repayment"]


async def advance(lender: Lender, days: int) -> dt.date:
    to = await business_date() + dt.timedelta(days=days)
    await advance_business_date(actor=lender.operator, key=key(), to=to)
    return to


async def account_of(loan: Loan, *, usable_from: dt.date) -> BankAccount:
    return await BankAccount.create(
        borrower_id=loan.borrower_id,
        bank_name="A bank",
        account_name="A name",
        number_cipher=encrypt("6222000011112222", column=NUMBER),
        number_index=f"{loan.id}",
        number_tail="1234",
        state="APPROVED",
        usable_from=usable_from,
    )


async def test_a_repayment_is_reversed_with_the_approval_of_another(lender: Lender) -> None:
    loan = await lender.loan()
    repayment_id = await pay(lender, loan, 120_50)
    asked = Reversal(repayment_id=repayment_id, reason="The bank took it back.")
    change = await propose(lender.cashier, REVERSE_REPAYMENT, asked)
    assert (change.subject_noun, change.subject_id) == ("Loan", loan.id)
    assert (change.borrower_id, change.branch_id) == (loan.borrower_id, loan.branch_id)
    assert "120.50 USD" in change.summary_en
    assert (await Loan.get(id=loan.id)).credit_balance == 120_50
    applied = await approve(lender.approver, change)
    assert (await Loan.get(id=loan.id)).credit_balance == 0
    event = await LoanEvent.get(loan_id=loan.id, kind="REVERSAL")
    assert event.recorded_by_id == lender.approver.id
    assert json.loads(applied.made)["nouns"] == [
        ["Loan", loan.id],
        ["LoanHistoryEvent", event.id],
    ]
    assert (await Repayment.get(id=repayment_id)).reversed_by == event.sequence
    await books_hold(loan.id)
    with pytest.raises(Refused) as refusal:
        await propose(lender.cashier, REVERSE_REPAYMENT, asked)
    assert found(refusal) == {"content.reverseRepayment.repaymentId": ErrorCode.ILLEGAL_STATE}


async def test_two_requests_for_one_reversal_apply_once(lender: Lender) -> None:
    loan = await lender.loan()
    asked = Reversal(repayment_id=await pay(lender, loan, 80_00), reason="Twice.")
    first = await propose(lender.cashier, REVERSE_REPAYMENT, asked)
    second = await propose(lender.accountant, REVERSE_REPAYMENT, asked)
    await approve(lender.approver, first)
    before = await footprint()
    with pytest.raises(Refused) as refusal:
        await approve(lender.approver, second)
    assert found(refusal) == {"id": ErrorCode.ILLEGAL_STATE}
    assert await footprint() == before
    await books_hold(loan.id)


async def test_a_payment_counts_from_a_day_long_past(lender: Lender) -> None:
    loan = await lender.loan()
    first = await Installment.get(loan_id=loan.id, number=1)
    await advance(lender, (first.due_date - await business_date()).days + 20)
    assert (await Loan.get(id=loan.id)).penalty_receivable > 0
    asked = BackdatedRepayment(
        loan_id=loan.id,
        amount=Decimal(first.principal + first.interest) / 100,
        currency="USD",
        value_date=first.due_date,
    )
    change = await propose(lender.cashier, BACKDATED_REPAYMENT, asked)
    await approve(lender.approver, change)
    assert (await Loan.get(id=loan.id)).penalty_receivable == 0
    await books_hold(loan.id)
    for wrong, path in (
        (loan.start_date - dt.timedelta(days=1), "content.backdatedRepayment.valueDate"),
        (await business_date() + dt.timedelta(days=1), "content.backdatedRepayment.valueDate"),
    ):
        with pytest.raises(Refused) as refusal:
            await propose(
                lender.cashier,
                BACKDATED_REPAYMENT,
                BackdatedRepayment(
                    loan_id=loan.id, amount=Decimal(1), currency="USD", value_date=wrong
                ),
            )
        assert found(refusal) == {path: ErrorCode.DATE_OUT_OF_RANGE}


async def test_a_waiver_beyond_the_claim_posts_nothing(lender: Lender) -> None:
    loan = await lender.loan()
    await advance(lender, 45)
    owed = (await Loan.get(id=loan.id)).penalty_receivable
    common = {"loan_id": loan.id, "currency": "USD", "reason": "goodwill"}
    more = WaivedClaim(bucket=Bucket.PENALTY, amount=Decimal(owed + 1) / 100, **common)
    change = await propose(lender.risk_officer, WAIVER, more)
    before = await footprint()
    with pytest.raises(Refused) as refusal:
        await approve(lender.approver, change)
    assert found(refusal) == {"id": ErrorCode.OUT_OF_RANGE}
    assert await footprint() == before
    assert (await ChangeRequest.get(id=change.id)).state == "PROPOSED"
    all_of_it = WaivedClaim(bucket=Bucket.PENALTY, amount=Decimal(owed) / 100, **common)
    await approve(lender.approver, await propose(lender.risk_officer, WAIVER, all_of_it))
    assert (await Loan.get(id=loan.id)).penalty_receivable == 0
    await books_hold(loan.id)
    principal = WaivedClaim(bucket=Bucket.PRINCIPAL, amount=Decimal(1), **common)
    with pytest.raises(Refused) as refusal:
        await propose(lender.risk_officer, WAIVER, principal)
    assert found(refusal) == {"content.waiver.bucket": ErrorCode.INVALID_VALUE}


async def test_a_refund_goes_to_an_account_of_the_borrower_that_has_cooled(lender: Lender) -> None:
    loan, other = await lender.loan(), await lender.loan()
    await pay(lender, loan, 70_00)
    today = await business_date()
    own = await account_of(loan, usable_from=today)
    common = {"loan_id": loan.id, "currency": "USD", "reason": "asked for"}
    foreign = await account_of(other, usable_from=today)
    hot = await account_of(await lender.loan(), usable_from=today + dt.timedelta(days=1))
    await BankAccount.filter(id=hot.id).update(borrower_id=loan.borrower_id)
    for account, code in ((foreign, ErrorCode.INVALID_VALUE), (hot, ErrorCode.ILLEGAL_STATE)):
        with pytest.raises(Refused) as refusal:
            await propose(
                lender.cashier,
                REFUND,
                CreditRefund(amount=Decimal(1), bank_account_id=account.id, **common),
            )
        assert set(found(refusal).values()) == {code}
    asked = CreditRefund(amount=Decimal("70.00"), bank_account_id=own.id, **common)
    first = await propose(lender.cashier, REFUND, asked)
    second = await propose(lender.cashier, REFUND, asked)
    await approve(lender.accountant, first)
    assert (await Loan.get(id=loan.id)).credit_balance == 0
    order = await PaymentOrder.get(loan_id=loan.id, purpose="REFUND")
    assert (order.state, order.amount, order.payee_account_tail) == ("CREATED", 70_00, "2222")
    await books_hold(loan.id)
    with pytest.raises(Refused) as refusal:
        await approve(lender.accountant, second)
    assert found(refusal) == {"id": ErrorCode.OUT_OF_RANGE}


async def test_a_write_off_takes_the_loan_out_of_the_books(lender: Lender) -> None:
    loan = await lender.loan()
    asked = LoanWriteOff(loan_id=loan.id, reason="Nothing left.")
    change = await propose(lender.risk_officer, WRITE_OFF, asked)
    assert "50000.00 USD" in change.summary_en
    await approve(lender.approver, change)
    assert (await Loan.get(id=loan.id)).state == "WRITTEN_OFF"
    await books_hold(loan.id)
    with pytest.raises(Refused) as refusal:
        await propose(lender.risk_officer, WRITE_OFF, asked)
    assert set(found(refusal).values()) == {ErrorCode.ILLEGAL_STATE}


async def test_another_managers_case_is_not_seen(lender: Lender) -> None:
    """Managers propose waivers, yet see nothing of this kind; nor does the borrower."""
    loan = await lender.loan()
    asked = Reversal(repayment_id=await pay(lender, loan, 1_00), reason="A mistake.")
    change = await propose(lender.cashier, REVERSE_REPAYMENT, asked)
    for actor in (lender.relationship_manager, lender.manager2, lender.applicant, lender.admin):
        with pytest.raises(Refused) as refused:
            await approve(actor, change)
        assert found(refused) == {"id": ErrorCode.NOT_FOUND}


async def test_a_journal_by_hand_is_posted_once_and_balances(lender: Lender) -> None:
    lines = (
        ManualLine(account="1002", amount=Decimal("12.50")),
        ManualLine(account="2240", amount=Decimal("-12.50")),
    )
    asked = ManualJournal(currency="USD", lines=lines, reason="Cash found in the safe.")
    change = await propose(lender.accountant, MANUAL_JOURNAL, asked)
    await approve(lender.risk_officer, change)
    entries = await db.rows(
        "SELECT account_code, amount, loan_id FROM ledger_entry WHERE event = 'MANUAL'"
    )
    assert sorted((row["account_code"], row["amount"], row["loan_id"]) for row in entries) == [
        ("1002", 12_50, None),
        ("2240", -12_50, None),
    ]
    crooked = ManualJournal(currency="USD", lines=lines[:1], reason="One side.")
    with pytest.raises(Refused):
        await propose(lender.accountant, MANUAL_JOURNAL, crooked)
