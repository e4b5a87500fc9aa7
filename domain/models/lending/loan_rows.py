"""A loan's rows as money operations hold them: plain objects of the columns that they read.

Making an ORM object of a row, and the SQL around it, costs several times the statement itself;
what is only read, summed and written back by column needs neither.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal


@dataclass(slots=True)
class LoanRow:
    """What moves in a row of the loan table, and whose it is; `allocation` is the JSON text."""

    id: int
    facility_id: int
    borrower_id: int
    branch_id: int
    state: str
    currency: str
    allocation: str
    accrued_through: dt.date
    principal_outstanding: int
    interest_receivable: int
    penalty_receivable: int
    compound_receivable: int
    credit_balance: int
    next_due_date: dt.date | None
    closed_on: dt.date | None


@dataclass(frozen=True, slots=True)
class LoanTermsRow:
    """What a loan accrues by: the other columns of its row, read when it has days to accrue.

    SQLite gives the rates as text; `loan_terms` makes decimals of either.
    """

    id: int
    principal: int
    annual_rate: Decimal
    penalty_rate: Decimal
    penalty_grace_days: int
    compound_basis: str
    method: str
    day_count: str
    rounding: str
    period_unit: str
    every: int
    settlement_day: int | None
    installment_count: int
    start_date: dt.date
    maturity_date: dt.date


@dataclass(slots=True)
class InstallmentRow:
    """A row of the installment table that is not settled."""

    id: int
    loan_id: int
    number: int
    start_date: dt.date
    end_date: dt.date
    due_date: dt.date
    days: int
    opening: int
    principal: int
    interest: int
    principal_paid: int
    interest_paid: int
    penalty_accrued: int
    penalty_paid: int
    compound_accrued: int
    compound_paid: int
    interest_accrued: int
    settled_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A row of the repayment_allocation table."""

    loan_id: int
    installment_number: int
    bucket: str
    amount: int
    value_date: dt.date


@dataclass(frozen=True, slots=True)
class RevolvingFacility:
    """A row of the credit_facility table whose limit a repayment may free."""

    id: int
    state: str


def columns_of(row: type) -> str:
    """The columns of a row type, as a SELECT lists them; one with a default is not read."""
    return ", ".join(f"`{field.name}`" for field in fields(row) if field.default is MISSING)
