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
    INTEREST_RECEIVABLE = "1132"
    PENALTY_RECEIVABLE = "1133"
    COMPOUND_RECEIVABLE = "1134"
    FEE_RECEIVABLE = "1135"
    LOANS = "1303"
    LOAN_LOSS_PROVISION = "1304"
    VAT_PAYABLE = "2221"
    SUSPENSE = "2240"
    BORROWER_CREDIT = "2241"
    INTEREST_INCOME = "6011"
    PENALTY_INCOME = "6012"
    COMPOUND_INCOME = "6013"
    FEE_INCOME = "6021"
    MEMO_PRINCIPAL = "8001"
    MEMO_INTEREST = "8002"
    MEMO_PENALTY = "8003"
    MEMO_COMPOUND = "8004"
    MEMO_FEES = "8005"
    MEMO_CONTRA = "8999"


@dataclass(frozen=True, slots=True)
class AccountName:
    """A line of the chart: its names and the side on which it grows."""

    zh: str
    en: str
    side: str


def _line(zh: str, en: str, side: str) -> AccountName:
    return AccountName(zh, en, side)


CHART: Final[dict[Account, AccountName]] = {
    Account.BANK: _line("银行存款", "Bank deposits", "DEBIT"),
    Account.DISBURSEMENT_CLEARING: _line("放款待清算", "Disbursements in clearing", "DEBIT"),
    Account.INTEREST_RECEIVABLE: _line("应收利息", "Interest receivable", "DEBIT"),
    Account.PENALTY_RECEIVABLE: _line("应收罚息", "Penalty interest receivable", "DEBIT"),
    Account.COMPOUND_RECEIVABLE: _line("应收复利", "Compound interest receivable", "DEBIT"),
    Account.FEE_RECEIVABLE: _line("应收费用", "Fees receivable", "DEBIT"),
    Account.LOANS: _line("贷款", "Loans", "DEBIT"),
    Account.LOAN_LOSS_PROVISION: _line("贷款损失准备", "Loan loss provision", "CREDIT"),
    Account.VAT_PAYABLE: _line("应交增值税", "Value-added tax payable", "CREDIT"),
    Account.SUSPENSE: _line("待查暂收款", "Suspense: money nobody could match", "CREDIT"),
    Account.BORROWER_CREDIT: _line("借款人溢缴款", "Borrowers' credit balances", "CREDIT"),
    Account.INTEREST_INCOME: _line("利息收入", "Interest income", "CREDIT"),
    Account.PENALTY_INCOME: _line("罚息收入", "Penalty interest income", "CREDIT"),
    Account.COMPOUND_INCOME: _line("复利收入", "Compound interest income", "CREDIT"),
    Account.FEE_INCOME: _line("手续费收入", "Fee income", "CREDIT"),
    Account.MEMO_PRINCIPAL: _line("表外：已核销贷款本金", "Memo: principal written off", "DEBIT"),
    Account.MEMO_INTEREST: _line("表外：应收未收利息", "Memo: interest", "DEBIT"),
    Account.MEMO_PENALTY: _line("表外：应收未收罚息", "Memo: penalty interest", "DEBIT"),
    Account.MEMO_COMPOUND: _line("表外：应收未收复利", "Memo: compound interest", "DEBIT"),
    Account.MEMO_FEES: _line("表外：已核销费用", "Memo: fees written off", "DEBIT"),
    Account.MEMO_CONTRA: _line("表外对应科目", "Memo: contra", "CREDIT"),
}

CASH_ACCOUNTS: Final = frozenset({Account.BANK, Account.DISBURSEMENT_CLEARING, Account.SUSPENSE})
"""Where money of a loan comes from and goes to."""


class Event(StrEnum):
    """What moved the money."""

    DISBURSEMENT = "DISBURSEMENT"
    ACCRUAL = "ACCRUAL"
    DAY = "DAY"
    """What a new day brought besides interest: credit applied, non-accrual, tax."""
    REPAYMENT = "REPAYMENT"
    REFUND = "REFUND"
    CHARGE = "CHARGE"
    WAIVER = "WAIVER"
    TERMS = "TERMS"
    """A change of terms: rate, dates, extension, restructuring, acceleration."""
    WRITE_OFF = "WRITE_OFF"
    REPLAY = "REPLAY"
    """A reversed or back-dated event: what the loan is now less what the books had."""
    SUSPENSE = "SUSPENSE"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of an event; `amount` in minor units, debit positive, credit negative."""

    account: Account
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A debt by bucket, in minor units."""

    principal: int = 0
    interest: int = 0
    penalty: int = 0
    compound: int = 0
    costs: int = 0

    @property
    def total(self) -> int:
        """The sum of the parts."""
        return self.principal + self.interest + self.penalty + self.compound + self.costs
