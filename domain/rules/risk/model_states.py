"""States of a model version and its legal moves (docs/domain.md §8)."""

from __future__ import annotations

from enum import StrEnum

from domain.rules.states import Moves


class ModelState(StrEnum):
    """At most one version is CHAMPION: the one that scores applications."""

    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    CHAMPION = "CHAMPION"
    RETIRED = "RETIRED"


_M = ModelState

MODEL_MOVES: Moves = {
    _M.DRAFT: frozenset({_M.VALIDATED}),
    _M.VALIDATED: frozenset({_M.CHAMPION}),
    _M.CHAMPION: frozenset({_M.RETIRED}),
    _M.RETIRED: frozenset({_M.CHAMPION}),  # by a rollback
}

MODEL = ("model version", "模型版本")
