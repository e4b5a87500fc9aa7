"""How good predicted PDs are, against outcomes (1 = bad). Numpy only: analytics uses it as well.

Measures as docs/domain.md §8 names them. AUC is the Mann-Whitney statistic with ties at half; Gini
is 2·AUC - 1; KS is the largest distance of the two cumulative distributions; ECE weighs each
calibration bin's |predicted - observed| by its rows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.information import mean_ranks

_LEAST = 1e-15


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows of about equal PD: mean predicted PD and observed bad rate."""

    rows: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class LiftBin:
    """The riskiest `share` of rows: its bad rate over the portfolio's, and bads caught."""

    share: float
    lift: float
    captured: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All measures on one set of rows; bad is the positive class, counted from the cut-off up."""

    rows: int
    bads: int
    cutoff: float
    accuracy: float
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int
    auc: float
    gini: float
    ks: float
    brier: float
    log_loss: float
    ece: float
    calibration: tuple[CalibrationBin, ...]
    lift: tuple[LiftBin, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


class Stability(StrEnum):
    """What a PSI says."""

    STABLE = "STABLE"
    WATCH = "WATCH"
    ACT = "ACT"


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationStability:
    """A PSI with the rows and bins it rests on."""

    psi: float
    verdict: Stability
    expected_rows: int
    actual_rows: int
    bins: int


def evaluate(bad: ArrayLike, pd: ArrayLike, *, cutoff: float) -> Metrics:
    """Measure predicted PDs.

    Raises:
        ValueError: lengths differ, there are not both outcomes, or a PD is not within 0 and 1.
    """
    y, p = _check(bad, pd)
    called = p >= cutoff
    tp, fp = int((called & (y == 1)).sum()), int((called & (y == 0)).sum())
    fn, tn = int((~called & (y == 1)).sum()), int((~called & (y == 0)).sum())
    table = calibration_table(y, p)
    area = auc(y, p)
    clipped = np.clip(p, _LEAST, 1 - _LEAST)
    return Metrics(
        rows=len(y),
        bads=int(y.sum()),
        cutoff=cutoff,
        accuracy=(tp + tn) / len(y),
        true_positives=tp,
        false_positives=fp,
        true_negatives=tn,
        false_negatives=fn,
        auc=area,
        gini=2 * area - 1,
        ks=ks(y, p),
        brier=float(((p - y) ** 2).mean()),
        log_loss=float(-np.where(y == 1, np.log(clipped), np.log(1 - clipped)).mean()),
        ece=sum(b.rows * abs(b.predicted - b.observed) for b in table) / len(y),
        calibration=table,
        lift=lift_table(y, p),
    )


def auc(bad: ArrayLike, pd: ArrayLike) -> float:
    """Return the chance that a bad row has a higher PD than a good one, ties counting half."""
    y, p = _check(bad, pd)
    bads = int(y.sum())
    goods = len(y) - bads
    return float((mean_ranks(p)[y == 1].sum() - bads * (bads + 1) / 2) / (bads * goods))


def ks(bad: ArrayLike, pd: ArrayLike) -> float:
    """Return the Kolmogorov-Smirnov distance between the PDs of goods and bads."""
    y, p = _check(bad, pd)
    order = np.argsort(p, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(p[order]) > 0, True))  # only between distinct PDs
    bads = np.cumsum(y[order])[ends] / y.sum()
    goods = np.cumsum(1 - y[order])[ends] / (1 - y).sum()
    return float(np.abs(bads - goods).max())


def calibration_table(
    bad: ArrayLike, pd: ArrayLike, *, bins: int = 10
) -> tuple[CalibrationBin, ...]:
    """Return up to `bins` bins of equal rows, by rising PD."""
    y, p = _check(bad, pd)
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return tuple(
        CalibrationBin(len(part), float(p[part].mean()), float(y[part].mean()))
        for part in parts
        if len(part)
    )


def lift_table(bad: ArrayLike, pd: ArrayLike) -> tuple[LiftBin, ...]:
    """Return lift and share of bads caught in the riskiest 10, 20, … 100 % of rows."""
    y, p = _check(bad, pd)
    caught = np.cumsum(y[np.argsort(-p, kind="stable")])
    table = []
    for tenth in range(1, 11):
        rows = max(1, round(len(y) * tenth / 10))
        found = float(caught[rows - 1])
        table.append(LiftBin(tenth / 10, found / rows / float(y.mean()), found / float(y.sum())))
    return tuple(table)


def population_stability(
    expected: ArrayLike, actual: ArrayLike, *, bins: int = 10
) -> PopulationStability:
    """Return the PSI of `actual` against `expected`, binned at the quantiles of `expected`.

    PSI = Σ (actual % - expected %) × ln(actual % ÷ expected %), half a row added to each bin;
    missing values (NaN) are a bin. Below 0.1 is stable, up to 0.25 to watch, above to act on.

    Raises:
        ValueError: one of the two is empty.
    """
    left, right = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    if not len(left) or not len(right):
        raise ValueError("a PSI needs rows on both sides")
    present = left[~np.isnan(left)]
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(np.quantile(present, inner)) if len(present) else np.array([])
    used = len(edges) + 2

    def shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
        where = np.where(np.isnan(values), used - 1, np.searchsorted(edges, values, side="left"))
        counts = np.bincount(where, minlength=used) + 0.5
        share: NDArray[np.float64] = counts / counts.sum()
        return share

    a, e = shares(right), shares(left)
    psi = float(((a - e) * np.log(a / e)).sum())
    verdict = Stability.STABLE if psi < 0.1 else Stability.WATCH if psi <= 0.25 else Stability.ACT
    return PopulationStability(
        psi=psi, verdict=verdict, expected_rows=len(left), actual_rows=len(right), bins=used
    )


def _check(bad: ArrayLike, pd: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, p = np.asarray(bad, np.float64), np.asarray(pd, np.float64)
    if y.shape != p.shape or y.ndim != 1:
        raise ValueError("outcomes and PDs differ in length")
    if not 0 < y.sum() < len(y):
        raise ValueError("both outcomes are needed")
    if not bool(((p >= 0) & (p <= 1)).all()):
        raise ValueError("a PD lies between 0 and 1")
    return y, p
