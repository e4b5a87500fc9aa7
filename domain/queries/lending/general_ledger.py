"""The books by account: trial balance (试算平衡表), general ledger (总账), and what of them is the
loans' (明细账). Posting dates throughout, amounts in minor units.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.actor import Actor
from domain.db import rows
from domain.queries.business_date import business_date
from domain.queries.lending.loan_rows import see_loan
from domain.rules.form import Form
from domain.rules.lending.moments import SUMMED, Balances
from domain.rules.lending.posting_profile import OwnAccount
from domain.rules.lending.postings import CHART, Account
from domain.rules.lending.proof import MEMO_ACCOUNTS, with_cash_together
from domain.rules.lending.servicing.position import position
from domain.rules.refusal import ErrorCode, Refused


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """An account over a period: signed balances (debit positive) and both sides' movement, each
    zero or more."""

    code: str
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        """The balance at the end."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account of the chart that has entries in a currency, by its code."""

    currency: str
    accounts: tuple[AccountTotal, ...]

    @property
    def difference(self) -> int:
        """The sum of all closing balances: zero."""
        return sum(account.closing for account in self.accounts)

    @property
    def memo_difference(self) -> int:
        """That of the memo accounts (表外) alone: zero."""
        return sum(each.closing for each in self.accounts if each.code in MEMO_ACCOUNTS)


@dataclass(frozen=True, slots=True)
class Period:
    """Posting dates, both inclusive."""

    start: dt.date
    end: dt.date


async def period_of(start: dt.date | None, end: dt.date | None) -> Period:
    """Return a period: by default from the first of the business date's month to that date.

    Raises :class:`~domain.rules.refusal.Refused` for one that ends before it begins.
    """
    last = end or await business_date()
    first = start or last.replace(day=1)
    form = Form()
    if last < first:
        form.add(
            ErrorCode.DATE_OUT_OF_RANGE,
            "to",
            f"The period would end on {last}, before it begins on {first}.",
            f"截止日 {last} 早于起始日 {first}。",
        )
    form.refuse()
    return Period(first, last)


async def trial_balances(period: Period, *, currency: str | None = None) -> list[TrialBalance]:
    """Return the trial balance of each currency, or of one."""
    only, values = ("", []) if currency is None else (" AND currency = %s", [currency])
    found = await rows(
        "SELECT currency, account_code, "
        "SUM(CASE WHEN posting_date < %s THEN amount ELSE 0 END) AS opening, "
        "SUM(CASE WHEN posting_date >= %s AND amount > 0 THEN amount ELSE 0 END) AS debit, "
        "SUM(CASE WHEN posting_date >= %s AND amount < 0 THEN -amount ELSE 0 END) AS credit "
        f"FROM ledger_entry WHERE posting_date <= %s{only} GROUP BY currency, account_code "
        "ORDER BY currency, account_code",
        [period.start, period.start, period.start, period.end, *values],
    )
    by_currency: dict[str, list[AccountTotal]] = defaultdict(list)
    for row in found:
        by_currency[row["currency"]].append(
            AccountTotal(
                row["account_code"], int(row["opening"]), int(row["debit"]), int(row["credit"])
            )
        )
    return [TrialBalance(code, tuple(accounts)) for code, accounts in by_currency.items()]


def by_own_account(
    accounts: Iterable[AccountTotal], own: Mapping[str, OwnAccount]
) -> list[AccountTotal]:
    """Return the accounts by the lender's own chart, by code: several of ours may be one there."""
    added: dict[str, AccountTotal] = {}
    for each in accounts:
        code = own[each.code].code
        so_far = added.get(code, AccountTotal(code, 0, 0, 0))
        added[code] = AccountTotal(
            code,
            so_far.opening + each.opening,
            so_far.debit + each.debit,
            so_far.credit + each.credit,
        )
    return [added[code] for code in sorted(added)]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An entry of an account, and the account's balance after it."""

    entry_id: int
    journal: str
    event: str
    loan_id: int | None
    value_date: dt.date
    posting_date: dt.date
    amount: int
    balance: int


