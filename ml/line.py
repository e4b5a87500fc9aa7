"""The whole line in one call, for a training process: file → dataset → train → ONNX → artefact.

Training module. Arguments and result pickle, so that a spawned process can run it.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.artefact import Artefact, GoldenRow, HoldoutRow, ModelCard, Row, save
from ml.dataset import Dataset, load_csv
from ml.export import Parity, check_parity, export
from ml.recipe import Recipe
from ml.scorer import Scorer
from ml.spec import OnStep, TrainingSpec, TrainingStep, silent
from ml.train import TrainedModel, train

_BACKGROUND = 16
_GOLDEN = 20
_LIBRARIES = ("numpy", "scikit-learn", "skl2onnx", "onnx", "onnxruntime")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """What a training left behind: where the model is, its hash, and its card."""

    url: str
    sha256: str
    card: ModelCard


def run_line(
    *, csv_url: str, recipe: Recipe, spec: TrainingSpec, url: str, on_step: OnStep = silent
) -> LineResult:
    """Train on a CSV and save the model into the folder `url`.

    Raises:
        Refused: the file, the recipe's columns or the spec do not do (`ml.dataset`, `ml.train`).
        ParityFailed: the graph does not repeat scikit-learn's PDs; nothing is saved.
    """
    on_step(TrainingStep.LOAD, 0.0)
    return finish(train(load_csv(csv_url, recipe), spec, on_step), url=url, on_step=on_step)


def finish(model: TrainedModel, *, url: str, on_step: OnStep = silent) -> LineResult:
    """Export a trained model, pass it through the parity gate and save it."""
    on_step(TrainingStep.EXPORT, 0.88)
    onnx = export(model)
    on_step(TrainingStep.PARITY, 0.94)
    parity = check_parity(model, onnx)
    on_step(TrainingStep.SAVE, 0.97)
    card = _card(model, parity, onnx)
    held_out = model.split.test.tolist()
    holdout = [
        HoldoutRow(model.data.row_ids[i], bool(model.data.bad[i]), pd)
        for i, pd in zip(held_out, model.test_pd.tolist(), strict=True)
    ]
    sha256 = save(url, onnx=onnx, card=card, holdout=holdout)
    on_step(TrainingStep.SAVE, 1.0)
    return LineResult(url=url, sha256=sha256, card=card)


def _card(model: TrainedModel, parity: Parity, onnx: bytes) -> ModelCard:
    data = model.data
    known = data.take(model.split.train)

    def card(golden: Sequence[GoldenRow]) -> ModelCard:
        return ModelCard(
            kind=model.spec.kind,
            profile=data.recipe.profile,
            currency=data.recipe.currency,
            cutoff=model.cutoff,
            recipe=data.recipe.name,
            recipe_sha256=data.recipe.sha256,
            data_sha256=data.data_sha256,
            seed=model.spec.seed,
            layout=model.layout,
            typical=_typical(known, model.layout.features),
            background=_background(model, known),
            golden=tuple(golden),
            report=_report(model, parity),
        )

    rows = _golden_features(model)
    pds = Scorer(Artefact(onnx, card(())), "").pds(rows).tolist()
    return card([GoldenRow(row, pd) for row, pd in zip(rows, pds, strict=True)])


def _typical(known: Dataset, features: Sequence[str]) -> Row:
    typical: dict[str, Any] = {}
    for name in features:
        values = known.column(name)
        if name in known.numbers:
            present = values[~np.isnan(values)]
            if len(present):
                typical[name] = float(np.median(present))
        else:
            levels, counts = np.unique(values[values != ""], return_counts=True)
            if len(levels):
                typical[name] = str(levels[counts.argmax()])
    return typical


def _background(model: TrainedModel, known: Dataset) -> tuple[Row, ...]:
    """Return training rows at even steps of PD rank, so that their mean is the portfolio's."""
    order = np.argsort(model.train_pd, kind="stable")
    places = (np.arange(_BACKGROUND) + 0.5) / _BACKGROUND * len(order)
    return tuple(_used(known, int(order[int(p)]), model) for p in places)


def _golden_features(model: TrainedModel) -> list[Row]:
    """Return held-out rows over the range of PDs, a row of nothing, and one of unknown levels."""
    order = model.split.test[np.argsort(model.test_pd, kind="stable")]
    places = np.linspace(0, len(order) - 1, _GOLDEN).astype(int)
    rows = [_used(model.data, int(order[p]), model) for p in places]
    unknown = {c.feature: "NO SUCH LEVEL" for c in model.layout.categories}
    return [*rows, {}, {**rows[len(rows) // 2], **unknown}]


def _used(data: Dataset, row: int, model: TrainedModel) -> Row:
    features = data.features_of(row)
    return {name: features[name] for name in model.layout.features if name in features}


def _pd_reference(pds: NDArray[np.float64]) -> dict[str, list[Any]]:
    """Return how the out-of-fold PDs lay, in tenths where they differ: what PSI compares with.

    Bin i holds the PDs above edge i - 1, up to edge i.
    """
    edges = np.unique(np.quantile(pds, np.linspace(0.1, 0.9, 9)))
    bins = np.searchsorted(edges, pds, side="left")
    counts = np.bincount(bins, minlength=len(edges) + 1)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _report(model: TrainedModel, parity: Parity) -> dict[str, Any]:
    """Return plain JSON values, so that a card read back equals the card that was saved."""
    data, split, spec = model.data, model.split, model.spec
    report = {
        "rows": {"train": len(split.train), "test": len(split.test), "dropped": split.dropped},
        "split": {
            "kind": spec.split.value,
            "testFraction": spec.test_fraction,
            "testFrom": spec.test_from.isoformat() if spec.test_from else None,
        },
        "params": dict(model.params),
        "calibrated": model.calibrated,
        "test": model.test.to_json(),
        "crossValidated": model.cross_validated.to_json(),
        "stability": asdict(model.stability),
        "pdReference": _pd_reference(model.train_pd),
        "features": [asdict(screened) for screened in model.selection.screened],
        "suspectedLeaks": list(model.selection.suspects),
        "cleaned": [asdict(cleaned) for cleaned in data.cleaned],
        "droppedColumns": dict(data.recipe.dropped),
        "parity": {"rows": parity.rows, "largest": parity.largest},
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(report, allow_nan=False))
    return plain
