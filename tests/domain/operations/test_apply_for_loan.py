"""Applying at once: the same application and decision as by saving and submitting, or nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from domain.db import rows
from domain.models.lending.application import LoanApplication
from domain.models.lending.application_terms import application_terms
from domain.operations.risk.approve_application import return_application
from domain.rules.lending.application import content_sha256
from domain.rules.refusal import Refused
from tests.application_story import (
    Story,
    application,
    decision,
    events,
    footprint,
    said,
    tasks,
)
from tests.lender import Lender, key

_OWN = ("id", "borrower_id", "facility_id", "created_at", "content_sha256")


@pytest.fixture(scope="module")
async def story(lender: Lender) -> Story:
    return await Story.open(lender)


async def applicant(story: Story, **changes: Any) -> dict[str, Any]:
    """Who applies for what: a new borrower with a facility."""
    borrower_id = await story.lender.borrower(registered_on=dt.date(2020, 5, 1))
    facility_id = await story.lender.facility(borrower_id=borrower_id, limit="90000000.00")
    return {"borrower_id": borrower_id, "fields": await story.form(facility_id, **changes)}


async def trail(noun_id: int) -> list[tuple[Any, ...]]:
    found = await rows(
        "SELECT `before`, `after` FROM audit_entry WHERE noun = 'LoanApplication' AND noun_id = %s "
        "ORDER BY id",
        [noun_id],
    )
    return [(row["before"], row["after"]) for row in found]


def shared(row: Any) -> dict[str, Any]:
    return {name: value for name, value in dict(row).items() if name not in _OWN}


@pytest.mark.parametrize("probability", [0.03, 0.9])
async def test_it_is_what_saving_and_submitting_make(story: Story, probability: float) -> None:
    says = story.says(probability)
    one = (await story.apply(**await applicant(story), score=says))["application"]
    two = (await story.save(**await applicant(story)))["application"]
    await story.submit(two, score=says)
    assert shared(await application(one)) == shared(await application(two))
    for number in (one, two):  # what was signed is what the database has
        row = await application(number)
        assert row.content_sha256 == content_sha256(application_terms(row))
    decided, other = await decision(one), await decision(two)
    assert decided.recommendation == other.recommendation
    assert decided.fired_rules == other.fired_rules
    assert decided.content_sha256 == (await application(one)).content_sha256
    assert await tasks(one) == await tasks(two)
    assert await events("LoanApplication", one) == await events("LoanApplication", two)
    assert len(await trail(one)) == len(await trail(two))


async def test_a_phone_that_retries_finds_its_one_application(story: Story) -> None:
    asked, once = await applicant(story), key()
    done = await asyncio.gather(*[story.apply(**asked, key=once) for _ in range(8)])
    assert {each["application"] for each in done} == {done[0]["application"]}
    assert [each.replayed for each in done].count(False) == 1
    assert await LoanApplication.filter(borrower_id=asked["borrower_id"]).count() == 1
    with pytest.raises(Refused) as refusal:
        await story.apply(**{**asked, "fields": {**asked["fields"], "installments": 6}}, key=once)
    assert said(refusal.value) == {("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")}


async def test_a_form_that_lacks_something_leaves_nothing(story: Story) -> None:
    asked = await applicant(story, purpose=None, installments=None)
    before = await footprint()
    with pytest.raises(Refused) as refusal:
        await story.apply(**asked)
    assert said(refusal.value) == {("purpose", "REQUIRED"), ("installments", "REQUIRED")}
    wrong = {**asked["fields"], "amount": Decimal(-1)}
    with pytest.raises(Refused) as refusal:  # what is wrong and what is not there, together
        await story.apply(borrower_id=asked["borrower_id"], fields=wrong)
    assert said(refusal.value) == {
        ("amount", "OUT_OF_RANGE"),
        ("purpose", "REQUIRED"),
        ("installments", "REQUIRED"),
    }
    with pytest.raises(Refused) as refusal:
        await story.apply(borrower_id=asked["borrower_id"], fields={})
    assert ("amount", "REQUIRED") in said(refusal.value)
    assert ("productId", "REQUIRED") in said(refusal.value)
    assert await footprint() == before


async def test_a_returned_application_is_changed_and_submitted_again(story: Story) -> None:
    asked = await applicant(story)
    number = (await story.apply(**asked))["application"]
    await return_application(
        actor=story.lender.approver, key=key(), application_id=number, comment="Which months?"
    )
    stale = (await application(number)).version - 1
    with pytest.raises(Refused) as refusal:
        await story.apply(application_id=number, expected_version=stale, fields={})
    assert {code for _, code in said(refusal.value)} == {"STALE_VERSION"}
    await story.apply(application_id=number, fields={"installments": 6})
    changed = await application(number)
    assert (changed.state, changed.installments) == ("ASSESSED", 6)
    assert (await decision(number)).round == 2
    with pytest.raises(Refused) as refusal:
        await story.apply(application_id=number, fields={"installments": 3})
    assert {code for _, code in said(refusal.value)} == {"ILLEGAL_STATE"}
