"""Buckets, shares, AUC, KS and PSI: worked by hand, and against a plain count of pairs."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.rules.analytics.delinquency import DelinquencyBucket, earliest_due_dates
from domain.rules.analytics.discrimination import Discrimination, discrimination
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
def test_every_due_date_has_its_bucket(days: int, bucket: str) -> None:
    today = dt.date(2026, 3, 1)
    due = today - dt.timedelta(days=days)
    first_due = {DelinquencyBucket.CURRENT: today, **earliest_due_dates(today)}
    found = next(
        (name for name, first in first_due.items() if due >= first), DelinquencyBucket.OVER_180
    )
    assert found is DelinquencyBucket(bucket)


def test_shares_and_averages_are_rounded_once_half_up() -> None:
    assert share(1, 3) == Decimal("0.333333")
    assert share(1, 2_000_000) == Decimal("0.000001")
    assert share(0, 5) == 0
    assert share(5, 0) is None
    rates = [(100, Decimal("0.05")), (300, Decimal("0.036"))]
    assert weighted_average(rates) == Decimal("0.039500")
    assert weighted_average([(0, Decimal("0.05"))]) is None


def test_auc_and_ks_by_hand() -> None:
    # PDs 0.1 (2 good), 0.2 (1 bad, 1 good), 0.3 (1 bad): 5.5 of 6 pairs in order; up to 0.1 stand
    # none of 2 bads and 2 of 3 goods.
    found = discrimination(bads=2, goods=3, ordered_twice=11, widest=4)
    assert found == Discrimination(auc=Fraction(11, 12), ks=Fraction(2, 3))
    assert discrimination(bads=3, goods=0, ordered_twice=0, widest=0) is None
    assert discrimination(bads=0, goods=3, ordered_twice=0, widest=0) is None


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
