"""From loan rows to what the rules take."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

import orjson

from domain.models.lending.loan import Loan
from domain.models.lending.loan_rows import AllocationRow, InstallmentRow, LoanTermsRow
from domain.rules.lending.allocation import AllocationAxis, AllocationRule, Bucket
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.debt import InstallmentDebt
from domain.rules.lending.overdue import (
    CompoundBasis,
    DueInstallment,
    InstallmentPayment,
    OverdueTerms,
)
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import RepaymentMethod, ScheduleRow, ScheduleTerms
from domain.rules.money import Rounding


def schedule_terms(loan: Loan | LoanTermsRow) -> ScheduleTerms:
    """The terms by which the loan's schedule was built."""
    return ScheduleTerms(
        principal=loan.principal,
        annual_rate=Decimal(loan.annual_rate),
        method=RepaymentMethod(loan.method),
        day_count=DayCount(loan.day_count),
        start_date=loan.start_date,
        installments=loan.installment_count,
        every=loan.every,
        unit=PeriodUnit(loan.period_unit),
        rounding=Rounding(loan.rounding),
        settlement_day=loan.settlement_day,
    )


def schedule_row(row: InstallmentRow) -> ScheduleRow:
    """An instalment as the schedule has it."""
    return ScheduleRow(
        number=row.number,
        start_date=row.start_date,
        end_date=row.end_date,
        due_date=row.due_date,
        days=row.days,
        opening=row.opening,
        principal=row.principal,
        interest=row.interest,
        due=row.principal + row.interest,
        balance=row.opening - row.principal,
    )


def overdue_terms(loan: LoanTermsRow) -> OverdueTerms:
    """What an overdue instalment of the loan is charged by."""
    return OverdueTerms(
        contract_rate=Decimal(loan.annual_rate),
        penalty_rate=Decimal(loan.penalty_rate),
        day_count=DayCount(loan.day_count),
        maturity=loan.maturity_date,
        grace_days=loan.penalty_grace_days,
        compound_basis=CompoundBasis(loan.compound_basis),
        rounding=Rounding(loan.rounding),
    )


def due_installment(row: InstallmentRow, allocations: Iterable[AllocationRow]) -> DueInstallment:
    """An instalment with what was paid on it, when; `allocations` are the whole loan's."""
    payments = tuple(
        InstallmentPayment(
            value_date=paid.value_date,
            principal=paid.amount if paid.bucket == Bucket.PRINCIPAL else 0,
            interest=paid.amount if paid.bucket == Bucket.INTEREST else 0,
        )
        for paid in allocations
        if paid.installment_number == row.number
        and paid.bucket in (Bucket.PRINCIPAL, Bucket.INTEREST)
    )
    return DueInstallment(
        due_date=row.due_date, principal=row.principal, interest=row.interest, payments=payments
    )


@lru_cache(maxsize=256)
def allocation_rule(text: str) -> AllocationRule:
    """The order of a product or loan: the JSON of what :func:`stored_allocation_rule` gives."""
    stored = orjson.loads(text)
    order, axis = stored["order"], stored["axis"]
    beyond = stored["principal_first_beyond_days"]
    if not isinstance(order, list) or not (beyond is None or isinstance(beyond, int)):
        raise TypeError(f"not a stored allocation rule: {stored}")
    return AllocationRule(
        order=tuple(Bucket(bucket) for bucket in order),
        axis=AllocationAxis(str(axis)),
        principal_first_beyond_days=beyond,
    )


def stored_allocation_rule(rule: AllocationRule) -> dict[str, object]:
    """The order as the JSON column keeps it."""
    return {
        "order": [str(bucket) for bucket in rule.order],
        "axis": str(rule.axis),
        "principal_first_beyond_days": rule.principal_first_beyond_days,
    }


def installment_debt(row: InstallmentRow) -> InstallmentDebt:
    """An instalment with what of it was accrued and paid."""
    return InstallmentDebt(
        number=row.number,
        due_date=row.due_date,
        principal=row.principal,
        principal_paid=row.principal_paid,
        interest=row.interest,
        interest_accrued=row.interest_accrued,
        interest_paid=row.interest_paid,
        penalty_accrued=row.penalty_accrued,
        penalty_paid=row.penalty_paid,
        compound_accrued=row.compound_accrued,
        compound_paid=row.compound_paid,
    )
