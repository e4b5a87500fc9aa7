"""Feature selection: by information, then by correlation. Fitted on training rows alone.

Whole features are kept or dropped, before any preprocessing, so the pipeline, the exported graph
and the serving blocks hold only what is kept, and a person can read why. Numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ml.dataset import Dataset
from ml.information import (
    Bins,
    bin_levels,
    bin_numbers,
    chance_gain,
    cramers_v,
    information_gain,
    information_value,
    rank_correlation,
)

SUSPECT_VALUE = 0.5


class Verdict(StrEnum):
    """What selection decided about a feature."""

    KEPT = "KEPT"
    LITTLE_INFORMATION = "LITTLE_INFORMATION"
    CORRELATED = "CORRELATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """One feature's screen; `suspect` asks a person whether the feature leaks the outcome.

    `information_gain` is in nats, corrected for chance. `correlated_with` names the more
    informative feature it was dropped for, `correlation` their correlation.
    """

    feature: str
    verdict: Verdict
    information_value: float
    information_gain: float
    missing_share: float
    suspect: bool
    correlated_with: str = ""
    correlation: float = 0.0


@dataclass(frozen=True, slots=True)
class Selection:
    """All features screened, most informative first."""

    screened: tuple[Screened, ...]

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the features kept."""
        return tuple(s.feature for s in self.screened if s.verdict is Verdict.KEPT)

    @property
    def suspects(self) -> tuple[str, ...]:
        """Names of the features whose information value suggests a leak."""
        return tuple(s.feature for s in self.screened if s.suspect)


@dataclass(frozen=True, slots=True)
class _Candidate:
    feature: str
    numeric: bool
    values: Any
    bins: Bins
    value: float
    gain: float
    missing: float
    enough: bool


def select_features(
    data: Dataset, *, information_floor: float, correlation_cut: float
) -> Selection:
    """Screen every feature of `data` and keep the informative ones that do not repeat each other.

    A feature is dropped when its information value is under `information_floor` or its gain is no
    more than chance gives; then, going down in information gain, when its correlation (Spearman for
    numbers, Cramér's V for categories) with a kept feature of the same kind is above the cut.
    """
    found = sorted(
        (_candidate(data, name, information_floor) for name in (*data.numbers, *data.categories)),
        key=lambda c: (-c.gain, c.feature),
    )
    kept: list[_Candidate] = []
    screened = []
    for candidate in found:
        verdict, other, correlation = Verdict.KEPT, "", 0.0
        if not candidate.enough:
            verdict = Verdict.LITTLE_INFORMATION
        else:
            other, correlation = _nearest(candidate, kept)
            if abs(correlation) > correlation_cut:
                verdict = Verdict.CORRELATED
            else:
                kept.append(candidate)
                other, correlation = "", 0.0
        screened.append(
            Screened(
                feature=candidate.feature,
                verdict=verdict,
                information_value=candidate.value,
                information_gain=candidate.gain,
                missing_share=candidate.missing,
                suspect=candidate.value > SUSPECT_VALUE,
                correlated_with=other,
                correlation=correlation,
            )
        )
    return Selection(tuple(screened))


def _candidate(data: Dataset, name: str, floor: float) -> _Candidate:
    numeric = name in data.numbers
    values: Any = data.column(name)
    bins = bin_numbers(values) if numeric else bin_levels(values)
    gain = information_gain(bins, data.bad)
    value = information_value(bins, data.bad)
    return _Candidate(
        feature=name,
        numeric=numeric,
        values=values,
        bins=bins,
        value=value,
        gain=gain,
        missing=data.missing_share(name),
        enough=value >= floor and gain > chance_gain(bins),
    )


def _nearest(candidate: _Candidate, kept: list[_Candidate]) -> tuple[str, float]:
    nearest, most = "", 0.0
    for other in kept:
        if other.numeric is not candidate.numeric:
            continue
        strength = (
            rank_correlation(candidate.values, other.values)
            if candidate.numeric
            else cramers_v(candidate.bins, other.bins)
        )
        if abs(strength) > abs(most):
            nearest, most = other.feature, strength
    return nearest, most
