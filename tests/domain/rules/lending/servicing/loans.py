"""Loans to service, as pure accounts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from domain.rules.lending.allocation import DEFAULT_RULE, AllocationRule
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.fees import Fee
from domain.rules.lending.overdue import CompoundBasis, OverdueTerms
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import build_schedule
from domain.rules.lending.schedule_terms import PlanRow, RepaymentMethod, ScheduleTerms
from domain.rules.lending.servicing.account import Installment, LoanAccount, ServicingTerms
from domain.rules.lending.servicing.position import moved, position
from domain.rules.lending.servicing.replay import as_disbursed
from domain.rules.lending.states import LoanState
from domain.rules.money import Rounding

START = dt.date(2026, 1, 15)


def terms(
    *,
    principal: int = 1_200_000_00,
    rate: str = "0.0360",
    method: RepaymentMethod = RepaymentMethod.EQUAL_INSTALLMENT,
    day_count: DayCount = DayCount.ACT_360,
    installments: int = 12,
    every: int = 1,
    unit: PeriodUnit = PeriodUnit.MONTH,
    settlement_day: int | None = None,
    start: dt.date = START,
    grace_days: int = 0,
    rule: AllocationRule = DEFAULT_RULE,
    basis: CompoundBasis = CompoundBasis.PENALTY,
    rounding: Rounding = Rounding.HALF_UP,
    fee: str = "0",
    vat: str = "",
    beyond: int = 90,
    cure: int = 180,
    plan: tuple[PlanRow, ...] = (),
    fees: tuple[Fee, ...] = (),
) -> ServicingTerms:
    """Terms of a loan; the penalty rate is the contract rate and half of it."""
    contract = Decimal(rate)
    return ServicingTerms(
        schedule=ScheduleTerms(
            principal=principal,
            annual_rate=contract,
            method=method,
            day_count=day_count,
            start_date=start,
            installments=len(plan) or installments,
            plan=plan,
            every=every,
            unit=unit,
            settlement_day=settlement_day,
            rounding=rounding,
        ),
        overdue=OverdueTerms(
            contract_rate=contract,
            penalty_rate=contract * Decimal("1.5"),
            day_count=day_count,
            maturity=start,
            grace_days=grace_days,
            compound_basis=basis,
            rounding=rounding,
        ),
        allocation=rule,
        non_accrual_beyond_days=beyond,
        cure_days=cure,
        prepayment_fee_rate=Decimal(fee),
        vat=(DatedRate(dt.date(2000, 1, 1), Decimal(vat)),) if vat else (),
        fees=fees,
    )


def disbursed(of: ServicingTerms) -> LoanAccount:
    """A loan on the day of its disbursement."""
    rows = [
        Installment(
            number=row.number,
            start_date=row.start_date,
            end_date=row.end_date,
            due_date=row.due_date,
            days=row.days,
            opening=row.opening,
            principal=row.principal,
            interest=row.interest,
        )
        for row in build_schedule(of.schedule)
    ]
    account = LoanAccount(
        terms=replace(of, overdue=replace(of.overdue, maturity=rows[-1].due_date)),
        state=LoanState.ACTIVE,
        accrued_through=of.schedule.start_date,
        installments=rows,
        maturity_date=rows[-1].due_date,
        counted_from=of.schedule.start_date,
    )
    return as_disbursed(account)


def check(account: LoanAccount) -> None:
    """What holds of an account at any time that all its instalments are there."""
    rows = account.installments
    principal = account.terms.schedule.principal
    assert sum(row.principal - row.principal_moved for row in rows) == principal
    assert sum(row.principal_unpaid for row in rows) == account.principal_outstanding
    assert sum(row.interest_claim for row in rows) == account.interest_receivable
    assert sum(row.penalty_claim for row in rows) == account.penalty_receivable
    assert sum(row.compound_claim for row in rows) == account.compound_receivable
    assert sum(row.interest_paid for row in rows) == account.interest_paid
    assert sum(charge.claim for charge in account.charges) == account.fee_receivable
    assert account.credit_balance >= 0
    for row in rows:
        assert 0 <= row.principal_paid <= row.principal - row.principal_moved
        assert row.interest_paid + row.interest_waived <= row.interest
    assert sum(position(account, disbursed=principal).values()) == 0
    moved({}, position(account, disbursed=principal))
