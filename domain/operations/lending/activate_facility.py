"""Activate, freeze and thaw a credit facility."""

from __future__ import annotations

from domain.actor import Actor
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.find import find_facility
from domain.rules.lending.states import FACILITY, FACILITY_MOVES, FacilityState
from domain.rules.separation import refuse_same_person
from domain.rules.states import move, require_state


async def activate_facility(*, actor: Actor, key: str, facility_id: int) -> Done:
    """Make a PROPOSED facility ACTIVE; its proposer may not. Result: `facility`."""
    return await _move(
        actor=actor,
        key=key,
        action="activateFacility",
        facility_id=facility_id,
        start=FacilityState.PROPOSED,
        to=FacilityState.ACTIVE,
    )


async def freeze_facility(*, actor: Actor, key: str, facility_id: int) -> Done:
    """Freeze an ACTIVE facility: nothing new is drawn, repayments free nothing."""
    return await _move(
        actor=actor,
        key=key,
        action="freezeFacility",
        facility_id=facility_id,
        start=FacilityState.ACTIVE,
        to=FacilityState.FROZEN,
    )


async def thaw_facility(*, actor: Actor, key: str, facility_id: int) -> Done:
    """Make a FROZEN facility ACTIVE again."""
    return await _move(
        actor=actor,
        key=key,
        action="thawFacility",
        facility_id=facility_id,
        start=FacilityState.FROZEN,
        to=FacilityState.ACTIVE,
    )


async def _move(
    *,
    actor: Actor,
    key: str,
    action: str,
    facility_id: int,
    start: FacilityState,
    to: FacilityState,
) -> Done:
    async def work(step: Step) -> Result:
        facility = await find_facility(actor, facility_id, lock=True)
        now = FacilityState(facility.state)
        require_state(FACILITY, now, start)  # PROPOSED → ACTIVE is activating, FROZEN → thawing
        move(FACILITY_MOVES, FACILITY, now, to)
        columns = ["state"]
        if start is FacilityState.PROPOSED:
            refuse_same_person(actor.id, facility.proposed_by_id, ("proposed", "提出"))
            facility.activated_by_id = actor.id
            columns.append("activated_by_id")
        facility.state = to
        await facility.save(update_fields=columns)
        step.changed(
            "CreditFacility",
            facility.id,
            before={"state": now},
            after={"state": to},
            event=f"facility.{to.lower()}",
        )
        return {"facility": facility.id}

    return await perform(
        actor=actor, action=action, key=key, arguments={"facility": facility_id}, work=work
    )
