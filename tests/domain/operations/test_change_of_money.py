"""A money operation as a kind of change: it runs inside the approval, wholly or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

import pytest

from domain.actor import Actor
from domain.models.change import ChangeRequest
from domain.models.lending.loan import Loan, Repayment
from domain.operations.changes import decide, registry
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.lending.account import open_accounts
from domain.operations.lending.post import post
from domain.operations.lending.receive import Receipt, receive
from domain.operations.perform import Result, Step
from domain.queries.business_date import held_business_date
from domain.queries.lending.find import find_loan
from domain.queries.lending.loan_rows import lock_loan, lock_revolving_facility_of
from domain.rules.form import Form
from domain.rules.money import to_minor
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.roles import Role
from tests.books import books_hold
from tests.changes import approve, found, propose
from tests.lender import Lender
from tests.over_http import footprint

MOST = 500_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Money of a loan's borrower that turned up."""

    loan_id: int
    amount: Decimal
    currency: str


async def _validate(actor: Actor, asked: Found) -> Proposal[Found]:
    loan = await find_loan(actor, asked.loan_id)
    form = Form()
    form.money("amount", asked.amount, asked.currency)
    form.refuse()
    return Proposal(
        payload=asked,
        en=f"{asked.amount} {asked.currency} to the loan.",
        zh=f"{asked.amount} {asked.currency} 入账。",
        subject=("Loan", loan.id),
        borrower_id=loan.borrower_id,
        branch_id=loan.branch_id,
    )


async def _apply(step: Step, actor: Actor, money: Found) -> Result:
    today = await held_business_date()
    facility = await lock_revolving_facility_of(actor, money.loan_id)
    loan = await lock_loan(actor, money.loan_id)
    (account,) = await open_accounts([loan], on=today)
    await post(account.accrue_to(today, posting_date=today))
    amount = to_minor(money.amount, money.currency)
    receipt = Receipt(kind="REPAYMENT", amount=amount, items=(), credit_kept=amount)
    repayment = await receive(step, account, receipt, actor=actor, facility=facility, today=today)
    form = Form()
    if amount > MOST:  # as late as can be: everything is posted by now
        form.add(ErrorCode.LIMIT_EXCEEDED, "amount", "Too much.", "金额过大。")
    form.refuse()
    return {"loan": loan.id, "repayment": repayment}


FOUND_MONEY = Kind(
    name="FOUND_MONEY",
    en="Money that turned up.",
    zh="款项认领",
    payload=Found,
    propose=frozenset({Role.CASHIER}),
    approve=frozenset({Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind, as its line in the registry would have it."""
    kinds = {**registry.KINDS, FOUND_MONEY.name: FOUND_MONEY}
    monkeypatch.setattr(registry, "KINDS", kinds)
    monkeypatch.setattr(decide, "KINDS", kinds)


async def test_it_posts_with_the_approval(lender: Lender) -> None:
    loan = await lender.loan()
    asked = Found(loan_id=loan.id, amount=Decimal("120.50"), currency="USD")
    change = await propose(lender.cashier, FOUND_MONEY, asked)
    assert (change.subject_noun, change.subject_id) == ("Loan", loan.id)
    assert (change.borrower_id, change.branch_id) == (loan.borrower_id, loan.branch_id)
    assert (await Loan.get(id=loan.id)).credit_balance == 0
    applied = await approve(lender.approver, change)
    assert (await Loan.get(id=loan.id)).credit_balance == 120_50
    repayment = await Repayment.get(loan_id=loan.id)
    assert repayment.received_by_id == lender.approver.id
    made = json.loads(applied.made)["nouns"]
    assert made == [["Loan", loan.id], ["Repayment", repayment.id]]
    await books_hold(loan.id)


async def test_a_refusal_at_the_last_moment_posts_nothing(lender: Lender) -> None:
    loan = await lender.loan()
    asked = Found(loan_id=loan.id, amount=Decimal("500.01"), currency="USD")
    change = await propose(lender.cashier, FOUND_MONEY, asked)
    before = await footprint()
    with pytest.raises(Refused) as refused:
        await approve(lender.approver, change)
    assert found(refused) == {"id": ErrorCode.LIMIT_EXCEEDED}
    assert await footprint() == before
    assert (await ChangeRequest.get(id=change.id)).state == "PROPOSED"
    await books_hold(loan.id)


async def test_another_managers_case_is_not_seen(lender: Lender) -> None:
    """Managers propose bank accounts, yet see nothing of this kind; nor does the borrower."""
    loan = await lender.loan()
    asked = Found(loan_id=loan.id, amount=Decimal("1.00"), currency="USD")
    change = await propose(lender.cashier, FOUND_MONEY, asked)
    for actor in (lender.relationship_manager, lender.manager2, lender.applicant, lender.admin):
        with pytest.raises(Refused) as refused:
            await approve(actor, change)
        assert found(refused) == {"id": ErrorCode.NOT_FOUND}
