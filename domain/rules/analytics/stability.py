"""Whether the cases scored now still look like those the model was trained on: PSI (§8)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

_STABLE_BELOW, _WATCH_UP_TO = Fraction(1, 10), Fraction(1, 4)


class Stability(StrEnum):
    """What a PSI says."""

    STABLE = "STABLE"
    WATCH = "WATCH"
    ACT = "ACT"


@dataclass(frozen=True, slots=True)
class PdReference:
    """How the PDs of training lay: bin i holds PDs above `edges[i - 1]`, up to `edges[i]`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationStability:
    """A PSI, with the rows on both sides and the bins that it rests on."""

    psi: float
    verdict: Stability
    reference_rows: int
    rows: int
    bins: int


def read_reference(metrics: Mapping[str, Any]) -> PdReference | None:
    """Return the reference in a model version's metrics, `pdReference: {edges, counts}`, or None
    when there is none that can be used: rising edges, and one count more than edges."""
    stored = metrics.get("pdReference")
    if not isinstance(stored, Mapping):
        return None
    edges, counts = stored.get("edges"), stored.get("counts")
    if not isinstance(edges, list) or not isinstance(counts, list):
        return None
    numbers = all(isinstance(edge, int | float) and math.isfinite(edge) for edge in edges)
    whole = all(isinstance(count, int) and count >= 0 for count in counts)
    if not numbers or not whole or len(counts) != len(edges) + 1 or not sum(counts):
        return None
    if any(left >= right for left, right in pairwise(edges)):
        return None
    return PdReference(tuple(map(float, edges)), tuple(counts))


def population_stability(reference: PdReference, counts: Sequence[int]) -> PopulationStability:
    """Return the PSI of the cases counted in the reference's bins.

    PSI = Σ (actual % - expected %) × ln(actual % ÷ expected %), half a row added to each bin.
    Below 0.1 is stable, up to 0.25 to watch, above to act on. Raises ValueError when the counts
    are none, or not one a bin.
    """
    if len(counts) != len(reference.counts) or not sum(counts):
        raise ValueError("a PSI needs rows, counted in the bins of its reference")
    expected, actual = _shares(reference.counts), _shares(counts)
    psi = math.fsum(
        (now - then) * math.log(now / then) for now, then in zip(actual, expected, strict=True)
    )
    if psi < _STABLE_BELOW:
        verdict = Stability.STABLE
    else:
        verdict = Stability.WATCH if psi <= _WATCH_UP_TO else Stability.ACT
    return PopulationStability(
        psi=psi,
        verdict=verdict,
        reference_rows=sum(reference.counts),
        rows=sum(counts),
        bins=len(counts),
    )


def _shares(counts: Sequence[int]) -> list[float]:
    whole = 2 * sum(counts) + len(counts)
    return [(2 * count + 1) / whole for count in counts]
