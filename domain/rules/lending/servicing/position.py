"""What the books hold of a loan, from the loan alone (docs/domain.md §6).

The position is a function of the account, so whatever an event does, it posts the position after
less the position before: the entries balance, and a loan's balances equal its postings, by
construction. `verifyBooks` compares the same position with the sum of what was posted.
"""

from __future__ import annotations

from typing import Final, Protocol

from domain.rules.lending.postings import Account, Entry
from domain.rules.lending.servicing.account import BookStatus


class Balances(Protocol):
    """What of a loan the books depend on: an account, or a row of the loan table.

    Claims (what is owed) are `principal_outstanding` and the receivables; `…_paid` is all that was
    ever paid into a bucket; `written_off` is the principal written off.
    """

    @property
    def book_status(self) -> str: ...
    @property
    def principal_outstanding(self) -> int: ...
    @property
    def interest_receivable(self) -> int: ...
    @property
    def penalty_receivable(self) -> int: ...
    @property
    def compound_receivable(self) -> int: ...
    @property
    def fee_receivable(self) -> int: ...
    @property
    def interest_paid(self) -> int: ...
    @property
    def penalty_paid(self) -> int: ...
    @property
    def compound_paid(self) -> int: ...
    @property
    def fee_paid(self) -> int: ...
    @property
    def written_off(self) -> int: ...
    @property
    def vat(self) -> int: ...
    @property
    def credit_balance(self) -> int: ...


Position = dict[Account, int]
"""Signed balances by account: debit positive, credit negative; they sum to zero."""

_A = Account
_INTEREST_BUCKETS: Final = (
    ("interest", _A.INTEREST_RECEIVABLE, _A.MEMO_INTEREST, _A.INTEREST_INCOME),
    ("penalty", _A.PENALTY_RECEIVABLE, _A.MEMO_PENALTY, _A.PENALTY_INCOME),
    ("compound", _A.COMPOUND_RECEIVABLE, _A.MEMO_COMPOUND, _A.COMPOUND_INCOME),
)


def position(loan: Balances, *, disbursed: int) -> Position:
    """The balance of every account that a loan of `disbursed` principal moves.

    Cash is what came in less what went out. Interest is income as it accrues; of a loan in
    non-accrual or written off, as it is paid. VAT is taken out of interest income. Principal
    written off is a loss against the provision, and what of it is paid later is won back there.
    """
    on_book = loan.book_status == BookStatus.ACCRUING
    charged_off = loan.book_status == BookStatus.WRITTEN_OFF
    principal_paid = disbursed - loan.principal_outstanding
    held = {
        _A.BANK: principal_paid
        + loan.interest_paid
        + loan.penalty_paid
        + loan.compound_paid
        + loan.fee_paid
        + loan.credit_balance
        - disbursed,
        _A.BORROWER_CREDIT: -loan.credit_balance,
        _A.VAT_PAYABLE: -loan.vat,
        _A.FEE_INCOME: -loan.fee_paid,
        _A.LOANS: 0 if charged_off else loan.principal_outstanding,
        _A.LOAN_LOSS_PROVISION: loan.principal_outstanding if charged_off else 0,
    }
    memo = {_A.MEMO_PRINCIPAL: loan.principal_outstanding if charged_off else 0}
    if charged_off:
        memo[_A.MEMO_FEES] = loan.fee_receivable
    else:
        held[_A.FEE_RECEIVABLE] = loan.fee_receivable
        held[_A.FEE_INCOME] -= loan.fee_receivable
    for bucket, receivable, memo_account, income in _INTEREST_BUCKETS:
        claim: int = getattr(loan, f"{bucket}_receivable")
        paid: int = getattr(loan, f"{bucket}_paid")
        if on_book:
            held[receivable], held[income] = claim, -(claim + paid)
        else:
            memo[memo_account], held[income] = claim, -paid
    held[_A.INTEREST_INCOME] += loan.vat
    held.update(memo)
    held[_A.MEMO_CONTRA] = -sum(memo.values())
    return held


def moved(before: Position, after: Position, *, cash: Account = Account.BANK) -> list[Entry]:
    """The entries that bring the books from one position to another; they sum to zero.

    Money comes from, and goes to, the account `cash`.
    """
    entries = [
        Entry(cash if account is Account.BANK else account, difference)
        for account in sorted(after.keys() | before.keys())
        if (difference := after.get(account, 0) - before.get(account, 0))
    ]
    if sum(entry.amount for entry in entries) != 0:
        raise ValueError(f"entries do not balance: {entries}")
    return entries


class _Nothing:
    """A loan of which every balance is 0, but for the one that is set."""

    principal_outstanding = interest_receivable = penalty_receivable = compound_receivable = 0
    fee_receivable = interest_paid = penalty_paid = compound_paid = fee_paid = 0
    written_off = vat = credit_balance = 0

    def __init__(self, book_status: BookStatus, balance: str = "") -> None:
        self.book_status = book_status
        if balance:
            setattr(self, balance, 1)


_GROWING: Final = ("interest_receivable", "penalty_receivable", "compound_receivable", "vat")
# A position is linear in the balances, so what one minor unit moves says what any amount does.
_MOVED_BY_ONE: Final = {
    status: [
        [
            (entry.account, entry.amount)
            for entry in moved(
                position(_Nothing(status), disbursed=0),
                position(_Nothing(status, balance), disbursed=0),
            )
        ]
        for balance in _GROWING
    ]
    for status in BookStatus
}


def accrued(
    status: BookStatus, *, interest: int = 0, penalty: int = 0, compound: int = 0, vat: int = 0
) -> list[tuple[Account, int]]:
    """The entries of claims that grew and of tax that fell due, by account, as :func:`moved` has
    them; the day close asks this for each loan, where whole positions would cost too much."""
    if not (penalty or compound or vat):
        return [(account, one * interest) for account, one in _MOVED_BY_ONE[status][0] if interest]
    sums: dict[Account, int] = {}
    for amount, ones in zip((interest, penalty, compound, vat), _MOVED_BY_ONE[status], strict=True):
        for account, one in ones:
            sums[account] = sums.get(account, 0) + one * amount
    return [(account, sums[account]) for account in sorted(sums) if sums[account]]
