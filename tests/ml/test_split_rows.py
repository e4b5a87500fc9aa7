import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.refusal import Refused
from ml.dataset import Dataset
from ml.recipe import load_recipe
from ml.spec import ModelKind, SplitKind, TrainingSpec
from ml.split import folds, split_rows


def data(bad, groups=None, dates=None) -> Dataset:
    n = len(bad)
    return Dataset(
        recipe=load_recipe("synthetic"),
        data_sha256="",
        numbers=("employees",),
        categories=(),
        x_numbers=np.arange(n, dtype=np.float32)[:, None],
        x_categories=np.empty((n, 0), dtype=object),
        bad=np.array(bad, np.int8),
        row_ids=tuple(str(i) for i in range(n)),
        groups=None if groups is None else np.array(groups, np.intp),
        dates=dates,
        cleaned=(),
    )


def spec(**given_) -> TrainingSpec:
    return TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION, **given_)


@settings(max_examples=40, deadline=None)
@given(st.integers(240, 700), st.integers(0, 10_000), st.sampled_from([0.2, 0.3, 0.5]))
def test_a_random_split_is_exact_stratified_and_repeatable(n, seed, fraction) -> None:
    bad = (np.arange(n) % 4 == 0).astype(int)
    first = split_rows(data(bad), spec(seed=seed, test_fraction=fraction))
    again = split_rows(data(bad), spec(seed=seed, test_fraction=fraction))
    assert first.test.tolist() == again.test.tolist()
    assert len(first.test) == math.ceil(round(n * fraction, 6))
    assert sorted([*first.train, *first.test]) == list(range(n))
    assert abs(bad[first.test].sum() - len(first.test) * bad.mean()) <= 0.51


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_borrowers_stay_on_one_side(seed) -> None:
    rng = np.random.default_rng(seed)
    n = 400
    groups = rng.integers(0, 250, n)
    found = data((rng.random(n) < 0.3).astype(int), groups)
    split = split_rows(found, spec(seed=seed))
    assert not set(groups[split.train]) & set(groups[split.test])
    assert abs(len(split.test) - 80) <= 3
    parts = folds(found, count=5, seed=seed)
    assert sorted(np.concatenate([valid for _, valid in parts])) == list(range(n))
    for train_rows, valid in parts:
        assert not set(groups[train_rows]) & set(groups[valid])
        assert abs(len(valid) - n / 5) <= 6


def test_other_seeds_give_other_rows() -> None:
    found = data([0, 1] * 200)
    assert set(split_rows(found, spec(seed=1)).test) != set(split_rows(found, spec(seed=2)).test)


def test_out_of_time_holds_out_the_latest() -> None:
    days = np.datetime64("2024-01-01") + np.arange(400)
    split = split_rows(data([0, 1] * 200, dates=days), spec(split=SplitKind.OUT_OF_TIME))
    assert split.test.tolist() == list(range(320, 400))
    dated = split_rows(
        data([0, 1] * 200, dates=days),
        spec(split=SplitKind.OUT_OF_TIME, test_from=dt.date(2024, 12, 31)),
    )
    assert dated.test[0] == 365


def test_out_of_time_drops_the_past_of_borrowers_it_holds_out() -> None:
    days = np.datetime64("2024-01-01") + np.arange(400)
    groups = np.arange(400)
    groups[0] = 399
    found = data([0, 1] * 200, groups=groups, dates=days)
    split = split_rows(found, spec(split=SplitKind.OUT_OF_TIME))
    assert split.dropped == 1
    assert 0 not in split.train


@pytest.mark.parametrize(
    "wrong",
    [
        spec(split=SplitKind.OUT_OF_TIME),
        spec(test_fraction=0.0),
        spec(test_fraction=math.nan),
        spec(seed=-1),
        spec(cutoff=1.0),
        spec(correlation_cut=0.0),
        spec(information_floor=-1.0),
    ],
)
def test_an_impossible_split_is_refused(wrong: TrainingSpec) -> None:
    with pytest.raises(Refused):
        split_rows(data([0, 1] * 200), wrong)


def test_a_part_of_one_outcome_is_refused() -> None:
    days = np.datetime64("2024-01-01") + np.arange(400)
    found = data([1] * 100 + [0] * 300, dates=days)
    with pytest.raises(Refused):
        split_rows(found, spec(split=SplitKind.OUT_OF_TIME))
    with pytest.raises(Refused):
        split_rows(
            replace(found, bad=np.array([0] * 399 + [1], np.int8)), spec(split=SplitKind.RANDOM)
        )
