"""What the lender has on record about a borrower when a case is decided (point in time)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from domain.db import rows
from domain.rules.lending.states import LoanState
from domain.rules.risk.statement import StatementFigures

_LATE_MONTHS = 24
_STATEMENTS_READ = 6  # versions of the last two years


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanHistory:
    """The borrower's loans here: principal owed by currency, arrears, and how long a customer.

    `outstanding` leaves out the loan that is to be renewed, of which `renewed` is owed.
    `late_instalments` counts those of the last 24 months that were paid late or are late now;
    None, like `customer_since`, without any loan.
    """

    outstanding: dict[str, int]
    renewed: int
    days_past_due: int
    customer_since: dt.date | None
    late_instalments: int | None


async def latest_statements(
    borrower_id: int, *, on: dt.date
) -> tuple[StatementFigures | None, StatementFigures | None]:
    """Return the latest statement known on a day, and the one of an earlier period before it."""
    found = await rows(
        "SELECT * FROM financial_statement WHERE borrower_id = %s AND period_end <= %s "
        "ORDER BY period_end DESC, version DESC LIMIT %s",
        [borrower_id, on, _STATEMENTS_READ],
    )
    if not found:
        return None, None
    latest = _figures(found[0])
    earlier = [row for row in found if row["period_end"] < latest.period_start]
    return latest, _figures(earlier[0]) if earlier else None


def _figures(row: dict[str, Any]) -> StatementFigures:
    def average(name: str) -> Fraction:
        return Fraction(row[f"{name}_opening"] + row[f"{name}_closing"], 2)

    return StatementFigures(
        period_start=row["period_start"],
        period_end=row["period_end"],
        currency=row["currency"],
        revenue=row["revenue"],
        cost_of_sales=row["cost_of_sales"],
        profit=row["profit"],
        average_inventory=average("inventory"),
        average_receivables=average("receivables"),
        average_prepayments=average("prepayments"),
        average_payables=average("payables"),
        average_advance_receipts=average("advance_receipts"),
        current_assets=row["current_assets"],
        total_assets=row["total_assets"],
        current_liabilities=row["current_liabilities"],
        total_liabilities=row["total_liabilities"],
    )


async def loan_history(
    borrower_id: int, *, on: dt.date, renewed_id: int | None = None
) -> LoanHistory:
    """Return the borrower's loan history as it stands on a day, for a case that would renew the
    loan `renewed_id`."""
    loans = await rows(
        "SELECT currency, SUM(CASE WHEN state = %s THEN principal_outstanding ELSE 0 END) AS owed, "
        "SUM(CASE WHEN state = %s AND id = %s THEN principal_outstanding ELSE 0 END) AS renewed, "
        "MIN(start_date) AS since FROM loan WHERE borrower_id = %s AND start_date <= %s "
        "AND state <> %s GROUP BY currency",
        [
            *(LoanState.ACTIVE, LoanState.ACTIVE, renewed_id or 0),
            *(borrower_id, on, LoanState.CANCELLED),
        ],
    )
    if not loans:
        return LoanHistory(
            outstanding={}, renewed=0, days_past_due=0, customer_since=None, late_instalments=None
        )
    late = await rows(
        "SELECT MIN(CASE WHEN l.state = %s AND (i.principal > i.principal_paid "
        "OR i.interest > i.interest_paid) THEN i.due_date END) AS unpaid, "
        "SUM(CASE WHEN i.due_date >= %s AND (i.settled_on > i.due_date "
        "OR (i.settled_on IS NULL AND i.due_date < %s)) THEN 1 ELSE 0 END) AS late "
        "FROM installment i JOIN loan l ON l.id = i.loan_id "
        "WHERE l.borrower_id = %s AND i.due_date <= %s",
        [LoanState.ACTIVE, _months_before(on, _LATE_MONTHS), on, borrower_id, on],
    )
    unpaid = _day(late[0]["unpaid"])
    return LoanHistory(
        outstanding={row["currency"]: int(row["owed"]) - int(row["renewed"]) for row in loans},
        renewed=sum(int(row["renewed"]) for row in loans),
        days_past_due=(on - unpaid).days if unpaid else 0,
        customer_since=min(filter(None, (_day(row["since"]) for row in loans)), default=None),
        late_instalments=int(late[0]["late"] or 0),
    )


def _day(value: dt.date | str | None) -> dt.date | None:
    """SQLite forgets the type of a column inside MIN(): its dates come as text."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _months_before(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, 28))
