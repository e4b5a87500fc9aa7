"""Saving the form of an application, half by half, from one device and another."""

import asyncio
import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from domain.actor import Actor
from domain.models.lending.product import LoanProduct
from domain.operations.lending.register_borrower import Registration, register_borrower
from domain.queries.actors import load_actor
from domain.rules.lending.application import Purpose
from domain.rules.lending.borrower import BorrowerKind, Profile
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.states import ApplicationState
from domain.rules.refusal import Refused
from tests.application_story import Story, application, events, footprint, said
from tests.lender import Lender, key


@pytest.fixture(scope="module")
async def story(lender: Lender) -> Story:
    return await Story.open(lender)


@pytest.fixture(scope="module")
async def applicant(lender: Lender) -> Actor:
    """A borrower's user who has registered."""
    await register_borrower(
        actor=lender.applicant,
        key=key(),
        registration=Registration(
            profile=Profile.GENERIC, kind=BorrowerKind.COMPANY, name="Phone & Co"
        ),
    )
    found = await load_actor(lender.applicant.subject)
    assert found is not None
    return found


async def test_half_a_form_then_the_other_half(story: Story, applicant: Actor) -> None:
    facility_id = await story.lender.facility(borrower_id=applicant.borrower_id)
    first = await story.save(
        actor=applicant, fields={"product_id": story.product.id, "amount": Decimal("1000.50")}
    )
    row = await application(first["application"])
    assert (row.state, row.version, row.currency, row.amount) == ("DRAFT", 1, "USD", 1000_50)
    assert row.borrower_id == applicant.borrower_id
    await story.save(
        actor=applicant,
        application_id=row.id,
        expected_version=1,
        fields={
            "facility_id": facility_id,
            "annual_rate": Decimal("0.0600"),
            "installments": 6,
            "purpose": Purpose.WAGES,
            "features": {"employees": 12, "franchise": True, "region": None, "low_doc": ""},
        },
    )
    row = await application(row.id)
    assert (row.version, row.amount, row.installments) == (2, 1000_50, 6)
    assert row.features == {"employees": 12.0, "franchise": "YES", "region": None, "low_doc": None}
    # None empties a field; what is absent stays.
    await story.save(
        actor=applicant, application_id=row.id, fields={"amount": None, "features": None}
    )
    row = await application(row.id)
    assert (row.amount, row.installments, row.features) == (None, 6, {})
    assert await events("LoanApplication", row.id) == ["application.saved"] * 3


async def test_a_second_click_and_a_key_used_again(story: Story) -> None:
    borrower_id = await story.lender.borrower()
    once: dict[str, Any] = {
        "key": key(),
        "borrower_id": borrower_id,
        "fields": {
            "currency": "USD",
            "amount": Decimal("10.00"),
            "features": {"employees": 10**30},
        },
    }
    with pytest.raises(Refused) as refused:
        await story.save(**once)
    assert said(refused.value) == {("features.employees", "OUT_OF_RANGE")}
    once["fields"]["features"] = {"employees": 3}
    first = await story.save(**once)
    again = await story.save(**once)
    assert not first.replayed
    assert again.replayed
    assert again.result == first.result
    with pytest.raises(Refused) as refused:
        await story.save(**once | {"fields": {"currency": "USD", "amount": Decimal("11.00")}})
    assert said(refused.value) == {("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")}


async def test_a_second_click_whose_work_would_be_refused_now(story: Story) -> None:
    application_id = await story.draft()
    once: dict[str, Any] = {
        "key": key(),
        "application_id": application_id,
        "expected_version": 1,
        "fields": {"installments": 3},
    }
    both = await asyncio.gather(story.save(**once), story.save(**once))
    third = await story.save(**once)
    assert sorted(done.replayed for done in (*both, third)) == [False, True, True]
    assert (await application(application_id)).version == 2
    with pytest.raises(Refused) as refused:
        await story.save(**once | {"fields": {"installments": 4}})
    assert said(refused.value) == {("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")}


async def test_another_device_saved_meanwhile(story: Story) -> None:
    application_id = await story.draft()
    await story.save(application_id=application_id, expected_version=1, fields={"installments": 3})
    with pytest.raises(Refused) as refused:
        await story.save(
            application_id=application_id, expected_version=1, fields={"installments": 4}
        )
    assert said(refused.value) == {("expectedVersion", "STALE_VERSION")}
    assert (await application(application_id)).installments == 3


