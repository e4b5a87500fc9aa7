"""What of the books is about no single loan: limits, the trial balance, entries of no loan or of a
day that has not come."""

from __future__ import annotations

import datetime as dt

from domain.db import in_list, rows
from domain.queries.lending.proof_of_loans import unbalanced
from domain.rules.lending.proof import (
    LOAN_ACCOUNTS,
    MEMO_ACCOUNTS,
    Check,
    Fault,
    account_name,
    money_fault,
)
from domain.rules.lending.states import DrawdownState

FACILITIES_A_RANGE = 10_000
_LISTED_MAX = 100


async def limit_faults(*, first: int, last: int) -> list[Fault]:
    """Facilities from `first` to `last` that hold another sum than their loans and drawdowns."""
    over = "(f.reserved + f.used - f.limit_amount)"
    excess = f"(CASE WHEN {over} > 0 THEN {over} ELSE 0 END)"
    used, asked = "COALESCE(l.used, 0)", "COALESCE(d.asked, 0)"
    found = await rows(
        f"SELECT f.id, f.currency, f.used, f.reserved, f.excess, {used} AS should_used, "
        f"{asked} AS should_reserved, {excess} AS should_excess FROM credit_facility f "
        "LEFT JOIN (SELECT facility_id, SUM(limit_used) AS used FROM loan "
        "WHERE facility_id BETWEEN %s AND %s GROUP BY facility_id) l ON l.facility_id = f.id "
        "LEFT JOIN (SELECT facility_id, SUM(amount) AS asked FROM drawdown WHERE state = %s "
        "AND facility_id BETWEEN %s AND %s GROUP BY facility_id) d ON d.facility_id = f.id "
        f"WHERE f.id BETWEEN %s AND %s AND (f.used <> {used} OR f.reserved <> {asked} "
        f"OR f.excess <> {excess}) ORDER BY f.id",
        [first, last, DrawdownState.REQUESTED, first, last, first, last],
    )
    names = {
        "used": ("used, by its loans", "已用额度（应等于借据占用合计）"),
        "reserved": ("reserved, by its drawdowns", "预占额度（应等于待放款合计）"),
        "excess": ("excess over the limit", "超额部分"),
    }
    return [
        money_fault(
            Check.LIMIT,
            "CreditFacility",
            row["id"],
            what,
            currency=row["currency"],
            expected=int(row[f"should_{name}"]),
            found=row[name],
        )
        for row in found
        for name, what in names.items()
        if row[name] != int(row[f"should_{name}"])
    ]


async def trial_balance_faults() -> list[Fault]:
    """Currencies in which all entries, or those on memo accounts, do not sum to zero."""
    found = await rows(
        "SELECT currency, SUM(amount) AS total, SUM(CASE WHEN account_code IN "
        f"{in_list(sorted(MEMO_ACCOUNTS))} THEN amount ELSE 0 END) AS memo "
        "FROM ledger_entry GROUP BY currency ORDER BY currency",
        sorted(MEMO_ACCOUNTS),
    )
    totals = {row["currency"]: (int(row["total"]), int(row["memo"])) for row in found}
    return totals_faults(totals)


def totals_faults(totals: dict[str, tuple[int, int]]) -> list[Fault]:
    """A fault for each sum by currency, of all accounts and of the memo accounts, that is not 0."""
    names = (
        ("the sum of all accounts", "全部科目合计"),
        ("the sum of the memo accounts", "表外科目合计"),
    )
    return [
        money_fault(
            Check.TRIAL_BALANCE,
            "TrialBalance",
            currency,
            what,
            currency=currency,
            expected=0,
            found=total,
        )
        for currency, sums in sorted(totals.items())
        for what, total in zip(names, sums, strict=True)
        if total
    ]


async def entry_faults(*, today: dt.date) -> list[Fault]:
    """Entries posted after the business date, and entries of no loan: where they are on an account
    that loans are kept on, or their journal does not sum to zero."""
    found = await rows(
        "SELECT id, journal, posting_date FROM ledger_entry WHERE posting_date > %s "
        "ORDER BY posting_date, id LIMIT %s",
        [today, _LISTED_MAX],
    )
    faults = [
        Fault(
            check=Check.FUTURE_ENTRY,
            noun="LedgerEntry",
            row=str(row["id"]),
            en=f"posting date of journal {row['journal']}",
            zh=f"凭证 {row['journal']} 的记账日",
            expected=f"<= {today}",
            found=str(row["posting_date"]),
        )
        for row in found
    ]
    # Not in an order: with one, MySQL may walk the whole ledger along it instead of an index.
    crooked = await rows(
        "SELECT journal FROM ledger_entry WHERE loan_id IS NULL GROUP BY journal, currency "
        "HAVING SUM(amount) <> 0 LIMIT %s",
        [_LISTED_MAX],
    )
    faults += await unbalanced([row["journal"] for row in crooked])
    select = "SELECT id, account_code, currency, amount FROM ledger_entry WHERE "
    strangers = await rows(
        f"{select}loan_id IS NULL AND account_code IN {in_list(sorted(LOAN_ACCOUNTS))} LIMIT %s",
        [*sorted(LOAN_ACCOUNTS), _LISTED_MAX],
    )
    # A loan beyond the last one, which no range of loans looks at.
    strangers += await rows(
        f"{select}loan_id > (SELECT COALESCE(MAX(id), 0) FROM loan) LIMIT %s", [_LISTED_MAX]
    )
    for row in strangers:
        code = row["account_code"]
        en, zh = account_name(code)
        faults.append(
            money_fault(
                Check.SUB_LEDGER,
                "LedgerEntry",
                row["id"],
                (f"an entry of no loan on {code} {en}", f"科目 {code} {zh} 上不属于任何借据的分录"),
                currency=row["currency"],
                expected=0,
                found=row["amount"],
            )
        )
    return faults
