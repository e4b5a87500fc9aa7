"""Why a PD is what it is: up to four reason codes, from permutation Shapley values.

A path starts at a background row and turns it, one feature at a time and in a random order, into
the applicant's; each step's change in log odds is that feature's. Sixteen paths (eight orders and
their reverses, each from its own background row) go through the graph as one batch. For logistic
regression log odds add up, so every order gives the same and the values are exact against these
background rows. The orders are drawn from a fixed seed: the same features give the same reasons.
Serving module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ml.encoding import MISSING_CATEGORY
from ml.features import FeatureValue
from ml.reasons import sentence
from ml.scorer import Scorer

PATHS = 16
MOST_REASONS = 4
LEAST_CONTRIBUTION = 0.1  # in log odds, a tenth of the odds: less is within the noise of a fit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCode:
    """A feature that raises the PD: code for machines, a sentence in both languages.

    `contribution` is in log odds against the background rows.
    """

    code: str
    feature: str
    contribution: float
    en: str
    zh: str


def contributions(scorer: Scorer, features: Mapping[str, FeatureValue]) -> dict[str, float]:
    """Return each model feature's contribution in log odds.

    They add up to the applicant's log odds less the mean log odds of the background rows.
    """
    layout = scorer.card.layout
    count = len(layout.features)
    taken, order = _paths(count)
    split = len(layout.numbers)
    own_numbers, own_texts = layout.raw((features,))
    base_numbers, base_texts = scorer.background
    rows = np.arange(PATHS) % len(base_numbers)
    numbers = np.where(taken[:, :, :split], own_numbers, base_numbers[rows][:, None, :])
    texts = np.where(taken[:, :, split:], own_texts, base_texts[rows][:, None, :])
    batch = PATHS * (count + 1)
    odds = scorer.log_odds(numbers.reshape(batch, split), texts.reshape(batch, count - split))
    odds = odds.reshape(PATHS, count + 1)
    total = np.zeros(count)
    np.add.at(total, order, np.diff(odds, axis=1))
    return dict(zip(layout.features, (total / PATHS).tolist(), strict=True))


def explain(
    scorer: Scorer, features: Mapping[str, FeatureValue], *, most: int = MOST_REASONS
) -> tuple[ReasonCode, ...]:
    """Return up to `most` features that raise the PD, the strongest first."""
    found = contributions(scorer, features)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    levels = {c.feature: c.levels for c in scorer.card.layout.categories}
    reasons = []
    for name, contribution in ranked[:most]:
        if contribution < LEAST_CONTRIBUTION:
            break
        value = features.get(name)
        value = None if value == MISSING_CATEGORY else value
        said = sentence(
            name,
            value,
            typical=scorer.card.typical.get(name),
            known=name not in levels or value in levels[name],
        )
        reasons.append(
            ReasonCode(
                code=said.code, feature=name, contribution=contribution, en=said.en, zh=said.zh
            )
        )
    return tuple(reasons)


@lru_cache(maxsize=64)
def _paths(count: int) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return which features are the applicant's at each step of each path, and the orders."""
    rng = np.random.default_rng(20_240_229)
    forward = np.array([rng.permutation(count) for _ in range(PATHS // 2)])
    order = np.concatenate([forward, forward[:, ::-1]])
    rank = np.argsort(order, axis=1)
    taken: NDArray[np.bool_] = rank[:, None, :] < np.arange(count + 1)[None, :, None]
    return taken, order
