"""The real file, where it is there: LIUDAI_TEST_SBA_CSV or ../shared/data/sba_case.csv."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ml.artefact import load_holdout
from ml.dataset import Dataset, read_csv
from ml.evaluation import auc, ks
from ml.line import finish
from ml.recipe import load_recipe, read_recipe
from ml.scorer import Scorer
from ml.selection import select_features
from ml.spec import ModelKind, SplitKind, TrainingSpec
from ml.split import split_rows
from ml.train import train

FILE = Path(
    os.environ.get("LIUDAI_TEST_SBA_CSV")
    or Path(__file__).parents[2] / "../shared/data/sba_case.csv"
)
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the SBA file is absent")

LEAKY = """
name = "leaky"
title = "What must not be done: the term as it ran"
profile = "GENERIC"
currency = "USD"
[target]
column = "Default"
bad = ["1"]
good = ["0"]
[features]
requested_term_months = { column = "Term" }
employees = { column = "NoEmp" }
jobs_created = { column = "CreateJob" }
"""


@pytest.fixture(scope="module")
def sba() -> Dataset:
    return read_csv(FILE.read_bytes(), load_recipe("sba"))


def test_the_file_is_read_whole(sba: Dataset) -> None:
    assert len(sba) == 2102
    assert sba.bad.sum() == 686
    assert all(found.unreadable == found.out_of_range == 0 for found in sba.cleaned)


@pytest.mark.parametrize("seed", range(5))
def test_the_split_holds_out_631(sba: Dataset, seed: int) -> None:
    spec = TrainingSpec(kind=ModelKind.RANDOM_FOREST, test_fraction=0.3, seed=seed)
    split = split_rows(sba, spec)
    assert len(split.test) == 631
    assert sba.bad[split.test].mean() == pytest.approx(0.326, abs=0.001)


@pytest.mark.parametrize(
    ("kind", "least"), [(ModelKind.RANDOM_FOREST, 0.84), (ModelKind.LOGISTIC_REGRESSION, 0.84)]
)
def test_held_out_loans_served_from_the_artefact(sba: Dataset, tmp_path, kind, least) -> None:
    model = train(sba, TrainingSpec(kind=kind, test_fraction=0.3, seed=0))
    saved = finish(model, url=tmp_path.as_uri())
    scorer = Scorer.load(saved.url, saved.sha256)
    rows = {row_id: i for i, row_id in enumerate(sba.row_ids)}
    held_out = load_holdout(saved.url, saved.sha256)
    served = np.array([scorer.score(sba.features_of(rows[row.row_id])).pd for row in held_out])
    reference = np.array([row.pd for row in held_out])
    bad = np.array([row.bad for row in held_out])
    assert np.abs(served - reference).max() <= 1e-5
    assert auc(bad, served) >= least
    assert ks(bad, served) > 0.5
    assert saved.card.report["test"]["accuracy"] > 0.74


def test_the_leak_screen_flags_the_term_and_only_that() -> None:
    data = read_csv(FILE.read_bytes(), read_recipe(LEAKY))
    found = select_features(data, information_floor=0.02, correlation_cut=0.7)
    assert found.suspects == ("requested_term_months",)
    assert found.screened[0].information_value > 2


def test_out_of_time(sba: Dataset) -> None:
    spec = TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION, split=SplitKind.OUT_OF_TIME)
    model = train(sba, spec)
    assert sba.dates is not None
    assert sba.dates[model.split.train].max() < sba.dates[model.split.test].min()
    assert model.test.auc > 0.6