async def test_every_mistake_at_once_and_nothing_written(story: Story) -> None:
    borrower_id = await story.lender.borrower()
    other = await story.lender.facility()
    before = await footprint()
    with pytest.raises(Refused) as refused:
        await story.save(
            borrower_id=borrower_id,
            fields={
                "product_id": story.product.id,
                "facility_id": other,
                "amount": Decimal("10.005"),
                "annual_rate": Decimal("0.99"),
                "installments": 61,
                "method": RepaymentMethod.BULLET,
                "purpose_note": "x" * 501,
                "own_funds": Decimal("-1.00"),
                "expected_growth": Decimal("11"),
                "features": {"employees": "many", "no_such": 1},
            },
        )
    assert said(refused.value) == {
        ("facilityId", "INVALID_VALUE"),
        ("amount", "WRONG_SCALE"),
        ("annualRate", "OUT_OF_RANGE"),
        ("installments", "OUT_OF_RANGE"),
        ("method", "INVALID_VALUE"),
        ("purposeNote", "OUT_OF_RANGE"),
        ("ownFunds", "OUT_OF_RANGE"),
        ("expectedGrowth", "OUT_OF_RANGE"),
        ("features.employees", "INVALID_VALUE"),
        ("features.no_such", "NOT_FOUND"),
    }
    assert all(problem.zh and problem.en for problem in refused.value.problems)
    assert await footprint() == before


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"amount": Decimal("1.00")}, {("currency", "REQUIRED")}),
        ({"currency": "XXX", "amount": Decimal("1.00")}, {("currency", "INVALID_VALUE")}),
        ({"currency": "USD", "amount": Decimal("0.00")}, {("amount", "OUT_OF_RANGE")}),
        ({"currency": "USD", "amount": Decimal("-5.00")}, {("amount", "OUT_OF_RANGE")}),
        ({"currency": "JPY", "amount": Decimal("5.0")}, {("amount", "WRONG_SCALE")}),
        ({"annual_rate": Decimal("NaN")}, {("annualRate", "OUT_OF_RANGE")}),
        ({"annual_rate": Decimal("-0.01")}, {("annualRate", "OUT_OF_RANGE")}),
        ({"installments": 0}, {("installments", "OUT_OF_RANGE")}),
        ({"installments": 601}, {("installments", "OUT_OF_RANGE")}),
        ({"product_id": 999_999}, {("productId", "NOT_FOUND")}),
        ({"facility_id": 999_999}, {("facilityId", "NOT_FOUND")}),
        ({"expected_growth": Decimal("-1.01")}, {("expectedGrowth", "OUT_OF_RANGE")}),
        ({"expected_growth": Decimal("0.123456789")}, {("expectedGrowth", "WRONG_SCALE")}),
        ({"features": {"employees": float("nan")}}, {("features.employees", "INVALID_VALUE")}),
    ],
)
async def test_one_wrong_field(
    story: Story, fields: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    borrower_id = await story.lender.borrower()
    with pytest.raises(Refused) as refused:
        await story.save(borrower_id=borrower_id, fields=fields)
    assert said(refused.value) == wrong


async def test_amounts_do_not_change_currency_by_themselves(story: Story) -> None:
    borrower_id = await story.lender.borrower()
    done = await story.save(
        borrower_id=borrower_id, fields={"currency": "USD", "amount": Decimal("100.00")}
    )
    with pytest.raises(Refused) as refused:
        await story.save(application_id=done["application"], fields={"currency": "JPY"})
    assert said(refused.value) == {("amount", "CURRENCY_MISMATCH")}
    euros = await LoanProduct.get(code="EUR-LEVEL")
    with pytest.raises(Refused) as refused:
        await story.save(application_id=done["application"], fields={"product_id": euros.id})
    assert said(refused.value) == {("currency", "CURRENCY_MISMATCH")}
    await story.save(
        application_id=done["application"],
        fields={"currency": "JPY", "amount": Decimal("100")},
    )
    assert (await application(done["application"])).amount == 100


async def test_whose_application_it_is(story: Story, applicant: Actor) -> None:
    application_id = await story.draft()
    for actor in (applicant, story.lender.manager2):
        with pytest.raises(Refused) as refused:
            await story.save(actor=actor, application_id=application_id, fields={})
        assert said(refused.value) == {("applicationId", "NOT_FOUND")}
    for actor in (story.lender.approver, story.lender.risk_officer, story.lender.admin):
        with pytest.raises(Refused) as refused:
            await story.save(actor=actor, application_id=application_id, fields={})
        assert said(refused.value) == {("", "NOT_PERMITTED")}
    stranger = dataclasses.replace(applicant, id=10**9, borrower_id=None)
    with pytest.raises(Refused) as refused:
        await story.save(actor=stranger, fields={})
    assert said(refused.value) == {("borrowerId", "REQUIRED")}
    with pytest.raises(Refused) as refused:
        await story.save(
            application_id=application_id, borrower_id=applicant.borrower_id, fields={}
        )
    assert said(refused.value) == {("borrowerId", "INVALID_VALUE")}


@pytest.mark.parametrize("state", ApplicationState)
async def test_only_drafts_and_returned_ones_change(story: Story, state: ApplicationState) -> None:
    application_id = await story.draft()
    row = await application(application_id)
    row.state = state
    await row.save(update_fields=["state"])
    if state in {ApplicationState.DRAFT, ApplicationState.RETURNED}:
        await story.save(application_id=application_id, fields={"installments": 7})
        row = await application(application_id)
        assert (row.state, row.installments) == (state, 7)
        return
    with pytest.raises(Refused) as refused:
        await story.save(application_id=application_id, fields={"installments": 7})
    assert said(refused.value) == {("id", "ILLEGAL_STATE")}
