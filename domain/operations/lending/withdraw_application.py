"""Withdraw an application: the owner's side may, as long as no contract is signed."""

from __future__ import annotations

from domain.actor import Actor
from domain.operations.lending.owner_side import refuse_other_side
from domain.operations.perform import Done, Result, Step, perform
from domain.operations.risk.void_tasks import void_tasks
from domain.queries.lending.find import find_application
from domain.rules.lending.states import APPLICATION, APPLICATION_MOVES, ApplicationState
from domain.rules.states import move


async def withdraw_application(*, actor: Actor, key: str, application_id: int) -> Done:
    """Make an open application WITHDRAWN and void its approvals. Result: `application`."""

    async def work(step: Step) -> Result:
        refuse_other_side(actor)
        application = await find_application(actor, application_id, lock=True)
        before = ApplicationState(application.state)
        move(APPLICATION_MOVES, APPLICATION, before, ApplicationState.WITHDRAWN)
        application.state = ApplicationState.WITHDRAWN
        application.version += 1
        await application.save(update_fields=["state", "version"])
        await void_tasks(step, [application.id])
        step.changed(
            "LoanApplication",
            application.id,
            before={"state": before},
            after={"state": application.state, "version": application.version},
            event="application.withdrawn",
        )
        return {"application": application.id}

    return await perform(
        actor=actor,
        action="withdrawApplication",
        key=key,
        arguments={"application": application_id},
        work=work,
    )
