"""How much a feature tells about the outcome: information gain, information value, association.

Numbers are cut into bins of at least 5 % of the rows with a bin of their own for missing values.
The bins are not forced to be monotone here: a leak often is not monotone, and would hide.
Numpy only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bins = NDArray[np.intp]
Outcome = NDArray[np.int8]
SMALLEST_BIN = 0.05
RAREST_LEVEL = 0.01


def bin_edges(values: NDArray[Any], smallest: float = SMALLEST_BIN) -> NDArray[np.float64]:
    """Return upper edges (inclusive) so that every bin of `values` holds ≥ `smallest` of them."""
    present = values[~np.isnan(values)]
    distinct, counts = np.unique(present, return_counts=True)
    least = max(1.0, smallest * len(present))
    edges: list[float] = []
    held = 0
    after = len(present)
    for value, count in zip(distinct[:-1].tolist(), counts[:-1].tolist(), strict=True):
        held += count
        after -= count
        if held >= least and after >= least:
            edges.append(value)
            held = 0
    return np.array(edges, np.float64)


def bin_numbers(values: NDArray[Any]) -> Bins:
    """Return the bin of each number; missing values have the last bin."""
    edges = bin_edges(values)
    bins = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), len(edges) + 1, bins)


def bin_levels(values: NDArray[np.object_]) -> Bins:
    """Return the bin of each category; levels below 1 % of the rows share one."""
    levels, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    rare = counts < RAREST_LEVEL * len(values)
    return np.where(rare[codes], len(levels), codes)


def counts_by_bin(bins: Bins, bad: Outcome) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return goods and bads of every bin that has rows."""
    total = np.bincount(bins).astype(np.float64)
    bads = np.bincount(bins, weights=bad, minlength=len(total)).astype(np.float64)
    used = total > 0
    return (total - bads)[used], bads[used]


def information_value(bins: Bins, bad: Outcome) -> float:
    """Return Σ (good % − bad %) × WOE with WOE = ln(good % ÷ bad %).

    Half a row is added to each cell, so that a bin with one outcome only stays finite.
    """
    goods, bads = counts_by_bin(bins, bad)
    good_share = (goods + 0.5) / (goods + 0.5).sum()
    bad_share = (bads + 0.5) / (bads + 0.5).sum()
    return float(((good_share - bad_share) * np.log(good_share / bad_share)).sum())


def information_gain(bins: Bins, bad: Outcome) -> float:
    """Return the mutual information of bin and outcome in nats, less what chance alone gives.

    A feature that knows nothing has an expected gain of (bins − 1) ÷ 2n in a sample of n rows
    (the mean of the G statistic); without that correction fine bins would look informative.
    """
    goods, bads = counts_by_bin(bins, bad)
    n = goods.sum() + bads.sum()
    gain = _entropy(np.array([goods.sum(), bads.sum()])) - sum(
        (good + lost) / n * _entropy(np.array([good, lost]))
        for good, lost in zip(goods, bads, strict=True)
    )
    return float(gain - (len(goods) - 1) / (2 * n))


def chance_gain(bins: Bins) -> float:
    """Return the corrected gain an unrelated feature stays below four times in five.

    2n × gain of an unrelated feature is chi-squared with (bins − 1) degrees of freedom; its 80 %
    point is Wilson and Hilferty's approximation. A stricter point costs more in weak features lost
    than it saves in noise: the models are regularised.
    """
    used = int((np.bincount(bins) > 0).sum())
    freedom = used - 1
    if freedom == 0:
        return 0.0
    spread = 2 / (9 * freedom)
    point = freedom * (1 - spread + 0.8416212 * math.sqrt(spread)) ** 3
    return (point - freedom) / (2 * len(bins))


def rank_correlation(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Return Spearman's correlation over rows where both are present; 0 if fewer than 30 are."""
    both = ~(np.isnan(left) | np.isnan(right))
    if both.sum() < 30:
        return 0.0
    a, b = mean_ranks(left[both]), mean_ranks(right[both])
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def mean_ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return ranks from 1; equal values share their mean rank."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: NDArray[np.float64] = (last - (counts - 1) / 2)[codes]
    return mean


def cramers_v(left: Bins, right: Bins) -> float:
    """Return Cramér's V of two categories with Bergsma's correction for chance (0 to 1)."""
    _, a = np.unique(left, return_inverse=True)
    _, b = np.unique(right, return_inverse=True)
    rows, columns, n = int(a.max()) + 1, int(b.max()) + 1, len(a)
    if min(rows, columns) < 2:
        return 0.0
    table = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    rows_c = rows - (rows - 1) ** 2 / (n - 1)
    columns_c = columns - (columns - 1) ** 2 / (n - 1)
    return min(1.0, math.sqrt(phi / max(1e-12, min(rows_c - 1, columns_c - 1))))


def _entropy(counts: NDArray[np.float64]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
