"""Facilities on SQLite and MariaDB: proposed by one person, activated by another, once a key."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from domain import db
from domain.models.lending.facility import CreditFacility
from domain.operations.lending.activate_facility import activate_facility, thaw_facility
from domain.operations.lending.propose_facility import FacilityProposal, propose_facility
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.roles import Role
from tests.lender import Lender, key


async def proposal(lender: Lender, **changes: object) -> FacilityProposal:
    form = FacilityProposal(
        borrower_id=await lender.borrower(),
        limit=Decimal("500000.00"),
        currency="CNY",
        revolving=True,
        expires_on=dt.date(2027, 1, 15),
    )
    return replace(form, **changes)


def found(refusal: pytest.ExceptionInfo[Refused]) -> dict[str, ErrorCode]:
    return {".".join(problem.path): problem.code for problem in refusal.value.problems}


async def test_all_mistakes_come_together_and_nothing_is_written(lender: Lender) -> None:
    form = await proposal(lender, limit=Decimal("0.001"), expires_on=dt.date(2026, 1, 15))
    before = await CreditFacility.all().count()
    with pytest.raises(Refused) as refusal:
        await propose_facility(actor=lender.relationship_manager, key=key(), proposal=form)
    assert found(refusal) == {
        "limit": ErrorCode.WRONG_SCALE,
        "expiresOn": ErrorCode.DATE_OUT_OF_RANGE,
    }
    assert await CreditFacility.all().count() == before


async def test_the_proposer_may_not_activate(lender: Lender) -> None:
    manager = lender.relationship_manager
    done = await propose_facility(actor=manager, key=key(), proposal=await proposal(lender))
    both = replace(manager, roles=frozenset({Role.RELATIONSHIP_MANAGER, Role.APPROVER}))
    with pytest.raises(Refused) as refusal:
        await activate_facility(actor=both, key=key(), facility_id=done["facility"])
    assert found(refusal) == {"": ErrorCode.SAME_PERSON}
    await activate_facility(actor=lender.approver, key=key(), facility_id=done["facility"])
    facility = await CreditFacility.get(id=done["facility"])
    assert (facility.state, facility.activated_by_id) == ("ACTIVE", lender.approver.id)


async def test_an_illegal_move_is_refused(lender: Lender) -> None:
    facility_id = await lender.facility()
    with pytest.raises(Refused) as refusal:
        await thaw_facility(actor=lender.risk_officer, key=key(), facility_id=facility_id)
    assert found(refusal) == {"id": ErrorCode.ILLEGAL_STATE}


async def test_a_second_click_answers_with_the_first_one(lender: Lender) -> None:
    manager, form, once = lender.relationship_manager, await proposal(lender), key()
    first = await propose_facility(actor=manager, key=once, proposal=form)
    second = await propose_facility(actor=manager, key=once, proposal=form)
    assert (first.replayed, second.replayed) == (False, True)
    assert second["facility"] == first["facility"]
    trail = "SELECT action, outcome FROM audit_entry WHERE noun = %s AND noun_id = %s"
    rows = await db.rows(trail, ["CreditFacility", first["facility"]])
    assert rows == [{"action": "proposeFacility", "outcome": "DONE"}]


async def test_a_key_with_other_arguments_is_refused(lender: Lender) -> None:
    manager, form, once = lender.relationship_manager, await proposal(lender), key()
    await propose_facility(actor=manager, key=once, proposal=form)
    other = replace(form, limit=Decimal("600000.00"))
    with pytest.raises(Refused) as refusal:
        await propose_facility(actor=manager, key=once, proposal=other)
    assert found(refusal) == {"idempotencyKey": ErrorCode.IDEMPOTENCY_KEY_REUSED}
