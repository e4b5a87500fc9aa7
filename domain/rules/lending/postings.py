"""Which accounts a money event moves: the default posting profile (docs/domain.md §6).

An entry's amount is signed minor units: debit positive, credit negative. The entries of an event
balance by construction; an account appears at most once in an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Account(StrEnum):
    """Codes of the chart of accounts."""

    BANK = "1002"
    DISBURSEMENT_CLEARING = "1012"
    LOANS = "1303"
    INTEREST_RECEIVABLE = "1132"
    PENALTY_RECEIVABLE = "1133"
    COMPOUND_RECEIVABLE = "1134"
    SUSPENSE = "2240"
    BORROWER_CREDIT = "2241"
    INTEREST_INCOME = "6011"
    PENALTY_INCOME = "6012"
    COMPOUND_INCOME = "6013"


@dataclass(frozen=True, slots=True)
class AccountName:
    """A line of the chart: its names and the side on which it grows."""

    zh: str
    en: str
    side: str


CHART: Final[dict[Account, AccountName]] = {
    Account.BANK: AccountName("银行存款", "Bank deposits", "DEBIT"),
    Account.DISBURSEMENT_CLEARING: AccountName("放款待清算", "Disbursements in clearing", "DEBIT"),
    Account.SUSPENSE: AccountName("待查暂收款", "Suspense: money nobody could match", "CREDIT"),
    Account.LOANS: AccountName("贷款", "Loans", "DEBIT"),
    Account.INTEREST_RECEIVABLE: AccountName("应收利息", "Interest receivable", "DEBIT"),
    Account.PENALTY_RECEIVABLE: AccountName("应收罚息", "Penalty interest receivable", "DEBIT"),
    Account.COMPOUND_RECEIVABLE: AccountName("应收复利", "Compound interest receivable", "DEBIT"),
    Account.BORROWER_CREDIT: AccountName("借款人溢缴款", "Borrowers' credit balances", "CREDIT"),
    Account.INTEREST_INCOME: AccountName("利息收入", "Interest income", "CREDIT"),
    Account.PENALTY_INCOME: AccountName("罚息收入", "Penalty interest income", "CREDIT"),
    Account.COMPOUND_INCOME: AccountName("复利收入", "Compound interest income", "CREDIT"),
}


class Event(StrEnum):
    """What moved the money."""

    DISBURSEMENT = "DISBURSEMENT"
    ACCRUAL = "ACCRUAL"
    REPAYMENT = "REPAYMENT"
    CREDIT_APPLIED = "CREDIT_APPLIED"
    SUSPENSE = "SUSPENSE"


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of an event; `amount` in minor units, debit positive, credit negative."""

    account: Account
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a payment settled, or what a day accrued, by bucket, in minor units."""

    principal: int = 0
    interest: int = 0
    penalty: int = 0
    compound: int = 0

    @property
    def total(self) -> int:
        """The sum of the parts."""
        return self.principal + self.interest + self.penalty + self.compound


def disbursed(principal: int) -> list[Entry]:
    """Money out: the loan grows, the bank shrinks."""
    return _balanced({Account.LOANS: principal, Account.BANK: -principal})


def accrued(parts: Parts) -> list[Entry]:
    """A day's interest earned but not yet received."""
    return _balanced(
        {
            Account.INTEREST_RECEIVABLE: parts.interest,
            Account.INTEREST_INCOME: -parts.interest,
            Account.PENALTY_RECEIVABLE: parts.penalty,
            Account.PENALTY_INCOME: -parts.penalty,
            Account.COMPOUND_RECEIVABLE: parts.compound,
            Account.COMPOUND_INCOME: -parts.compound,
        }
    )


def repaid(parts: Parts, *, credit_kept: int, credit_used: int = 0) -> list[Entry]:
    """Money in, with what of it settled what; `credit_kept` is the overpayment, `credit_used` what
    an earlier overpayment paid."""
    return _balanced(
        {
            Account.BANK: parts.total + credit_kept - credit_used,
            Account.LOANS: -parts.principal,
            Account.INTEREST_RECEIVABLE: -parts.interest,
            Account.PENALTY_RECEIVABLE: -parts.penalty,
            Account.COMPOUND_RECEIVABLE: -parts.compound,
            Account.BORROWER_CREDIT: credit_used - credit_kept,
        }
    )


def _balanced(amounts: dict[Account, int]) -> list[Entry]:
    entries = [Entry(account, amount) for account, amount in amounts.items() if amount]
    if sum(entry.amount for entry in entries) != 0:
        raise ValueError(f"entries do not balance: {entries}")
    return entries