async def balance_before(account: str, currency: str, *, day: dt.date) -> int:
    """Return an account's balance at the opening of a day."""
    (row,) = await rows(
        "SELECT COALESCE(SUM(amount), 0) AS total FROM ledger_entry "
        "WHERE account_code = %s AND currency = %s AND posting_date < %s",
        [account, currency, day],
    )
    return int(row["total"])


async def ledger_lines(
    account: str,
    currency: str,
    period: Period,
    *,
    after: tuple[dt.date, int] | None,
    balance: int,
    limit: int,
) -> list[LedgerLine]:
    """Return an account's entries by posting date, those after the (date, id) of one read before;
    `balance` is what the account held there."""
    day, entry_id = after or (period.start, 0)
    found = await rows(
        "SELECT id, journal, event, loan_id, value_date, posting_date, amount FROM ledger_entry "
        "WHERE account_code = %s AND currency = %s AND posting_date BETWEEN %s AND %s "
        "AND (posting_date > %s OR id > %s) ORDER BY posting_date, id LIMIT %s",
        [account, currency, day, period.end, day, entry_id, limit],
    )
    return _running(found, balance)


def _running(found: Sequence[dict[str, Any]], balance: int) -> list[LedgerLine]:
    lines = []
    for row in found:
        balance += row["amount"]
        lines.append(
            LedgerLine(
                row["id"],
                row["journal"],
                row["event"],
                row["loan_id"],
                row["value_date"],
                row["posting_date"],
                row["amount"],
                balance,
            )
        )
    return lines


@dataclass(frozen=True, slots=True)
class SubLedgerLine:
    """An account's balance from a loan's postings, and from its row; cash accounts together."""

    code: str
    posted: int
    position: int


@dataclass(frozen=True, slots=True)
class SubLedger:
    """The accounts that a loan moved, by code."""

    loan_id: int
    currency: str
    accounts: tuple[SubLedgerLine, ...]


async def sub_ledger(actor: Actor, loan_id: int) -> SubLedger | None:
    """Return what a loan's postings come to by account, beside what its row says; None when the
    actor may see no such loan."""
    try:
        loan = await see_loan(actor, loan_id)
    except Refused:
        return None
    found = await rows(
        "SELECT account_code, SUM(amount) AS total FROM ledger_entry WHERE loan_id = %s "
        "GROUP BY account_code",
        [loan_id],
    )
    posted = with_cash_together([(row["account_code"], int(row["total"])) for row in found])
    balances = Balances(
        book_status=loan.book_status, **{name: getattr(loan, name) for name in SUMMED}
    )
    should = with_cash_together(position(balances, disbursed=loan.principal).items())
    return SubLedger(
        loan_id,
        loan.currency,
        tuple(
            SubLedgerLine(code, posted.get(code, 0), should.get(code, 0))
            for code in sorted(posted.keys() | should.keys())
        ),
    )


@dataclass(frozen=True, slots=True)
class VatMonth:
    """Value-added tax of a month: what was charged, and what was taken back or paid."""

    month: str
    currency: str
    charged: int
    taken_back: int


async def vat_by_month(period: Period) -> list[VatMonth]:
    """Return the movement of the tax account by calendar month of posting and currency."""
    found = await rows(
        "SELECT SUBSTR(posting_date, 1, 7) AS month, currency, "
        "SUM(CASE WHEN amount < 0 THEN -amount ELSE 0 END) AS charged, "
        "SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS taken_back FROM ledger_entry "
        "WHERE account_code = %s AND posting_date BETWEEN %s AND %s "
        "GROUP BY SUBSTR(posting_date, 1, 7), currency ORDER BY month, currency",
        [Account.VAT_PAYABLE, period.start, period.end],
    )
    return [
        VatMonth(row["month"], row["currency"], int(row["charged"]), int(row["taken_back"]))
        for row in found
    ]


def is_account(code: str) -> bool:
    """Whether the chart has an account of this code."""
    return code in CHART
