"""What a training is asked to do, and the steps it reports. Serving-safe: standard library only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from domain.rules.refusal import ErrorCode, Problem


class ModelKind(StrEnum):
    """The algorithms on offer."""

    LOGISTIC_REGRESSION = "LOGISTIC_REGRESSION"
    RANDOM_FOREST = "RANDOM_FOREST"


class SplitKind(StrEnum):
    """How held-out rows are chosen: stratified at random by seed, or the latest by date."""

    RANDOM = "RANDOM"
    OUT_OF_TIME = "OUT_OF_TIME"


class TrainingStep(StrEnum):
    """The steps of the line, in order."""

    LOAD = "LOAD"
    SPLIT = "SPLIT"
    SELECT = "SELECT"
    TUNE = "TUNE"
    FIT = "FIT"
    EVALUATE = "EVALUATE"
    EXPORT = "EXPORT"
    PARITY = "PARITY"
    SAVE = "SAVE"


OnStep = Callable[[TrainingStep, float], None]


def silent(_step: TrainingStep, _fraction: float) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSpec:
    """One training; the same spec on the same bytes gives the same model.

    `test_fraction` of the rows is held out; with OUT_OF_TIME `test_from`, where given, is the first
    held-out date instead. `cutoff` is the PD from which a row counts as bad (None: the recipe's).
    A feature is dropped when its information value is below `information_floor`, or when its
    correlation with a more informative one is above `correlation_cut`.
    """

    kind: ModelKind
    split: SplitKind = SplitKind.RANDOM
    test_fraction: float = 0.2
    test_from: dt.date | None = None
    seed: int = 0
    cutoff: float | None = None
    calibrate: bool = True
    correlation_cut: float = 0.7
    information_floor: float = 0.02

    def problems(self, path: tuple[str, ...] = ()) -> list[Problem]:
        """Return every mistake in the numbers, with GraphQL field names under `path`."""
        bounds = (
            ("testFraction", self.test_fraction, 0.05, 0.5),
            ("seed", self.seed, 0, 2**31 - 1),
            ("cutoff", 0.5 if self.cutoff is None else self.cutoff, 0.001, 0.999),
            ("correlationCut", self.correlation_cut, 0.1, 1.0),
            ("informationFloor", self.information_floor, 0.0, 0.5),
        )
        return [
            Problem(
                ErrorCode.OUT_OF_RANGE,
                (*path, name),
                f"{name} must be from {least} to {most}; this is {value}.",
                f"{name} 须在 {least} 至 {most} 之间，当前为 {value}。",
            )
            for name, value, least, most in bounds
            if not least <= value <= most
        ]
