"""Bring the previous champion back, in one call (docs/domain.md §8)."""

from __future__ import annotations

from domain.actor import Actor
from domain.models.risk.model_version import ModelVersion
from domain.operations.perform import Done, Result, Step, perform
from domain.operations.risk.promote_model import enthrone, retire
from domain.queries.risk.models import lock_models
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.risk.model_states import MODEL, MODEL_MOVES, ModelState
from domain.rules.states import move


async def rollback_model(*, actor: Actor, key: str) -> Done:
    """Retire the champion and make the one promoted before it CHAMPION again.

    A second rollback goes further back; what was rolled back never comes back by itself. Result:
    `model`, `retired`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        await lock_models()
        champion = await ModelVersion.get_or_none(state=ModelState.CHAMPION)
        previous = None
        if champion is not None:
            # A champion keeps its promoted_at when it retires and when it comes back, and loses it
            # when it is rolled back: so the one before is the latest that still has one.
            previous = (
                await ModelVersion.filter(
                    state=ModelState.RETIRED, promoted_at__lt=champion.promoted_at
                )
                .order_by("-promoted_at")
                .first()
            )
        if champion is None or previous is None:
            raise Refused([_NO_PREVIOUS])
        move(MODEL_MOVES, MODEL, ModelState(previous.state), ModelState.CHAMPION)
        await retire(step, champion)
        champion.promoted_at = None
        await champion.save(update_fields=["promoted_at"])
        await enthrone(step, previous)
        return {"model": previous.id, "retired": champion.id}

    return await perform(actor=actor, action="rollbackModel", key=key, arguments={}, work=work)


_NO_PREVIOUS = Problem(
    ErrorCode.ILLEGAL_STATE,
    (),
    "There is no earlier champion to go back to. Promote a validated version instead.",
    "没有可回退的历史冠军模型，请改为启用一个已验证的版本。",
)
