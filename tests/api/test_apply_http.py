"""Applying in one request: a borrower's phone sends the whole form and reads what came of it."""

from __future__ import annotations

import pytest

from domain.models.lending.application import LoanApplication
from tests.application_story import footprint
from tests.http_story import Story
from tests.lender import key
from tests.over_http import Api, codes

ANSWER = "application { id state amount installments } decision { recommendation }"


@pytest.fixture(scope="module")
async def story(api: Api) -> Story:
    return await Story.open(api)


async def test_a_borrower_applies_and_the_retry_finds_the_same(api: Api, story: Story) -> None:
    case = await story.fresh()
    form, once = story.form(case), key()
    del form["borrowerId"]  # the user has just one
    first = await api.done(case.user, "applyForLoan", ANSWER, idempotency_key=once, **form)
    assert first["application"]["state"] == "ASSESSED"
    assert first["application"]["amount"] == "50000.00"
    assert first["decision"] is None  # not for the borrower
    again = await api.done(
        case.user, "applyForLoan", ANSWER + " replayed", idempotency_key=once, **form
    )
    assert again["replayed"]
    assert again["application"] == first["application"]
    assert await LoanApplication.all().count() == 1


async def test_a_manager_sees_the_decision(api: Api, story: Story) -> None:
    case = await story.fresh()
    manager = api.lender.relationship_manager
    done = await api.done(manager, "applyForLoan", ANSWER, **story.form(case))
    assert done["decision"]["recommendation"] in ("APPROVE", "REFER")


async def test_a_form_that_is_not_whole_or_not_right_is_refused(api: Api, story: Story) -> None:
    case = await story.fresh()
    before = await footprint()
    errors = await api.refused(case.user, "applyForLoan", amount="50000.00", currency="USD")
    assert {("productId", "REQUIRED"), ("facilityId", "REQUIRED")} <= codes(errors)
    errors = await api.refused(
        case.user, "applyForLoan", **story.form(case, amount="-1", installments=0)
    )
    assert codes(errors) == {("amount", "OUT_OF_RANGE"), ("installments", "OUT_OF_RANGE")}
    for actor in (api.lender.cashier, api.lender.approver):
        await api.forbidden(actor, "applyForLoan", **story.form(case))
    assert await footprint() == before
