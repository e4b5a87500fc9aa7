"""What a proof of the books finds (docs/domain.md §6): a row that does not hold, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.rules.lending.postings import CASH_ACCOUNTS, CHART, Account
from domain.rules.money import format_minor


class Check(StrEnum):
    """What was proven, and did not hold."""

    JOURNAL = "JOURNAL"
    """The entries of a journal sum to zero."""
    POSTINGS = "POSTINGS"
    """A loan's postings by account are the position that its row says."""
    ITEMS = "ITEMS"
    """A loan's balances are the sums of its instalments and charges."""
    PAYMENT = "PAYMENT"
    """What came in is what was allocated and what was kept as credit."""
    LIMIT = "LIMIT"
    """A facility is used and reserved by its loans and drawdowns, and its excess is the rest."""
    TRIAL_BALANCE = "TRIAL_BALANCE"
    """The balances of all accounts sum to zero, and those of the memo accounts by themselves."""
    SUB_LEDGER = "SUB_LEDGER"
    """An account that loans are kept on has no entry that names no loan."""
    FUTURE_ENTRY = "FUTURE_ENTRY"
    """No entry is posted on a day after the business date."""
    CARRIED = "CARRIED"
    """The sums carried forward from earlier proofs are those of the entries."""
    ACCRUED = "ACCRUED"
    """Every living loan has the day behind it, or was set aside."""
    REPLAY = "REPLAY"
    """A loan's history, replayed, gives the loan as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A row that does not hold: its noun and id (or name), what of it, and both figures."""

    check: Check
    noun: str
    row: str
    en: str
    zh: str
    expected: str
    found: str

    def said_en(self) -> str:
        """All of it in one English sentence."""
        whose = f"{self.noun} {self.row}"
        return f"{whose}: {self.en}: expected {self.expected}, found {self.found}."

    def said_zh(self) -> str:
        """All of it in one Chinese sentence."""
        return f"{self.noun} {self.row}：{self.zh}，应为 {self.expected}，实为 {self.found}。"


MEMO_ACCOUNTS: Final = frozenset(account for account in Account if account.startswith("8"))

LOAN_ACCOUNTS: Final = MEMO_ACCOUNTS | {
    Account.INTEREST_RECEIVABLE,
    Account.PENALTY_RECEIVABLE,
    Account.COMPOUND_RECEIVABLE,
    Account.FEE_RECEIVABLE,
    Account.LOANS,
    Account.BORROWER_CREDIT,
}
"""The accounts whose balance is that of the loans: their sub-ledger is the loans' own entries."""


def money_fault(
    check: Check,
    noun: str,
    row: object,
    what: tuple[str, str],
    *,
    currency: str,
    expected: int,
    found: int,
) -> Fault:
    """A fault in an amount; `what` names it in en and zh, amounts are minor units."""
    return Fault(
        check=check,
        noun=noun,
        row=str(row),
        en=what[0],
        zh=what[1],
        expected=f"{format_minor(expected, currency)} {currency}",
        found=f"{format_minor(found, currency)} {currency}",
    )


def account_name(code: str) -> tuple[str, str]:
    """An account's name in en and zh, also of a code that the chart lacks."""
    if code not in CHART:
        return "(not in the chart)", "（科目表中没有）"
    name = CHART[Account(code)]
    return name.en, name.zh


def with_cash_together(sums: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Sums by account with those of the cash accounts under BANK, and without zeros: money may
    have come by another of them."""
    together: dict[str, int] = {}
    for account, amount in sums:
        kept = Account.BANK if account in CASH_ACCOUNTS else account
        together[kept] = together.get(kept, 0) + amount
    return {account: amount for account, amount in together.items() if amount}


def posting_faults(
    loan_id: int, currency: str, *, expected: Mapping[Account, int], found: Mapping[str, int]
) -> Iterator[Fault]:
    """Every account on which a loan's postings (`found`) are not its position (`expected`)."""
    should = with_cash_together(expected.items())
    posted = with_cash_together(found.items())
    for account in sorted(should.keys() | posted.keys()):
        if should.get(account, 0) != posted.get(account, 0):
            en, zh = account_name(account)
            yield money_fault(
                Check.POSTINGS,
                "Loan",
                loan_id,
                (f"postings on {account} {en}", f"科目 {account} {zh} 的入账合计"),
                currency=currency,
                expected=should.get(account, 0),
                found=posted.get(account, 0),
            )
