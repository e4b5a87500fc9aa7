"""The day close over GraphQL: who may start it, what it answers, what is seen of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from api.graphql.ids import row_id_of
from domain import db
from domain.models.lending.day_close import LoanSetAside
from domain.operations.lending.day_close.run import close_inline
from domain.queries.business_date import business_date
from tests.lender import Lender, key
from tests.over_http import Api, codes

ONE_DAY = dt.timedelta(days=1)
WANTED = "businessDay { id day state loans } job { id kind state }"


@pytest.fixture
async def closing(api: Api) -> Any:
    """Start a close and, as a worker would, run it; return the payload."""

    async def close(**form: Any) -> dict[str, Any]:
        done = await api.done(
            api.lender.operator, "closeBusinessDay", WANTED, aheadOfCalendar=True, **form
        )
        if done["job"]:
            await close_inline(row_id_of(done["job"]["id"], "TrainingJob"))
        return done

    return close


async def test_a_close_is_a_job_and_its_day_is_seen(api: Api, lender: Lender, closing: Any) -> None:
    day = await business_date()
    done = await closing()
    assert done["businessDay"]["state"] == "CLOSING"
    assert done["job"]["kind"] == "CLOSE_DAY"
    found = await api.data(
        lender.auditor,
        "query($d: Date!) { businessDay(date: $d) { state setAside faults { en zh } closedAt } "
        "closeProgress(day: $d) { state shards shardsDone loans loansDone singly setAside } "
        "businessDays(first: 1) { edges { node { day state } } } businessDate }",
        {"d": day.isoformat()},
    )
    assert found["businessDay"]["state"] == "CLOSED"
    assert found["businessDay"]["closedAt"]
    assert found["closeProgress"]["shards"] == found["closeProgress"]["shardsDone"]
    tomorrow = (day + ONE_DAY).isoformat()
    assert found["businessDate"] == tomorrow
    assert found["businessDays"]["edges"] == [{"node": {"day": tomorrow, "state": "OPEN"}}]
    trainings = await api.data(
        lender.operator, "{ trainingJobs(first: 5) { edges { node { id } } } }"
    )
    assert trainings["trainingJobs"]["edges"] == []


async def test_a_closed_day_and_the_same_key_change_nothing(
    api: Api, lender: Lender, closing: Any
) -> None:
    day = await business_date()
    form = {"idempotency_key": key()}
    await closing(**form)
    again = await closing(**form)
    assert again["replayed"]
    assert again["businessDay"]["state"] == "CLOSED"
    known = await closing(through=day.isoformat())
    assert (known["job"], known["businessDay"]["day"]) == (None, day.isoformat())
    assert await business_date() == day + ONE_DAY


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_day_that_has_not_come_is_refused(api: Api, lender: Lender, language: str) -> None:
    today = await business_date()
    form = {"through": "2199-01-01", "language": language}
    errors = await api.refused(lender.operator, "closeBusinessDay", **form)
    assert codes(errors) == {("through", "DATE_OUT_OF_RANGE")}
    assert await business_date() == today


async def test_a_set_aside_loan_is_seen_with_its_reason_and_caught_up(
    api: Api, lender: Lender, closing: Any
) -> None:
    loan = await lender.loan()
    broken = "UPDATE installment SET balance_changes = %s WHERE loan_id = %s"
    await db.execute(broken, ['[["no date",1]]', loan.id])
    await closing()
    query = "{ setAsideLoans { totalCount edges { node { id loanNumber day reason reasonZh } } } }"
    found = (await api.data(lender.operator, query))["setAsideLoans"]
    (edge,) = found["edges"]
    assert "ValueError" in edge["node"]["reason"]
    assert "无法" in edge["node"]["reasonZh"]
    aside = {"setAsideId": edge["node"]["id"]}
    errors = await api.refused(lender.operator, "catchUpLoan", **aside)
    assert codes(errors) == {("setAsideId", "ILLEGAL_STATE")}
    assert (await LoanSetAside.get(loan_id=loan.id)).resolved_at is None
    await db.execute(broken, [None, loan.id])
    done = await api.done(lender.operator, "catchUpLoan", "setAside { resolvedAt }", **aside)
    assert done["setAside"]["resolvedAt"]
    assert (await api.data(lender.operator, query))["setAsideLoans"]["totalCount"] == 0
    errors = await api.refused(lender.operator, "catchUpLoan", **aside)
    assert codes(errors) == {("setAsideId", "NOT_FOUND")}
