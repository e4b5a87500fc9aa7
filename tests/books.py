"""What must hold of the books, whatever has happened."""

from __future__ import annotations

from domain import db
from domain.models.lending.loan import Installment, Loan

_BALANCES = {
    "1303": "principal_outstanding",
    "1132": "interest_receivable",
    "1133": "penalty_receivable",
    "1134": "compound_receivable",
}
_CASH = ("1002", "1012", "2240")
"""Bank, disbursements in clearing, suspense."""


async def books_hold(loan_id: int) -> None:
    """The loan's balances equal its postings, its payments equal what came in, every journal
    balances, its instalments add up to it, and the facility holds what its loans use."""
    loan = await Loan.get(id=loan_id)
    posted = {
        row["account_code"]: int(row["total"])
        for row in await db.rows(
            "SELECT account_code, SUM(amount) AS total FROM ledger_entry WHERE loan_id = %s "
            "GROUP BY account_code",
            [loan_id],
        )
    }
    for account, column in _BALANCES.items():
        assert posted.get(account, 0) == getattr(loan, column), column
    assert -posted.get("2241", 0) == loan.credit_balance
    crooked = await db.rows(
        "SELECT journal FROM ledger_entry GROUP BY journal HAVING SUM(amount) <> 0"
    )
    assert crooked == []
    came_in, kept, allocated = [
        int((await db.rows(sql, [loan_id]))[0]["n"])
        for sql in (
            "SELECT COALESCE(SUM(amount), 0) AS n FROM repayment WHERE loan_id = %s",
            "SELECT COALESCE(SUM(to_credit), 0) AS n FROM repayment WHERE loan_id = %s",
            "SELECT COALESCE(SUM(amount), 0) AS n FROM repayment_allocation WHERE loan_id = %s",
        )
    ]
    assert came_in == allocated + loan.credit_balance
    assert kept >= loan.credit_balance
    assert sum(posted.get(cash, 0) for cash in _CASH) == came_in - loan.principal
    rows = await Installment.filter(loan_id=loan_id)
    assert sum(row.principal for row in rows) == loan.principal
    assert sum(row.principal - row.principal_paid for row in rows) == loan.principal_outstanding
    assert sum(r.interest_accrued - r.interest_paid for r in rows) == loan.interest_receivable
    used = await db.rows(
        "SELECT f.used, f.state, f.revolving, (SELECT SUM(l.principal_outstanding) FROM loan l "
        "WHERE l.facility_id = f.id) AS owed, (SELECT COALESCE(SUM(d.amount), 0) FROM drawdown d "
        "WHERE d.facility_id = f.id AND d.state = 'REQUESTED') AS asked, f.reserved "
        "FROM credit_facility f WHERE f.id = %s",
        [loan.facility_id],
    )
    assert used[0]["reserved"] == int(used[0]["asked"])
    if used[0]["revolving"] and used[0]["state"] == "ACTIVE":
        assert used[0]["used"] == int(used[0]["owed"])
