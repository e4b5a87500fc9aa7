"""Money in suspense, on SQLite and MariaDB: matched, sent back, and back after a reversal."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.models.lending.loan import Loan, Repayment
from domain.models.lending.payment import IncomingPayment
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import reverse_repayment
from domain.operations.lending.settle_suspense import (
    SuspenseMatch,
    SuspenseReturn,
    match_suspense_now,
    return_suspense_now,
)
from domain.operations.perform import Result, Step, perform
from domain.queries.lending.reconciliation import reconciliation
from domain.rules.lending.payment_states import (
    IncomingState,
)
from domain.rules.lending.reconciliation import DifferenceKind
from domain.rules.refusal import ErrorCode, Refused
from tests.incoming import counts, ledger, number, payment, receive
from tests.lender import Lender, key


async def test_suspense_is_matched_by_another_person_and_goes_to_the_loan(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key()))
    before = await ledger("2240")
    match = SuspenseMatch(payment_id=taken.id, loan_id=loan.id)
    with pytest.raises(Refused) as refusal:
        await match_suspense_now(actor=lender.cashier, key=key(), match=match)
    assert refusal.value.problems[0].code is ErrorCode.SAME_PERSON
    done = await match_suspense_now(actor=lender.accountant, key=key(), match=match)
    taken = await IncomingPayment.get(id=taken.id)
    assert (taken.state, taken.loan_id) == (IncomingState.MATCHED, loan.id)
    assert taken.repayment_id == done["repayment"]
    assert await ledger("2240") - before == 100_00
    assert (await Repayment.get(id=done["repayment"])).amount == 100_00
    with pytest.raises(Refused) as refusal:
        await match_suspense_now(actor=lender.accountant, key=key(), match=match)
    assert refusal.value.problems[0].code is ErrorCode.ILLEGAL_STATE


async def test_suspense_goes_back_only_to_the_account_it_came_from(lender: Lender) -> None:
    nameless = await receive(lender, payment(key(), payer_account=""))
    back = SuspenseReturn(payment_id=nameless.id, reason="not ours")
    before = await counts()
    with pytest.raises(Refused) as refusal:
        await return_suspense_now(actor=lender.accountant, key=key(), back=back)
    assert refusal.value.problems[0].code is ErrorCode.REQUIRED
    assert await counts() == before
    taken = await receive(lender, payment(key()))
    back = SuspenseReturn(payment_id=taken.id, reason="not ours")
    done = await return_suspense_now(actor=lender.accountant, key=key(), back=back)
    assert (await IncomingPayment.get(id=taken.id)).state == IncomingState.RETURNED
    assert await ledger("2240", f"order:{done['order']}") == 100_00
    assert await ledger("1012", f"order:{done['order']}") == -100_00


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
    await match_suspense_now(
        actor=lender.accountant,
        key=key(),
        match=SuspenseMatch(payment_id=taken.id, loan_id=other.id),
    )
    assert await ledger("2240") == before["2240"]
    assert {d.kind for d in (await reconciliation(dt.date(2026, 1, 15))).differences} <= {
        DifferenceKind.DUPLICATE,
        DifferenceKind.REFUSED,
        DifferenceKind.WAITING,
    }
