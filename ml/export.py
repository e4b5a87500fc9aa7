"""From a fitted pipeline to ONNX, and the parity gate before it is served. Training module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

from ml.dataset import Dataset
from ml.encoding import Floats, Layout, Strings
from ml.graph import CATEGORIES, NUMBERS, open_graph, run_graph
from ml.pipeline import bad_probability, blocks, forests
from ml.train import TrainedModel

OPSET = {"": 22, "ai.onnx.ml": 3}
MOST_DIFFERENCE = 1e-5
_UNKNOWN = "\u2603 NO SUCH LEVEL"
_THRESHOLD_ROWS = 400


class ParityFailed(Exception):
    """The graph's PDs differ from scikit-learn's: the model must not be served."""

    def __init__(self, parity: Parity) -> None:
        self.parity = parity
        super().__init__(
            f"ONNX and scikit-learn differ by up to {parity.largest:.3g} on {parity.rows} rows "
            f"(at most {MOST_DIFFERENCE:g} is allowed); the worst row is {parity.worst}"
        )


@dataclass(frozen=True, slots=True)
class Parity:
    """Largest |PD of ONNX - PD of scikit-learn| over `rows`, and which row had it."""

    rows: int
    largest: float
    worst: int


def export(model: TrainedModel) -> bytes:
    """Return the pipeline as an ONNX graph: inputs `numbers` and `categories`, no zipmap."""
    layout = model.layout
    inputs: list[tuple[str, Any]] = []
    if layout.width:
        inputs.append((NUMBERS, FloatTensorType([None, layout.width])))
    if layout.categories:
        inputs.append((CATEGORIES, StringTensorType([None, len(layout.categories)])))
    graph = to_onnx(
        model.pipeline,
        initial_types=inputs,
        target_opset=OPSET,
        options={id(model.pipeline): {"zipmap": False}},
    )
    content: bytes = graph.SerializeToString()
    return content


def check_parity(model: TrainedModel, onnx: bytes) -> Parity:
    """Compare graph and pipeline on every held-out row and on hostile ones made from them.

    Raises:
        ParityFailed: they differ by more than 1e-5 somewhere, or a PD is not a number.
    """
    floats, strings = hostile_rows(model)
    served = run_graph(open_graph(onnx), floats, strings).astype(np.float64)
    reference = bad_probability(model.pipeline, floats, strings)
    difference = np.abs(served - reference)
    difference[np.isnan(difference)] = np.inf
    worst = int(difference.argmax())
    parity = Parity(rows=len(floats), largest=float(difference[worst]), worst=worst)
    if not parity.largest <= MOST_DIFFERENCE:
        raise ParityFailed(parity)
    return parity


def hostile_rows(model: TrainedModel) -> tuple[Floats, Strings]:
    """Return held-out rows followed by rows made to hurt.

    Those are: every value missing, each feature missing in turn, unknown and empty categories,
    extreme numbers, and rows just at and just above split thresholds of the forest.
    """
    layout = model.layout
    held_out = model.data.take(model.split.test)
    floats, strings = blocks(held_out, layout)
    raw, texts = _altered(held_out, layout)
    parts = [(floats, strings), (layout.encode(raw), texts)]
    at_thresholds = _around_thresholds(model, floats, strings)
    if at_thresholds is not None:
        parts.append(at_thresholds)
    return np.concatenate([f for f, _ in parts]), np.concatenate([s for _, s in parts])


def _altered(data: Dataset, layout: Layout) -> tuple[Floats, Strings]:
    """Change one feature at a time of the first held-out row, then all at once."""
    columns = [data.numbers.index(c.feature) for c in layout.numbers]
    raw_row = data.x_numbers[:1, columns]
    text_row = data.x_categories[:1, [data.categories.index(c.feature) for c in layout.categories]]
    raws, texts = [], []
    for value in (np.nan, 0.0, 1.0, -1.0, 1e13, -1e13, 1e-30, 16777217.0):
        for j in [*range(len(layout.numbers)), slice(None)]:
            row = raw_row.copy()
            row[:, j] = value
            raws.append(row)
            texts.append(text_row)
    for text in ("", _UNKNOWN):
        for k in [*range(len(layout.categories)), slice(None)]:
            changed = text_row.copy()
            changed[:, k] = text
            raws.append(raw_row)
            texts.append(changed)
    raws.append(np.full_like(raw_row, np.nan))
    texts.append(np.full_like(text_row, ""))
    return np.concatenate(raws), np.concatenate(texts)


def _around_thresholds(
    model: TrainedModel, floats: Floats, strings: Strings
) -> tuple[Floats, Strings] | None:
    """Put a held-out row's value at a split threshold, and one float32 step above it."""
    width = model.layout.width
    splits = {
        (int(column), float(threshold))
        for tree in forests(model.pipeline)
        for column, threshold in zip(tree.feature, tree.threshold, strict=True)
        if 0 <= column < width
    }
    if not splits:
        return None
    ordered = sorted(splits)
    chosen = ordered[:: max(1, len(ordered) // _THRESHOLD_ROWS)]
    rows = np.arange(len(chosen)) % len(floats)
    at, above = floats[rows].copy(), floats[rows].copy()
    for i, (column, threshold) in enumerate(chosen):
        at[i, column] = threshold
        above[i, column] = np.nextafter(np.float32(threshold), np.float32(np.inf))
    return np.concatenate([at, above]), np.concatenate([strings[rows]] * 2)
