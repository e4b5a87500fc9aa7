"""Deadlines of unpaid loans, and the demands that move them."""

from __future__ import annotations

import datetime as dt

import pytest

from domain import db
from domain.models.lending.loan import Loan
from domain.operations.lending.record_demand import Demand, record_demand
from domain.queries.business_date import business_date
from domain.queries.lending.deadlines import DeadlineKind, deadlines
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key


async def test_a_demand_lets_limitation_run_anew_and_moves_no_money(lender: Lender) -> None:
    loan = await lender.loan()
    today = await business_date()
    matured = today - dt.timedelta(days=10)
    await db.execute(
        "UPDATE loan SET profile = 'CN', maturity_date = %s, start_date = %s WHERE id = %s",
        [matured, matured - dt.timedelta(days=365), loan.id],
    )
    found = {each.kind: each for each in await deadlines(lender.auditor, within_days=1100)}
    assert found.keys() == set(DeadlineKind)
    before = found[DeadlineKind.LIMITATION]
    assert before.loan_id == loan.id
    assert before.date.year == matured.year + 3
    assert await deadlines(lender.manager2, within_days=1100) == []
    assert await deadlines(lender.auditor, within_days=0) == []

    for day in (today + dt.timedelta(days=1), matured - dt.timedelta(days=400)):
        with pytest.raises(Refused) as refusal:
            await record_demand(
                actor=lender.relationship_manager,
                key=key(),
                demand=Demand(loan_id=loan.id, on=day, document="D-1"),
            )
        assert {problem.code for problem in refusal.value.problems} == {ErrorCode.DATE_OUT_OF_RANGE}
    await record_demand(
        actor=lender.relationship_manager,
        key=key(),
        demand=Demand(loan_id=loan.id, on=today, document="D-1"),
    )
    after = {each.kind: each for each in await deadlines(lender.auditor, within_days=1100)}
    assert after[DeadlineKind.LIMITATION].date == before.date + dt.timedelta(days=10)
    assert after[DeadlineKind.GUARANTEE] == found[DeadlineKind.GUARANTEE]
    await books_hold(loan.id)
    assert (await Loan.get(id=loan.id)).principal_outstanding == loan.principal
