"""Training: split → per fold select and tune → fit → evaluate. Nothing held out is looked at before
the last step, and the same data and spec give the same model. Training module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from domain.rules.refusal import ErrorCode, Problem, Refused
from ml.dataset import Dataset
from ml.encoding import Floats, Layout, Strings
from ml.evaluation import Metrics, PopulationStability, evaluate, population_stability
from ml.pipeline import (
    CANDIDATES,
    Params,
    bad_probability,
    blocks,
    build,
    fit_layout,
    joined,
    round_thresholds,
)
from ml.selection import Selection, select_features
from ml.spec import ModelKind, OnStep, TrainingSpec, TrainingStep, silent
from ml.split import Rows, Split, folds, split_rows

_TUNING_TREES, _FINAL_TREES = 100, 300
_CALIBRATION_GAIN = 0.002  # log loss a sigmoid must save, relative, to be worth its step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel:
    """A fitted pipeline with what it was fitted on and how good it is.

    `test` are the measures on held-out rows, `cross_validated` those of out-of-fold PDs on the
    training rows; `test_pd` is the pipeline's PD of `split.test`, in that order.
    """

    spec: TrainingSpec
    data: Dataset
    split: Split
    selection: Selection
    layout: Layout
    params: Params
    calibrated: bool
    pipeline: Pipeline
    cutoff: float
    cross_validated: Metrics
    test: Metrics
    stability: PopulationStability
    train_pd: NDArray[np.float64]
    test_pd: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Fold:
    layout: Layout
    train: tuple[Floats, Strings]
    valid: tuple[Floats, Strings]
    bad: NDArray[np.int8]
    rows: Rows


def train(data: Dataset, spec: TrainingSpec, on_step: OnStep = silent) -> TrainedModel:
    """Train and evaluate one model; `on_step` hears each step and the share of work done.

    Raises:
        Refused: the spec or the split is impossible (see :func:`ml.split.split_rows`), or no
            feature carries information.
    """
    with threadpool_limits(limits=1):  # small matrices: a second thread waits more than it works
        return _train(data, spec, on_step)


def _train(data: Dataset, spec: TrainingSpec, on_step: OnStep) -> TrainedModel:
    on_step(TrainingStep.SPLIT, 0.05)
    split = split_rows(data, spec)
    known = data.take(split.train)
    parts = folds(known, count=5 if len(known) < 2500 else 3, seed=spec.seed)
    on_step(TrainingStep.SELECT, 0.08)
    selection, layout = _select(known, spec)
    prepared = [_prepare(known, train_rows, rows, spec) for train_rows, rows in parts]
    params, out_of_fold = _tune(known, prepared, spec, on_step)
    on_step(TrainingStep.FIT, 0.7)
    calibrated = (
        spec.calibrate
        and spec.kind is ModelKind.RANDOM_FOREST
        and _sigmoid_helps(known.bad, out_of_fold, parts)
    )
    pipeline = build(
        layout,
        spec.kind,
        params,
        trees=_FINAL_TREES,
        seed=spec.seed,
        calibration=parts if calibrated else None,
    )
    fit(pipeline, *blocks(known, layout), known.bad)
    if calibrated:
        out_of_fold = _sigmoid(known.bad, out_of_fold, out_of_fold)
    on_step(TrainingStep.EVALUATE, 0.85)
    cutoff = data.recipe.cutoff if spec.cutoff is None else spec.cutoff
    held_out = data.take(split.test)
    test_pd = bad_probability(pipeline, *blocks(held_out, layout))
    return TrainedModel(
        spec=spec,
        data=data,
        split=split,
        selection=selection,
        layout=layout,
        params=params,
        calibrated=calibrated,
        pipeline=pipeline,
        cutoff=cutoff,
        cross_validated=evaluate(known.bad, out_of_fold, cutoff=cutoff),
        test=evaluate(held_out.bad, test_pd, cutoff=cutoff),
        stability=population_stability(out_of_fold, test_pd),
        train_pd=out_of_fold,
        test_pd=test_pd,
    )


def fit(pipeline: Pipeline, floats: Floats, strings: Strings, bad: NDArray[np.int8]) -> None:
    """Fit on encoded blocks and make a forest's thresholds float32."""
    pipeline.fit(joined(floats, strings), bad)
    round_thresholds(pipeline)


def _select(data: Dataset, spec: TrainingSpec) -> tuple[Selection, Layout]:
    selection = select_features(
        data,
        information_floor=spec.information_floor,
        correlation_cut=spec.correlation_cut,
    )
    layout = fit_layout(data, selection.kept, spec.kind)
    if not layout.features:
        raise Refused(
            [
                Problem(
                    ErrorCode.INVALID_VALUE,
                    ("csv",),
                    "No feature tells good rows from bad ones. Add features or rows.",
                    "没有任何特征能区分好坏样本，请增加特征或样本。",
                )
            ]
        )
    return selection, layout


def _prepare(data: Dataset, train_rows: Rows, rows: Rows, spec: TrainingSpec) -> _Fold:
    known = data.take(train_rows)
    _, layout = _select(known, spec)
    return _Fold(layout, blocks(known, layout), blocks(data.take(rows), layout), known.bad, rows)


def _tune(
    data: Dataset, parts: Sequence[_Fold], spec: TrainingSpec, on_step: OnStep
) -> tuple[Params, NDArray[np.float64]]:
    """Return the candidate of least out-of-fold log loss, and its out-of-fold PDs."""
    candidates = CANDIDATES[spec.kind]
    best: tuple[float, Params, NDArray[np.float64]] | None = None
    for i, params in enumerate(candidates):
        out_of_fold = np.zeros(len(data))
        for j, part in enumerate(parts):
            done = (i * len(parts) + j) / (len(candidates) * len(parts))
            on_step(TrainingStep.TUNE, 0.1 + 0.6 * done)
            pipeline = build(part.layout, spec.kind, params, trees=_TUNING_TREES, seed=spec.seed)
            fit(pipeline, *part.train, part.bad)
            out_of_fold[part.rows] = bad_probability(pipeline, *part.valid)
        loss = log_loss(data.bad, out_of_fold)
        if best is None or loss < best[0]:
            best = (loss, params, out_of_fold)
    assert best is not None  # noqa: S101 - CANDIDATES is never empty
    return best[1], best[2]


def _sigmoid_helps(bad: Any, pd: NDArray[np.float64], parts: Sequence[tuple[Rows, Rows]]) -> bool:
    """Say whether a sigmoid fitted on the other folds lowers the log loss enough."""
    after = np.zeros(len(pd))
    for train_rows, rows in parts:
        after[rows] = _sigmoid(bad[train_rows], pd[train_rows], pd[rows])
    return log_loss(bad, after) < (1 - _CALIBRATION_GAIN) * log_loss(bad, pd)


def _sigmoid(bad: Any, pd: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    platt = LogisticRegression(C=np.inf).fit(pd[:, None], bad)
    probability: NDArray[np.float64] = platt.predict_proba(of[:, None])[:, 1]
    return probability


def log_loss(bad: Any, pd: NDArray[np.float64]) -> float:
    """Return the mean negative log likelihood; a forest's 0 or 1 counts as 1 in 10,000."""
    p = np.clip(pd, 1e-4, 1 - 1e-4)
    return float(-np.where(bad == 1, np.log(p), np.log(1 - p)).mean())
