"""What must hold of the books, whatever has happened."""

from __future__ import annotations

from domain import db
from domain.models.lending.loan import Installment, Loan
from domain.rules.lending.postings import CASH_ACCOUNTS, Account
from domain.rules.lending.servicing.position import position

_CASH = {str(account) for account in CASH_ACCOUNTS}


async def books_hold(loan_id: int) -> None:
    """The loan's postings are what the books should hold of it, its payments equal what came in,
    every journal balances, its items add up to it, and the facility holds what its loans use."""
    loan = await Loan.get(id=loan_id)
    await _postings_hold(loan)
    crooked = await db.rows(
        "SELECT journal FROM ledger_entry GROUP BY journal HAVING SUM(amount) <> 0"
    )
    assert crooked == []
    came_in = await _sum("amount", "repayment", "reversed_by IS NULL", loan_id)
    kept = await _sum("to_credit", "repayment", "reversed_by IS NULL", loan_id)
    allocated = await _sum(
        "amount",
        "repayment_allocation",
        "superseded_by IS NULL AND repayment_id IS NOT NULL",
        loan_id,
    )
    refunded = await _sum("amount", "loan_event", "kind = 'REFUND'", loan_id)
    assert came_in == allocated + loan.credit_balance + refunded
    assert kept >= loan.credit_balance
    rows = await Installment.filter(loan_id=loan_id)
    assert sum(row.principal - row.principal_moved for row in rows) == loan.principal
    assert (
        sum(row.principal - row.principal_moved - row.principal_paid for row in rows)
        == loan.principal_outstanding
    )
    for bucket in ("interest", "penalty", "compound"):
        claims = sum(
            getattr(row, f"{bucket}_accrued")
            - getattr(row, f"{bucket}_paid")
            - getattr(row, f"{bucket}_waived")
            for row in rows
        )
        assert claims == getattr(loan, f"{bucket}_receivable"), bucket
        paid = sum(getattr(row, f"{bucket}_paid") for row in rows)
        assert paid == getattr(loan, f"{bucket}_paid"), bucket
    await _limit_holds(loan.facility_id)


async def _postings_hold(loan: Loan) -> None:
    posted: dict[str, int] = {}
    for row in await db.rows(
        "SELECT account_code, SUM(amount) AS total FROM ledger_entry WHERE loan_id = %s "
        "GROUP BY account_code",
        [loan.id],
    ):
        code = str(Account.BANK) if row["account_code"] in _CASH else row["account_code"]
        posted[code] = posted.get(code, 0) + int(row["total"])
    expected = {
        str(account): amount
        for account, amount in position(loan, disbursed=loan.principal).items()
        if amount
    }
    assert {code: total for code, total in posted.items() if total} == expected


async def _limit_holds(facility_id: int) -> None:
    (facility,) = await db.rows(
        "SELECT f.used, f.reserved, f.excess, f.limit_amount, "
        "(SELECT COALESCE(SUM(l.limit_used), 0) FROM loan l WHERE l.facility_id = f.id) AS owed, "
        "(SELECT COALESCE(SUM(d.amount), 0) FROM drawdown d "
        "WHERE d.facility_id = f.id AND d.state = 'REQUESTED' AND d.renews_loan_id IS NULL) "
        "AS asked "
        "FROM credit_facility f WHERE f.id = %s",
        [facility_id],
    )
    assert facility["reserved"] == int(facility["asked"])
    assert facility["used"] == int(facility["owed"])
    over = facility["used"] + facility["reserved"] - facility["limit_amount"]
    assert facility["excess"] == max(over, 0)


async def _sum(column: str, table: str, condition: str, loan_id: int) -> int:
    found = await db.rows(
        f"SELECT COALESCE(SUM({column}), 0) AS n FROM {table} WHERE loan_id = %s AND {condition}",
        [loan_id],
    )
    return int(found[0]["n"])
