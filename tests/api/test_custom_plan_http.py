"""A custom plan over HTTP: given with the drawdown, shown on it, and lived by the loan."""

from __future__ import annotations

import datetime as dt

import pytest

from domain import db
from domain.queries.business_date import business_date
from tests.http_story import Story
from tests.lender import Lender
from tests.over_http import Api, codes


@pytest.fixture(scope="module")
async def story(api: Api) -> Story:
    await db.execute("UPDATE loan_product SET method = 'CUSTOM_PLAN' WHERE code = 'USD-LEVEL'")
    return await Story.open(api)


async def test_a_borrower_draws_by_a_plan(api: Api, story: Story, lender: Lender) -> None:
    case = await story.signed()
    today = await business_date()
    first, last = (str(today + dt.timedelta(days=days)) for days in (31, 75))
    form = {"contractId": case.contract, "amount": "50000.00"}
    wrong = [{"dueDate": first, "principal": "50000.01"}, {"dueDate": str(today)}]
    errors = await api.refused(case.user, "requestDrawdown", **form, plan=wrong)
    assert codes(errors) == {("plan.1.dueDate", "DATE_OUT_OF_RANGE")}
    errors = await api.refused(case.user, "requestDrawdown", **form)
    assert codes(errors) == {("plan", "REQUIRED")}

    plan = [{"dueDate": first, "principal": "20000.00"}, {"dueDate": last}]
    done = await api.done(
        case.user,
        "requestDrawdown",
        "drawdown { id installments plan { dueDate principal total } }",
        **form,
        plan=plan,
    )
    assert done["drawdown"]["installments"] == 2
    assert done["drawdown"]["plan"] == [
        {"dueDate": first, "principal": "20000.00", "total": None},
        {"dueDate": last, "principal": None, "total": None},
    ]
    done = await api.done(
        lender.cashier,
        "disburseDrawdown",
        "loan { maturityDate installments { dueDate principal } }",
        drawdownId=done["drawdown"]["id"],
    )
    assert done["loan"] == {
        "maturityDate": last,
        "installments": [
            {"dueDate": first, "principal": "20000.00"},
            {"dueDate": last, "principal": "30000.00"},
        ],
    }
