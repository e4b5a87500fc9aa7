"""What a model says of one case, as the decision needs it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

FeatureValue: TypeAlias = float | str | None
"""A number, a normalised category, or None for a value known to be missing."""


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """What one feature did to the PD (`contribution`, positive raises it), in words."""

    feature: str
    contribution: float
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The PD of one case at full precision, how much of its input was missing, and why.

    `missing_share` is the share of the model's features that were missing (0 to 1);
    `unknown_categories` names the features whose category the model has never seen; `reasons` has
    up to four, the weightiest first. `currency` is that of the amounts the model learned from;
    "" if it looks at none.
    """

    probability_of_default: float
    missing_share: float
    unknown_categories: tuple[str, ...]
    reasons: tuple[ScoreReason, ...]
    model_version_id: int
    model_sha256: str
    currency: str = ""


ScoreFunction: TypeAlias = Callable[[Mapping[str, FeatureValue]], Score | None]
"""Scores one case; None when no model is in service."""


def is_usable(score: Score) -> bool:
    """Whether the numbers are what they say: a PD and a share, both finite and from 0 to 1."""
    return all(
        math.isfinite(number) and 0 <= number <= 1
        for number in (score.probability_of_default, score.missing_share)
    )
