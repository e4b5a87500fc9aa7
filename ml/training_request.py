"""From what `trainModel` was asked for to what the model line takes. Serving-safe: no training
library is imported, so the API can refuse a form at once.
"""

from __future__ import annotations

import re
from typing import Any

from domain.operations.risk.train_model import TrainingRequest, TrainingSource
from domain.rules.refusal import ErrorCode, Problem, Refused
from ml.recipe import load_recipe
from ml.spec import ModelKind, SplitKind, TrainingSpec

SYNTHETIC_ROWS = 4000
# A bare file name, so it cannot leave the folder of datasets.
RECIPE_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,50}\.toml")


def training_problems(request: TrainingRequest) -> list[Problem]:
    """Return what the model line would refuse: an unknown recipe or algorithm, wild numbers."""
    problems = []
    if request.algorithm in list(ModelKind):
        problems += training_spec(request).problems()
    else:
        known = ", ".join(ModelKind)
        problems.append(
            Problem(
                ErrorCode.INVALID_VALUE,
                ("algorithm",),
                f"There is no algorithm {request.algorithm[:40]!r}. Algorithms: {known}.",
                f"没有算法“{request.algorithm[:40]}”。可选：{known}。",
            )
        )
    name = recipe_name(request)
    if name and not RECIPE_FILE.fullmatch(name):
        try:
            load_recipe(name)
        except Refused as refusal:
            problems += refusal.problems
    elif not name and request.source is TrainingSource.CSV:
        problems.append(
            Problem(
                ErrorCode.REQUIRED,
                ("recipe",),
                "A CSV needs the recipe that says how to read it.",
                "使用 CSV 时须指定读取它的配方。",
            )
        )
    return problems


def recipe_name(request: TrainingRequest) -> str:
    """Return the recipe that reads a CSV: a shipped one, or a TOML file beside the datasets."""
    return request.recipe if request.source is TrainingSource.CSV else ""


def training_spec(request: TrainingRequest) -> TrainingSpec:
    """Return the spec; what the request leaves open keeps the model line's default."""
    given: dict[str, Any] = {
        "test_fraction": request.test_fraction,
        "cutoff": request.cutoff,
        "correlation_cut": request.correlation_cut,
        "information_floor": request.information_floor,
    }
    return TrainingSpec(
        kind=ModelKind(request.algorithm),
        split=SplitKind.RANDOM if request.test_from is None else SplitKind.OUT_OF_TIME,
        test_from=request.test_from,
        seed=request.seed,
        **{name: value for name, value in given.items() if value is not None},
    )
