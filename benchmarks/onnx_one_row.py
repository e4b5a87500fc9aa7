"""Scoring one case as the API does (ONNX) beside the scikit-learn pipeline the model came from.

Both get the same features by name, encode them with the same layout and give one PD; the model is
trained in the run on a small synthetic portfolio. The kind that gains least decides.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import Unmeasurable, alternate, conclude, run, show
from ml.dataset import read_csv
from ml.line import finish
from ml.pipeline import bad_probability
from ml.recipe import load_recipe
from ml.scorer import Scorer
from ml.spec import ModelKind, TrainingSpec
from ml.synthetic import csv_bytes, generate
from ml.train import train

NAME, BAR = "onnx_one_row", 50.0
KINDS = (ModelKind.LOGISTIC_REGRESSION, ModelKind.RANDOM_FOREST)
MOST_DIFFERENCE = 1e-5


def compare(
    kind: ModelKind, *, rows: int, ours_runs: int = 2_000, baseline_runs: int = 60
) -> float:
    """Train a model of this kind, print both sides, and return how many times faster we are."""
    data = read_csv(csv_bytes(generate(rows=rows, seed=3)), load_recipe("synthetic"))
    model = train(data, TrainingSpec(kind=kind, seed=1))
    with tempfile.TemporaryDirectory(prefix="liudai-bench-") as folder:
        saved = finish(model, url=Path(folder).as_uri())
        scorer = Scorer.load(saved.url, saved.sha256)
    case = data.features_of(int(model.split.test[0]))

    def ours() -> float:
        return scorer.score(case).pd

    def baseline() -> float:
        numbers, categories = model.layout.raw((case,))
        pd = bad_probability(model.pipeline, model.layout.encode(numbers), categories)
        return float(pd[0])

    if abs(ours() - baseline()) > MOST_DIFFERENCE:
        raise Unmeasurable(f"the two sides give different PDs: {ours()} and {baseline()}")
    found = alternate(lambda: _us(ours, ours_runs), lambda: _us(baseline, baseline_runs))
    fast = show(f"{kind.value}, ONNX", found[0], "us CPU a row")
    return show(f"{kind.value}, scikit-learn", found[1], "us CPU a row") / fast


def measure(*, rows: int = 1_500) -> None:
    """Print both sides for each kind of model, and how many times faster ONNX is."""
    times = min(compare(kind, rows=rows) for kind in KINDS)
    conclude(NAME, f"{times:.0f}x faster", f"{BAR:.0f}x", times >= BAR)


def _us(work: Callable[[], Any], runs: int) -> float:
    """Return the thread's CPU time of one run in microseconds, over a block of runs.

    CPU, since a shared machine takes the clock's time as it likes; neither side starts threads.
    """
    start = time.thread_time()
    for _ in range(runs):
        work()
    return (time.thread_time() - start) / runs * 1_000_000


if __name__ == "__main__":
    run(measure)
