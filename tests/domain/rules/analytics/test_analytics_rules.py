"""Buckets, shares, AUC, KS and PSI: worked by hand, and against a plain count of pairs."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.analytics.delinquency import DelinquencyBucket, bucket_of, earliest_due_dates
from domain.rules.analytics.discrimination import ScoreCount, discrimination_of
from domain.rules.analytics.ratios import share, weighted_average
from domain.rules.analytics.stability import (
    PdReference,
    Stability,
    population_stability,
    read_reference,
)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (0, "CURRENT"),
        (1, "DAYS_1_30"),
        (30, "DAYS_1_30"),
        (31, "DAYS_31_60"),
        (60, "DAYS_31_60"),
        (61, "DAYS_61_90"),
        (90, "DAYS_61_90"),
        (91, "DAYS_91_180"),
        (180, "DAYS_91_180"),
        (181, "OVER_180"),
        (9_999, "OVER_180"),
    ],
)
def test_every_day_has_its_bucket(days: int, bucket: str) -> None:
    assert bucket_of(days) is DelinquencyBucket(bucket)


@given(st.integers(1, 400))
def test_due_dates_and_days_agree(days: int) -> None:
    today = dt.date(2026, 3, 1)
    due = today - dt.timedelta(days=days)
    by_date = next(
        (bucket for bucket, first in earliest_due_dates(today).items() if due >= first),
        DelinquencyBucket.OVER_180,
    )
    assert by_date is bucket_of(days)


def test_shares_and_averages_are_rounded_once_half_up() -> None:
    assert share(1, 3) == Decimal("0.333333")
    assert share(1, 2_000_000) == Decimal("0.000001")
    assert share(0, 5) == 0
    assert share(5, 0) is None
    rates = [(100, Decimal("0.05")), (300, Decimal("0.036"))]
    assert weighted_average(rates) == Decimal("0.039500")
    assert weighted_average([(0, Decimal("0.05"))]) is None


def test_auc_and_ks_by_hand() -> None:
    # PDs 0.1 (2 good), 0.2 (1 bad, 1 good), 0.3 (1 bad): 5.5 of 6 pairs in order.
    found = discrimination_of([ScoreCount(0, 2), ScoreCount(1, 1), ScoreCount(1, 0)])
    assert found is not None
    assert found.auc == Fraction(11, 12)
    assert found.ks == Fraction(2, 3)
    assert discrimination_of([ScoreCount(3, 0)]) is None
    assert discrimination_of([]) is None


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8))
def test_auc_is_the_share_of_ordered_pairs(counts: list[tuple[int, int]]) -> None:
    found = discrimination_of([ScoreCount(*each) for each in counts])
    bads = [place for place, (bad, _) in enumerate(counts) for _ in range(bad)]
    goods = [place for place, (_, good) in enumerate(counts) for _ in range(good)]
    if not bads or not goods:
        assert found is None
        return
    assert found is not None
    ordered = sum(2 * (bad > good) + (bad == good) for bad in bads for good in goods)
    assert found.auc == Fraction(ordered, 2 * len(bads) * len(goods))
    assert 0 <= found.ks <= 1


def test_psi_by_hand() -> None:
    reference = PdReference((0.1,), (49, 49))
    still = population_stability(reference, [49, 49])
    assert (still.psi, still.verdict) == (0, Stability.STABLE)
    moved = population_stability(reference, [79, 19])
    # Half a row in each bin: 79.5 % and 19.5 % of 99 against 49.5 each.
    now, then = 79.5 / 99, 0.5
    assert moved.psi == pytest.approx(
        (now - then) * math.log(now / then) + (then - now) * math.log((1 - now) / then)
    )
    assert moved.verdict is Stability.ACT
    assert (moved.reference_rows, moved.rows, moved.bins) == (98, 98, 2)
    assert population_stability(reference, [65, 33]).verdict is Stability.WATCH
    with pytest.raises(ValueError, match="bins"):
        population_stability(reference, [1])


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"pdReference": None},
        {"pdReference": {"edges": [0.1]}},
        {"pdReference": {"edges": [0.1], "counts": [1]}},
        {"pdReference": {"edges": [0.2, 0.1], "counts": [1, 1, 1]}},
        {"pdReference": {"edges": ["0.1"], "counts": [1, 1]}},
        {"pdReference": {"edges": [0.1], "counts": [1, -1]}},
        {"pdReference": {"edges": [0.1], "counts": [0, 0]}},
    ],
)
def test_a_reference_that_cannot_be_used_is_none(metrics: dict[str, object]) -> None:
    assert read_reference(metrics) is None


def test_a_reference_is_read() -> None:
    stored = {"pdReference": {"edges": [0.1, 1], "counts": [1, 2, 0]}}
    assert read_reference(stored) == PdReference((0.1, 1.0), (1, 2, 0))
