"""Promote a validated model to champion; every API process serves it within seconds."""

from __future__ import annotations

from domain.actor import Actor
from domain.models.risk.model_version import ModelVersion
from domain.operations.clock import now
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.risk.models import find_model, lock_models
from domain.rules.risk.model_states import MODEL, MODEL_MOVES, ModelState
from domain.rules.separation import refuse_same_person
from domain.rules.states import move, require_state


async def promote_model(*, actor: Actor, key: str, model_id: int) -> Done:
    """Make a VALIDATED version CHAMPION and retire the champion before it.

    Result: `model`, and `retired` where there was one. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        await lock_models()
        model = await find_model(model_id)
        before = ModelState(model.state)
        require_state(MODEL, before, ModelState.VALIDATED)  # RETIRED → CHAMPION is rolling back
        move(MODEL_MOVES, MODEL, before, ModelState.CHAMPION)
        refuse_same_person(actor.id, model.trained_by_id, ("trained", "训练"))
        result = {"model": model.id}
        champion = await ModelVersion.get_or_none(state=ModelState.CHAMPION)
        if champion is not None:
            await retire(step, champion)
            result["retired"] = champion.id
        model.promoted_by_id = actor.id
        model.promoted_at = now()
        await model.save(update_fields=["promoted_by_id", "promoted_at"])
        await enthrone(step, model)
        return result

    return await perform(
        actor=actor, action="promoteModel", key=key, arguments={"model": model_id}, work=work
    )


async def retire(step: Step, champion: ModelVersion) -> None:
    """Take the champion out of service, in a transaction that holds :func:`lock_models`."""
    await _set_state(step, champion, ModelState.RETIRED, "model.retired")


async def enthrone(step: Step, model: ModelVersion) -> None:
    """Put `model` in service, in a transaction that has retired the champion."""
    await _set_state(step, model, ModelState.CHAMPION, "model.promoted")


async def _set_state(step: Step, model: ModelVersion, to: ModelState, event: str) -> None:
    before = ModelState(model.state)
    model.state = to
    model.retired_at = now() if to is ModelState.RETIRED else None
    await model.save(update_fields=["state", "retired_at"])
    step.changed(
        "ModelVersion",
        model.id,
        before={"state": before},
        after={"state": to, "name": model.name, "version": model.version},
        event=event,
    )
