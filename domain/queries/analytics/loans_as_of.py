"""Every loan as it stood at the end of a day: what its postings sum to, and since when it is late.

Balances are postings up to that day, on the accounts of assets and income: claims of loans in
non-accrual or written off are memo, and not among them. Late is the oldest instalment due before it
of which principal or contract interest was unpaid, by the value dates of the payments as they count
now: a payment reversed since then does not count on a day before either.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from domain.models.lending.loan_history_events import EVENT_KINDS
from domain.queries.select import Condition
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.postings import Account
from domain.rules.lending.servicing.events import WriteOff
from domain.rules.lending.states import LoanState

BALANCES: Final = {
    "principal": (Account.LOANS, 1),
    "interest": (Account.INTEREST_RECEIVABLE, 1),
    "penalty": (Account.PENALTY_RECEIVABLE, 1),
    "compound": (Account.COMPOUND_RECEIVABLE, 1),
    "interest_income": (Account.INTEREST_INCOME, -1),
    "penalty_income": (Account.PENALTY_INCOME, -1),
    "compound_income": (Account.COMPOUND_INCOME, -1),
}
"""Column of `balance` → its account, and the sign that makes a usual balance positive."""


def loans_as_of(day: dt.date, *names: str) -> Condition:
    """Return the WITH clause: `balance` (loan_id and the BALANCES of these names, default all) and
    `late` (loan_id, oldest)."""
    chosen = {name: BALANCES[name] for name in names or BALANCES}
    accounts = ", ".join(f"'{account}'" for account, _ in chosen.values())
    sums = ", ".join(
        f"SUM(CASE WHEN account_code = '{account}' THEN {'-' if sign < 0 else ''}amount ELSE 0 END)"
        f" AS {name}"
        for name, (account, sign) in chosen.items()
    )
    # Summed by account first: one sum an entry, and the cases only once an account.
    return Condition(
        "WITH posted AS (SELECT loan_id, account_code, SUM(amount) AS amount FROM ledger_entry "
        f"WHERE posting_date <= %s AND account_code IN ({accounts}) "
        "GROUP BY loan_id, account_code), "
        f"balance AS (SELECT loan_id, {sums} FROM posted GROUP BY loan_id), "
        "late AS (SELECT i.loan_id, MIN(i.due_date) AS oldest FROM installment i "
        "WHERE i.due_date < %s AND (i.settled_on IS NULL OR i.settled_on > %s) "
        f"AND (i.principal > {_paid(Bucket.PRINCIPAL)} OR i.interest > {_paid(Bucket.INTEREST)}) "
        "GROUP BY i.loan_id) ",
        (day,) * 5,
    )


def active_as_of(day: dt.date) -> Condition:
    """Return the condition for loans paid out by the end of that day, and neither closed nor
    written off by then: what is recovered of a loan later does not make it active again."""
    closed = ", ".join(
        f"'{state}'" for state in (LoanState.PAID_OFF, LoanState.WRITTEN_OFF, LoanState.TRANSFERRED)
    )
    return Condition(
        f"(loan.start_date <= %s AND (loan.state = '{LoanState.ACTIVE}' OR (loan.state IN "
        f"({closed}) AND COALESCE((SELECT MIN(e.posting_date) FROM loan_event e WHERE "
        f"e.loan_id = loan.id AND e.kind = '{EVENT_KINDS[WriteOff]}' AND e.reversed_by IS NULL), "
        "loan.closed_on) > %s)))",
        (day, day),
    )


def _paid(bucket: Bucket) -> str:
    return (
        "COALESCE((SELECT SUM(a.amount) FROM repayment_allocation a WHERE a.loan_id = i.loan_id "
        "AND a.installment_number = i.number "
        f"AND a.superseded_by IS NULL AND a.bucket = '{bucket}' AND a.value_date <= %s), 0)"
    )
