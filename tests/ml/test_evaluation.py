import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

from ml.evaluation import Stability, auc, evaluate, ks, population_stability

BAD = [0, 0, 1, 0, 1, 1, 0, 0, 1, 0]
PD = [0.1, 0.2, 0.3, 0.3, 0.9, 0.7, 0.6, 0.05, 0.5, 0.4]


def test_a_table_worked_by_hand() -> None:
    found = evaluate(BAD, PD, cutoff=0.5)
    assert (found.rows, found.bads) == (10, 4)
    assert found.true_positives == 3  # 0.9, 0.7 and 0.5: the cut-off itself counts as bad
    assert found.false_positives == 1
    assert found.false_negatives == 1
    assert found.true_negatives == 5
    assert found.accuracy == 0.8
    # 24 pairs; 0.9 and 0.7 beat all 6 goods, 0.5 beats 5, 0.3 beats 3 and ties one.
    assert found.auc == pytest.approx((6 + 6 + 5 + 3.5) / 24)
    assert found.gini == pytest.approx(2 * found.auc - 1)
    assert found.ks == pytest.approx(5 / 6 - 1 / 4)
    assert found.lift[0].lift == pytest.approx(2.5)
    assert found.lift[0].captured == pytest.approx(0.25)
    assert found.lift[-1].captured == 1.0
    assert found.ece == pytest.approx(sum(abs(b - p) for b, p in zip(BAD, PD, strict=True)) / 10)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 99)), min_size=2, max_size=80).filter(
        lambda rows: 0 < sum(bad for bad, _ in rows) < len(rows)
    )
)
def test_measures_agree_with_scikit_learn(rows) -> None:
    bad = np.array([int(b) for b, _ in rows])
    pd = np.array([p / 100 for _, p in rows])
    found = evaluate(bad, pd, cutoff=0.5)
    assert found.auc == pytest.approx(roc_auc_score(bad, pd))
    assert found.brier == pytest.approx(brier_score_loss(bad, pd))
    assert found.log_loss == pytest.approx(log_loss(bad, pd))
    false, true, _ = roc_curve(bad, pd)
    assert found.ks == pytest.approx(np.abs(true - false).max())
    assert sum(b.rows for b in found.calibration) == len(rows)
    assert auc(bad, 1 - pd) == pytest.approx(1 - found.auc)
    assert ks(bad, pd) == found.ks


@pytest.mark.parametrize(
    ("bad", "pd"),
    [([0, 1], [0.5]), ([1, 1], [0.5, 0.5]), ([0, 1], [0.5, 1.5]), ([0, 1], [0.5, float("nan")])],
)
def test_what_cannot_be_measured_is_an_error(bad, pd) -> None:
    with pytest.raises(ValueError, match=r"differ|both|between"):
        evaluate(bad, pd, cutoff=0.5)


def test_stability() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=4000)
    same = population_stability(base, rng.normal(size=4000))
    assert same.verdict is Stability.STABLE
    assert (same.expected_rows, same.actual_rows) == (4000, 4000)
    assert population_stability(base, base).psi == pytest.approx(0)
    assert population_stability(base, base + 0.4).verdict is Stability.WATCH
    assert population_stability(base, base + 2).verdict is Stability.ACT
    gone = base.copy()
    gone[:1500] = np.nan
    assert population_stability(base, gone).verdict is Stability.ACT
    with pytest.raises(ValueError, match="both sides"):
        population_stability([], base)
