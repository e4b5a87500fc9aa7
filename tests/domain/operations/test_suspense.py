"""Money in suspense, on SQLite and MariaDB: matched, sent back, and back after a reversal."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.models.lending.loan import Loan, Repayment
from domain.models.lending.payment import IncomingPayment
from domain.operations.changes.kinds.suspense_match import SUSPENSE_MATCH, SuspenseMatch
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import reverse_repayment
from domain.operations.perform import Result, Step, perform
from domain.queries.lending.reconciliation import reconciliation
from domain.rules.lending.payment_states import (
    IncomingState,
)
from domain.rules.lending.reconciliation import DifferenceKind
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.changes import approve, found, propose
from tests.incoming import counts, ledger, match, number, payment, receive, send_back
from tests.lender import Lender, key


async def test_suspense_is_matched_by_two_persons_and_goes_to_the_loan(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key()))
    before = await ledger("2240")
    asked = SuspenseMatch(payment_id=taken.id, loan_id=loan.id)
    first = await propose(lender.cashier, SUSPENSE_MATCH, asked)
    second = await propose(lender.cashier, SUSPENSE_MATCH, asked)
    assert "100.00 USD" in first.summary_en
    assert "Acme Ltd" in first.summary_zh
    assert (await IncomingPayment.get(id=taken.id)).state == IncomingState.SUSPENSE
    await approve(lender.accountant, first)
    taken = await IncomingPayment.get(id=taken.id)
    assert (taken.state, taken.loan_id) == (IncomingState.MATCHED, loan.id)
    assert await ledger("2240") - before == 100_00
    assert (await Repayment.get(id=taken.repayment_id)).amount == 100_00
    await books_hold(loan.id)
    with pytest.raises(Refused) as refusal:
        await approve(lender.accountant, second)
    assert set(found(refusal).values()) == {ErrorCode.ILLEGAL_STATE}
    with pytest.raises(Refused) as refusal:
        await propose(lender.cashier, SUSPENSE_MATCH, asked)
    assert set(found(refusal).values()) == {ErrorCode.ILLEGAL_STATE}


async def test_nobody_approves_the_match_of_what_they_brought_in(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key()))
    await IncomingPayment.filter(id=taken.id).update(received_by_id=lender.accountant.id)
    asked = SuspenseMatch(payment_id=taken.id, loan_id=loan.id)
    change = await propose(lender.cashier, SUSPENSE_MATCH, asked)
    before = await counts()
    with pytest.raises(Refused) as refusal:
        await approve(lender.accountant, change)
    assert set(found(refusal).values()) == {ErrorCode.SAME_PERSON}
    assert await counts() == before


async def test_suspense_goes_back_only_to_the_account_it_came_from(lender: Lender) -> None:
    nameless = await receive(lender, payment(key(), payer_account=""))
    before = await counts()
    with pytest.raises(Refused) as refusal:
        await send_back(lender, nameless.id)
    assert set(found(refusal).values()) == {ErrorCode.REQUIRED}
    assert await counts() == before
    taken = await receive(lender, payment(key()))
    order = await send_back(lender, taken.id)
    assert (await IncomingPayment.get(id=taken.id)).state == IncomingState.RETURNED
    assert (order.payee_name, order.payee_account_tail) == ("Acme Ltd", "2222")
    assert await ledger("2240", f"order:{order.id}") == 100_00
    assert await ledger("1012", f"order:{order.id}") == -100_00


async def test_a_reversed_repayment_gives_its_money_back_to_suspense(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key(), remittance=number(loan)))
    before = {code: await ledger(code) for code in ("1002", "2240")}
    repayment_id = taken.repayment_id
    assert repayment_id is not None

    async def reverse(step: Step) -> Result:
        today, opened = await open_loan(lender.cashier, loan.id)
        await reverse_repayment(
            step, opened, repayment_id, actor=lender.cashier, today=today, reason="not theirs"
        )
        return {"loan": loan.id}

    await perform(
        actor=lender.cashier, action="reverseRepayment", key=key(), arguments={}, work=reverse
    )
    taken = await IncomingPayment.get(id=taken.id)
    assert (taken.state, taken.loan_id, taken.repayment_id) == (IncomingState.SUSPENSE, None, None)
    assert await ledger("1002") == before["1002"]
    assert await ledger("2240") - before["2240"] == -100_00
    assert (await Loan.get(id=loan.id)).credit_balance == 0
    other = await lender.loan()
    await match(lender, taken.id, other.id)
    assert await ledger("2240") == before["2240"]
    assert {d.kind for d in (await reconciliation(dt.date(2026, 1, 15))).differences} <= {
        DifferenceKind.DUPLICATE,
        DifferenceKind.REFUSED,
        DifferenceKind.WAITING,
    }
