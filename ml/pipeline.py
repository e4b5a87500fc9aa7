"""The scikit-learn pipeline: impute, scale or one-hot, classify; shaped so that it exports exactly.

Rules that hold here because skl2onnx turns their opposites into silently wrong graphs: columns are
chosen by position, the numeric block first; missing flags are columns of the layout, not of the
imputer; no scaling before trees; forests never see NaN; one-hot ignores unknown levels; sigmoid
calibration is the last step; features are float32 before fit. Training module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.catalogue import CATALOGUE
from ml.dataset import Dataset
from ml.encoding import CategoryColumn, Floats, Layout, NumberColumn, Strings
from ml.features import Unit
from ml.spec import ModelKind
from ml.split import Rows

Params = Mapping[str, Any]
_KNOTS = 6
_FEWEST_MISSING = 20
_LONG_TAILED = frozenset({Unit.MONEY, Unit.COUNT, Unit.DAYS, Unit.TIMES})

CANDIDATES: Mapping[ModelKind, Sequence[Params]] = {
    ModelKind.LOGISTIC_REGRESSION: ({"C": 0.03}, {"C": 0.1}, {"C": 0.3}, {"C": 1.0}),
    ModelKind.RANDOM_FOREST: (
        {"min_samples_leaf": 3, "max_features": "sqrt"},
        {"min_samples_leaf": 5, "max_features": "sqrt"},
        {"min_samples_leaf": 5, "max_features": 0.3},
        {"min_samples_leaf": 8, "max_features": 0.3},
    ),
}


def fit_layout(data: Dataset, kept: Sequence[str], kind: ModelKind) -> Layout:
    """Lay out the `kept` features; knots, bounds and levels are learnt from `data`.

    A level needs 1 % of the rows (at least 10) to be known. A missing flag needs 20 rows with the
    value and 20 without. Only the linear model gets logs, bounds and knots: trees need none.
    """
    numbers = []
    for name in data.numbers:
        if name in kept:
            numbers.append(_number_column(name, data, linear=kind is not ModelKind.RANDOM_FOREST))
    least = max(10, math.ceil(0.01 * len(data)))
    categories = []
    for name in data.categories:
        if name in kept:
            levels, counts = np.unique(data.column(name), return_counts=True)
            known = tuple(str(level) for level in levels[counts >= least])
            if known:
                categories.append(CategoryColumn(feature=name, levels=known))
    return Layout(numbers=tuple(numbers), categories=tuple(categories))


def _number_column(name: str, data: Dataset, *, linear: bool) -> NumberColumn:
    values = data.column(name)
    present = values[~np.isnan(values)]
    gone = len(values) - len(present)
    flagged = gone >= _FEWEST_MISSING and len(present) >= _FEWEST_MISSING
    if not linear or not len(present):
        return NumberColumn(feature=name, flagged=flagged)
    log = CATALOGUE[name].unit in _LONG_TAILED
    low, high = np.quantile(present, [0.005, 0.995]).astype(np.float32)
    plain = Layout(
        numbers=(NumberColumn(feature=name, log=log, bounds=(float(low), float(high))),),
        categories=(),
    )
    shaped = plain.encode(present[:, None])[:, 0]
    knots = np.unique(np.quantile(shaped, np.linspace(0, 1, _KNOTS + 2)[1:-1]).astype(np.float32))
    inner = knots[(knots > shaped.min()) & (knots < shaped.max())]
    return NumberColumn(
        feature=name,
        log=log,
        bounds=(float(low), float(high)),
        knots=tuple(inner.tolist()),
        flagged=flagged,
    )


def blocks(data: Dataset, layout: Layout) -> tuple[Floats, Strings]:
    """Return the encoded float block and the string block of `data`."""
    numbers = [data.numbers.index(c.feature) for c in layout.numbers]
    categories = [data.categories.index(c.feature) for c in layout.categories]
    return layout.encode(data.x_numbers[:, numbers]), data.x_categories[:, categories]


def joined(floats: Floats, strings: Strings) -> Any:
    """Return both blocks as the one matrix the pipeline takes: numbers first, then texts."""
    if not strings.shape[1]:
        return floats
    matrix = np.empty((len(floats), floats.shape[1] + strings.shape[1]), dtype=object)
    matrix[:, : floats.shape[1]] = floats
    matrix[:, floats.shape[1] :] = strings
    return matrix


def build(
    layout: Layout,
    kind: ModelKind,
    params: Params,
    *,
    trees: int,
    seed: int,
    calibration: Sequence[tuple[Rows, Rows]] | None = None,
) -> Pipeline:
    """Return the unfitted pipeline; with `calibration` folds its last step is a fitted sigmoid."""
    forest = kind is ModelKind.RANDOM_FOREST
    steps: list[tuple[str, Any]] = [
        ("impute", SimpleImputer(strategy="median", keep_empty_features=True))
    ]
    if not forest:
        steps.append(("scale", StandardScaler()))
    width = layout.width
    one_hot = OneHotEncoder(
        categories=[list(c.levels) for c in layout.categories],
        handle_unknown="ignore",
        sparse_output=False,
        dtype=np.float32,
    )
    strings = list(range(width, width + len(layout.categories)))
    parts: list[tuple[str, Any, list[int]]] = []
    if width:
        parts.append(("numbers", Pipeline(steps), list(range(width))))
    if strings:
        parts.append(("categories", one_hot, strings))
    model: Any = (
        RandomForestClassifier(n_estimators=trees, random_state=seed, n_jobs=1, **params)
        if forest
        else LogisticRegression(max_iter=5000, random_state=seed, **params)
    )
    if calibration is not None:
        model = CalibratedClassifierCV(model, method="sigmoid", cv=calibration, ensemble=False)
    return Pipeline([("prepare", ColumnTransformer(parts)), ("model", model)])


def forests(pipeline: Pipeline) -> list[Any]:
    """Return the fitted trees of a forest pipeline; none for another kind."""
    model = pipeline.named_steps["model"]
    if isinstance(model, CalibratedClassifierCV):
        model = model.calibrated_classifiers_[0].estimator
    return [tree.tree_ for tree in getattr(model, "estimators_", [])]


def round_thresholds(pipeline: Pipeline) -> None:
    """Round every split threshold of a forest down to float32.

    A float32 x has x ≤ t exactly when x ≤ the float32 below t, so no answer changes; but the graph
    holds thresholds as float32, and rounded to nearest a few rows would go the other way.
    """
    for tree in forests(pipeline):
        exact = tree.threshold
        nearest = exact.astype(np.float32)
        lower = np.nextafter(nearest, np.float32(-np.inf))
        exact[:] = np.where(nearest.astype(np.float64) > exact, lower, nearest)


def bad_probability(pipeline: Pipeline, floats: Floats, strings: Strings) -> Any:
    """Return the pipeline's PD (float64) for each row."""
    return pipeline.predict_proba(joined(floats, strings))[:, 1]
