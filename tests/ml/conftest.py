"""A small synthetic file, and a model of each kind trained on it once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ml.dataset import Dataset, read_csv
from ml.line import LineResult, finish
from ml.recipe import load_recipe
from ml.scorer import Scorer
from ml.spec import ModelKind, TrainingSpec
from ml.synthetic import csv_bytes, generate
from ml.train import TrainedModel, train

ROWS = 2000


@dataclass(frozen=True)
class Made:
    """A trained model, its saved artefact, and the scorer loaded from it."""

    model: TrainedModel
    saved: LineResult
    scorer: Scorer


@pytest.fixture(scope="session")
def synthetic() -> Dataset:
    return read_csv(csv_bytes(generate(rows=ROWS, seed=3)), load_recipe("synthetic"))


def make(data: Dataset, kind: ModelKind, folder: Path) -> Made:
    model = train(data, TrainingSpec(kind=kind, seed=1))
    saved = finish(model, url=folder.as_uri())
    return Made(model, saved, Scorer.load(saved.url, saved.sha256))


@pytest.fixture(scope="session")
def regression(synthetic: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(synthetic, ModelKind.LOGISTIC_REGRESSION, tmp_path_factory.mktemp("lr"))


@pytest.fixture(scope="session")
def forest(synthetic: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(synthetic, ModelKind.RANDOM_FOREST, tmp_path_factory.mktemp("rf"))


@pytest.fixture(params=["regression", "forest"])
def made(request: pytest.FixtureRequest) -> Made:
    found: Made = request.getfixturevalue(request.param)
    return found
