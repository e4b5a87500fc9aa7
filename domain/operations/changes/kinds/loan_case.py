"""What the money kinds of change share: the loan they are about, and how amounts are said."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from domain.actor import Actor
from domain.models.lending.loan_rows import LoanRow
from domain.operations.changes.kind import Proposal
from domain.queries.lending.loan_rows import see_loan
from domain.rules.form import Form
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode

P = TypeVar("P")


async def loan_of(actor: Actor, loan_id: int) -> LoanRow:
    """Return the loan a change is about, unlocked. Raises NOT_FOUND."""
    return await see_loan(actor, loan_id)


def read_amount(
    form: Form, loan: LoanRow, amount: Decimal, currency: str, *, zero: bool = False
) -> int:
    """Read an amount in the loan's currency as minor units, above 0 unless `zero` is allowed."""
    if currency != loan.currency:
        form.add(
            ErrorCode.CURRENCY_MISMATCH,
            "currency",
            f"This loan is in {loan.currency}, not in {currency}.",
            f"该借据币种为 {loan.currency}，而非 {currency}。",
        )
    return form.money("amount", amount, currency, zero=zero)


def about(loan: LoanRow, payload: P, *, en: str, zh: str) -> Proposal[P]:
    """A proposal about a loan; both summaries begin with its number."""
    number = human_number(NumberKind.LOAN, loan.id)
    return Proposal(
        payload=payload,
        en=f"Loan {number}: {en}",
        zh=f"借据 {number}：{zh}",
        subject=("Loan", loan.id),
        borrower_id=loan.borrower_id,
        branch_id=loan.branch_id,
    )
