"""Scoring with a saved model: features in, PD out. Serving module: numpy and onnxruntime alone.

A :class:`Scorer` is immutable and may be shared by threads: one row takes tens of microseconds,
so it is called on the event loop; many rows belong in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ml.artefact import Artefact, ArtefactCorrupt, ModelCard, load
from ml.encoding import Floats
from ml.features import FeatureValue
from ml.graph import open_graph, run_graph

_GOLDEN_DIFFERENCE = 1e-6  # another processor may round the last bits another way


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A PD (0 to 1, at the graph's full precision) and the quality of what it rests on.

    `missing` are features of the model that were not given and `missing_share` their share;
    `unknown_categories` maps a feature to a value the model had too few rows of to know;
    `values` are the values used.
    """

    pd: float
    missing_share: float
    missing: tuple[str, ...]
    unknown_categories: Mapping[str, str]
    values: Mapping[str, FeatureValue]


class Scorer:
    """A model in memory."""

    def __init__(self, artefact: Artefact, sha256: str) -> None:
        self.card: ModelCard = artefact.card
        self.sha256 = sha256
        self.session: Any = open_graph(artefact.onnx)
        layout = artefact.card.layout
        self.features = layout.features
        self.background = layout.raw(self.card.background)
        self._levels = {c.feature: frozenset(c.levels) for c in layout.categories}

    @classmethod
    def load(cls, url: str, sha256: str) -> Self:
        """Load a model, check its hashes, and check that it still answers its golden rows.

        Raises:
            ArtefactCorrupt: any of these fails.
        """
        scorer = cls(load(url, sha256), sha256)
        golden = scorer.card.golden
        scores = scorer.score_many([row.features for row in golden])
        for row, score in zip(golden, scores, strict=True):
            if not abs(row.pd - score.pd) <= _GOLDEN_DIFFERENCE:
                raise ArtefactCorrupt(
                    f"{url} gives {score.pd:.9f} for a golden row that was {row.pd:.9f}"
                )
        return scorer

    def score(self, features: Mapping[str, FeatureValue]) -> Score:
        """Score one row of features as `parse_features` returns them; others are ignored."""
        return self.score_many((features,))[0]

    def score_many(self, rows: Sequence[Mapping[str, FeatureValue]]) -> list[Score]:
        """Score several rows in one run of the graph."""
        if not rows:
            return []
        pds = self.pds(rows).tolist()
        return [self._judged(row, pd) for row, pd in zip(rows, pds, strict=True)]

    def pds(self, rows: Sequence[Mapping[str, FeatureValue]]) -> Floats:
        """Return only the PDs, float32."""
        layout = self.card.layout
        numbers, categories = layout.raw(rows)
        return run_graph(self.session, layout.encode(numbers), categories)

    def _judged(self, row: Mapping[str, FeatureValue], pd: float) -> Score:
        values = {name: row[name] for name in self.features if name in row}
        missing = tuple(name for name in self.features if name not in row)
        unknown = {
            name: str(values[name])
            for name, levels in self._levels.items()
            if name in values and values[name] not in levels
        }
        return Score(
            pd=pd,
            missing_share=len(missing) / len(self.features),
            missing=missing,
            unknown_categories=unknown,
            values=values,
        )

    def log_odds(self, floats: Floats, strings: Any) -> Any:
        """Return ln(PD ÷ (1 - PD)) of raw blocks as float64, PD kept within 1e-6 of 0 and 1."""
        layout = self.card.layout
        pd = run_graph(self.session, layout.encode(floats), strings).astype(np.float64)
        clipped = np.clip(pd, 1e-6, 1 - 1e-6)
        return np.log(clipped / (1 - clipped))
