"""A loan's rows as money operations hold them: plain objects of the columns that they read.

Making an ORM object of a row, and the SQL around it, costs several times the statement itself;
what is only read, summed and written back by column needs neither.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class LoanRow:
    """A row of the loan table as it was read. JSON columns are text; SQLite gives decimals as text
    too, which `loan_account` reads like the others."""

    id: int
    contract_id: int
    facility_id: int
    borrower_id: int
    branch_id: int
    profile: str
    state: str
    currency: str
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
    allocation: str
    non_accrual_beyond_days: int
    cure_days: int
    prepayment_fee_rate: Decimal
    prepayment_notice_days: int
    rate_changes: str | None
    current_method: str
    roll: str
    calendar: str | None
    plan: str | None
    fees: str | None
    start_date: dt.date
    counted_from: dt.date
    maturity_date: dt.date
    matured: str | None
    misuse: str | None
    accrued_through: dt.date
    book_status: str
    arrears_cleared_on: dt.date | None
    principal_outstanding: int
    interest_receivable: int
    penalty_receivable: int
    compound_receivable: int
    fee_receivable: int
    interest_paid: int
    penalty_paid: int
    compound_paid: int
    fee_paid: int
    written_off: int
    taxed_income: int
    vat: int
    credit_balance: int
    limit_used: int
    event_count: int
    next_due_date: dt.date | None
    closed_on: dt.date | None


@dataclass(frozen=True, slots=True)
class InstallmentRow:
    """A row of the installment table as it was read."""

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
    balance_changes: str | None
    principal_paid: int
    principal_moved: int
    interest_accrued: int
    interest_paid: int
    interest_waived: int
    penalty_accrued: int
    penalty_paid: int
    penalty_waived: int
    compound_accrued: int
    compound_paid: int
    compound_waived: int
    settled_on: dt.date | None


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A row of the loan_charge table as it was read."""

    id: int
    loan_id: int
    number: int
    code: str
    due_date: dt.date
    amount: int
    paid: int
    waived: int
    settled_on: dt.date | None


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """What of a row of the repayment_allocation table an overdue instalment's charges depend on."""

    loan_id: int
    installment_number: int
    bucket: str
    amount: int
    value_date: dt.date


@dataclass(frozen=True, slots=True)
class LimitRow:
    """What of a row of the credit_facility table a change of a loan's principal moves."""

    id: int
    state: str
    revolving: int
    limit_amount: int
    reserved: int
    used: int


def columns_of(row: type) -> str:
    """The columns of a row type, as a SELECT lists them."""
    return ", ".join(f"`{field.name}`" for field in fields(row))
