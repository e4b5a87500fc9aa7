"""Model versions: the one an operation is about, the champion, and the lock that orders moves."""

from __future__ import annotations

from dataclasses import dataclass

from domain.db import for_update, rows
from domain.models.risk.model_version import ModelVersion
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.risk.model_states import MODEL, ModelState


@dataclass(frozen=True, slots=True)
class Champion:
    """What an API process must know to load the model in service."""

    id: int
    artefact_url: str
    sha256: str


async def find_model(model_id: int, *, lock: bool = False, path: str = "modelId") -> ModelVersion:
    """Return the model version, locked if asked; raises NOT_FOUND for an absent one."""
    query = ModelVersion.filter(id=model_id)
    found = await (query.select_for_update() if lock else query).first()
    if found is None:
        en, zh = MODEL
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_FOUND,
                    (path,),
                    f"There is no such {en}. Check the id.",
                    f"没有该{zh}，请核对编号。",
                )
            ]
        )
    return found


async def find_champion() -> Champion | None:
    """Return the model version in service, if there is one."""
    found = await rows(
        "SELECT id, artefact_url, sha256 FROM model_version WHERE state = %s",
        [ModelState.CHAMPION],
    )
    return Champion(**found[0]) if found else None


async def lock_models() -> None:
    """Make promotions, rollbacks and registrations wait for each other.

    All versions are locked, not the champion alone: where there is none yet, two first promotions
    would otherwise both win.
    """
    await rows("SELECT id FROM model_version ORDER BY id" + for_update())
