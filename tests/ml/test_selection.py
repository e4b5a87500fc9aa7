import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ml.dataset import Dataset
from ml.information import (
    bin_edges,
    bin_numbers,
    chance_gain,
    cramers_v,
    information_gain,
    information_value,
    rank_correlation,
)
from ml.recipe import load_recipe
from ml.selection import Verdict, select_features


def dataset(bad, numbers: dict, categories: dict) -> Dataset:
    n = len(bad)
    texts = np.empty((n, len(categories)), dtype=object)
    for j, values in enumerate(categories.values()):
        texts[:, j] = values
    return Dataset(
        recipe=load_recipe("synthetic"),
        data_sha256="",
        numbers=tuple(numbers),
        categories=tuple(categories),
        x_numbers=np.column_stack(list(numbers.values())).astype(np.float32),
        x_categories=texts,
        bad=np.asarray(bad, np.int8),
        row_ids=tuple(str(i) for i in range(n)),
        groups=None,
        dates=None,
        cleaned=(),
    )


def test_information_value_worked_by_hand() -> None:
    bins = np.array([0] * 100 + [1] * 100)
    bad = np.array([1] * 10 + [0] * 90 + [1] * 40 + [0] * 60, np.int8)
    good_1, good_2 = 90.5 / 151, 60.5 / 151
    bad_1, bad_2 = 10.5 / 51, 40.5 / 51
    by_hand = (good_1 - bad_1) * math.log(good_1 / bad_1) + (good_2 - bad_2) * math.log(
        good_2 / bad_2
    )
    assert information_value(bins, bad) == pytest.approx(by_hand)


def test_information_gain_of_a_perfect_feature_is_the_outcome_s_entropy() -> None:
    bad = np.array([0, 1] * 500, np.int8)
    gain = information_gain(bad.astype(np.intp), bad)
    assert gain == pytest.approx(math.log(2) - 1 / 2000)


def test_an_unrelated_feature_rarely_passes_for_informative() -> None:
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(200):
        bins = rng.integers(0, 10, 1000)
        bad = (rng.random(1000) < 0.3).astype(np.int8)
        passed += information_gain(bins, bad) > chance_gain(bins)
    assert 22 <= passed <= 60  # a fifth of 200 is expected


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(np.float32, st.integers(1, 300), elements=st.floats(-100, 100, width=16)),
)
def test_every_bin_holds_a_twentieth(values) -> None:
    counts = np.bincount(np.searchsorted(bin_edges(values), values, side="left"))
    assert (counts[counts > 0] >= 0.05 * len(values) - 1e-9).all()
    assert (counts > 0).all()


def test_missing_numbers_have_a_bin_of_their_own() -> None:
    bins = bin_numbers(np.array([1, 2, 3, np.nan] * 25, np.float32))
    assert len(set(bins[3::4])) == 1
    assert bins[3] not in set(bins[:3])


def test_associations() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=500)
    assert rank_correlation(x, np.exp(x)) == pytest.approx(1.0)
    assert rank_correlation(x, -(x**3)) == pytest.approx(-1.0)
    assert rank_correlation(x[:20], x[:20]) == 0.0  # too few rows to say
    assert rank_correlation(x, np.ones(500)) == 0.0
    a = rng.integers(0, 4, 500)
    assert cramers_v(a, (a + 1) % 4) == pytest.approx(1.0)
    assert cramers_v(a, rng.integers(0, 4, 500)) < 0.15
    assert cramers_v(a, np.zeros(500, np.intp)) == 0.0


def screened(found):
    return {s.feature: s for s in found.screened}


def test_noise_goes_and_of_two_twins_the_better_stays() -> None:
    rng = np.random.default_rng(5)
    n = 2000
    truth = rng.normal(size=n)
    bad = rng.random(n) < 1 / (1 + np.exp(1 - truth))
    area = rng.choice(["N", "S"], n)
    kind = np.where(truth > 0, "A", "B").astype(object)
    found = select_features(
        dataset(
            bad,
            {
                "employees": truth,
                "debt_ratio": np.exp(truth) + 0.4 * rng.normal(size=n),
                "jobs_created": rng.normal(size=n),
                "profit_margin": np.full(n, np.nan),
            },
            {"region": area, "industry_code": kind, "urban_rural": kind},
        ),
        information_floor=0.02,
        correlation_cut=0.7,
    )
    by_name = screened(found)
    assert by_name["employees"].verdict is Verdict.KEPT
    assert by_name["debt_ratio"].verdict is Verdict.CORRELATED
    assert by_name["debt_ratio"].correlated_with == "employees"
    assert by_name["debt_ratio"].correlation > 0.7
    for noise in ("jobs_created", "profit_margin", "region"):
        assert by_name[noise].verdict is Verdict.LITTLE_INFORMATION
    twins = {by_name["industry_code"].verdict, by_name["urban_rural"].verdict}
    assert twins == {Verdict.KEPT, Verdict.CORRELATED}
    assert by_name["profit_margin"].missing_share == 1.0


def test_a_leak_is_flagged_even_where_it_is_not_monotone() -> None:
    rng = np.random.default_rng(3)
    bad = rng.random(2000) < 0.3
    leak = np.where(bad, rng.uniform(40, 60, 2000), rng.choice([0, 100], 2000))
    weak = rng.normal(size=2000) + 0.3 * bad
    found = select_features(
        dataset(bad, {"employees": leak, "debt_ratio": weak}, {}),
        information_floor=0.02,
        correlation_cut=0.7,
    )
    assert found.suspects == ("employees",)


def test_missing_that_tells_is_information() -> None:
    rng = np.random.default_rng(4)
    bad = rng.random(2000) < 0.3
    values = rng.normal(size=2000)
    values[bad & (rng.random(2000) < 0.5)] = np.nan
    found = select_features(
        dataset(bad, {"employees": values}, {}), information_floor=0.02, correlation_cut=0.7
    )
    assert found.kept == ("employees",)
