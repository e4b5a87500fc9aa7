"""Validate a model: a person who did not train it vouches for it (docs/domain.md §8)."""

from __future__ import annotations

from domain.actor import Actor
from domain.operations.clock import now
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.risk.models import find_model
from domain.rules.risk.model_states import MODEL, MODEL_MOVES, ModelState
from domain.rules.separation import refuse_same_person
from domain.rules.states import move


async def validate_model(*, actor: Actor, key: str, model_id: int) -> Done:
    """Make a DRAFT version VALIDATED. Result: `model`. Raises :class:`Refused`."""

    async def work(step: Step) -> Result:
        model = await find_model(model_id, lock=True)
        before = ModelState(model.state)
        move(MODEL_MOVES, MODEL, before, ModelState.VALIDATED)
        refuse_same_person(actor.id, model.trained_by_id, ("trained", "训练"))
        model.state = ModelState.VALIDATED
        model.validated_by_id = actor.id
        model.validated_at = now()
        await model.save(update_fields=["state", "validated_by_id", "validated_at"])
        step.changed(
            "ModelVersion",
            model.id,
            before={"state": before},
            after={"state": model.state},
            event="model.validated",
        )
        return {"model": model.id}

    return await perform(
        actor=actor, action="validateModel", key=key, arguments={"model": model_id}, work=work
    )
