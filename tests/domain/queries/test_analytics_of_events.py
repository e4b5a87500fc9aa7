"""What the portfolio says of loans in non-accrual, written off, reversed: assets, not claims."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.models.lending.loan import Installment, Loan
from domain.queries.analytics.delinquency_buckets import delinquency_buckets
from domain.queries.analytics.portfolio_summary import CurrencyPortfolio, portfolio_summary
from domain.queries.business_date import business_date
from domain.rules.lending.servicing import events as e
from tests.lender import Lender
from tests.servicing import days_pass, happens, is_reversed, pays


async def portfolio(lender: Lender, day: dt.date | None = None) -> CurrencyPortfolio:
    (row,) = (await portfolio_summary(lender.analyst, as_of=day)).currencies
    return row


@pytest.fixture(scope="module")
async def loan(lender: Lender) -> Loan:
    """A loan that is 80 days late."""
    made = await lender.loan(amount=120_000_00)
    due = await Installment.get(loan_id=made.id, number=1)
    await days_pass(lender, (due.due_date - await business_date()).days + 80)
    return made


async def test_a_reversed_payment_leaves_no_trace_in_the_totals(lender: Lender, loan: Loan) -> None:
    before = await portfolio(lender)
    payment = await pays(lender, loan.id, 9_000_00)
    assert (await portfolio(lender)).principal_outstanding < before.principal_outstanding
    await is_reversed(lender, payment)
    assert await portfolio(lender) == before


async def test_non_accrual_takes_claims_and_income_out_of_the_books(
    lender: Lender, loan: Loan
) -> None:
    before = await portfolio(lender)
    assert before.interest_receivable > 0
    await days_pass(lender, 15)
    found, row = await portfolio(lender), await Loan.get(id=loan.id)
    assert row.book_status == "NON_ACCRUAL"
    assert row.interest_receivable > before.interest_receivable
    assert (found.interest_receivable, found.penalty_receivable) == (0, 0)
    assert (found.interest_income, found.penalty_income, found.compound_income) == (0, 0, 0)
    assert (found.active_loans, found.principal_outstanding) == (1, 120_000_00)
    await pays(lender, loan.id, 100_00)
    paid = await portfolio(lender)
    assert paid.interest_income + paid.penalty_income + paid.compound_income == 100_00


async def test_a_written_off_loan_was_active_until_that_day(lender: Lender, loan: Loan) -> None:
    before = await portfolio(lender)
    yesterday = await business_date()
    await days_pass(lender, 1)
    await happens(lender, loan.id, lambda n, day: e.WriteOff(sequence=n, on=day))
    now = await portfolio(lender)
    assert (now.active_loans, now.borrowers, now.principal_outstanding) == (0, 0, 0)
    assert (await delinquency_buckets(lender.analyst)).currencies == ()
    then = await portfolio(lender, yesterday)
    assert (then.active_loans, then.principal_outstanding) == (1, before.principal_outstanding)
    assert then.past_due_90_principal == before.past_due_90_principal > 0
    (buckets,) = (await delinquency_buckets(lender.analyst, as_of=yesterday)).currencies
    assert sum(each.loans for each in buckets.buckets) == 1
    # A recovery in full closes the claim, and makes it no active loan of the days between.
    await days_pass(lender, 3)
    await pays(lender, loan.id, 200_000_00)
    assert (await Loan.get(id=loan.id)).state == "PAID_OFF"
    for day in (yesterday + dt.timedelta(days=2), None):
        assert (await portfolio(lender, day)).active_loans == 0
