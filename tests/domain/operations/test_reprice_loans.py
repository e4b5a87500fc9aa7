"""Loans tied to a benchmark are repriced on their reset dates; due dates move to business days."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from domain import db
from domain.models.lending.loan import Installment, Loan
from domain.models.lending.loan_history import LoanEvent, SupersededInstallment
from domain.models.lending.product import LoanProduct
from domain.models.reference import BenchmarkRate, CalendarDay
from domain.operations.lending.advance_business_date import advance_business_date
from domain.queries.business_date import business_date
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key


async def advance_to(lender: Lender, day: dt.date) -> None:
    await advance_business_date(actor=lender.operator, key=key(), to=day)


async def fix(day: dt.date, rate: str) -> None:
    await BenchmarkRate.create(
        name="TEST",
        tenor="1Y",
        published_on=day,
        rate=Decimal(rate),
        citation="a test",
        confirmed=True,
    )


async def offer(**terms: object) -> None:
    await db.execute(
        f"UPDATE loan_product SET {', '.join(f'{name} = %s' for name in terms)} "
        "WHERE code = 'USD-LEVEL'",
        list(terms.values()),
    )


@pytest.fixture
async def tied(lender: Lender) -> None:
    await offer(benchmark="TEST", benchmark_tenor="1Y", repricing="JANUARY_FIRST")


async def test_a_loan_without_a_fixing_is_not_paid_out(lender: Lender, tied: None) -> None:
    with pytest.raises(Refused) as refusal:
        await lender.loan()
    assert {problem.code for problem in refusal.value.problems} == {ErrorCode.NOT_FOUND}
    assert not await Loan.filter(benchmark="TEST").exists()


async def test_the_rate_follows_the_last_fixing_from_the_reset_date_on(
    lender: Lender, tied: None
) -> None:
    first = await business_date()
    await fix(first - dt.timedelta(days=5), "0.0345")
    loan = await lender.loan(rate="0.0600", installments=30)
    assert loan.spread == Decimal("0.0255")
    new_year = dt.date(first.year + 1, 1, 1)
    assert loan.next_reset_date == new_year
    await fix(new_year - dt.timedelta(days=20), "0.0310")
    before = await Installment.filter(loan_id=loan.id).order_by("number")
    await advance_to(lender, new_year + dt.timedelta(days=3))
    event = await LoanEvent.get(loan_id=loan.id)
    assert (event.kind, event.value_date) == ("RATE_CHANGE", new_year)
    assert Decimal(event.data["annual_rate"]) == Decimal("0.0565")
    assert Decimal(event.data["penalty_rate"]) == Decimal("0.0565") * Decimal("1.5")
    after = await Installment.filter(loan_id=loan.id).order_by("number")
    running = next(row for row in after if row.due_date > new_year)
    for old, new in zip(before, after, strict=True):
        if new.due_date <= new_year:
            assert (old.principal, old.interest) == (new.principal, new.interest)
    assert running.principal + running.interest == before[0].principal + before[0].interest
    assert await SupersededInstallment.filter(loan_id=loan.id).count() == len(before)
    assert (await Loan.get(id=loan.id)).next_reset_date == dt.date(new_year.year + 1, 1, 1)
    await books_hold(loan.id)
    # A reset that finds the rate as it is changes nothing but the date of the next.
    await advance_to(lender, dt.date(new_year.year + 1, 1, 2))
    assert await LoanEvent.filter(loan_id=loan.id, kind="RATE_CHANGE").count() == 1
    await books_hold(loan.id)


async def test_due_dates_are_business_days_of_the_products_calendar(lender: Lender) -> None:
    await offer(benchmark="", benchmark_tenor="", repricing="FIXED", calendar="T", roll="FOLLOWING")
    product = await LoanProduct.get(code="USD-LEVEL")
    first = await business_date()
    plain = await lender.loan()
    nominal = (await Installment.get(loan_id=plain.id, number=1)).due_date
    await CalendarDay.create(calendar="T", date=nominal, kind="HOLIDAY", name="A holiday")
    loan = await lender.loan()
    rows = await Installment.filter(loan_id=loan.id).order_by("number")
    assert rows[0].due_date > nominal
    assert all(row.due_date.weekday() < 5 for row in rows)
    assert rows[0].start_date == first
    await advance_to(lender, rows[0].due_date)
    assert (await Loan.get(id=loan.id)).penalty_receivable == 0
    assert product.roll == "FOLLOWING"
    await books_hold(loan.id)
