"""Which rows train and which are held out: the same seed always gives the same split.

Where borrowers are known, all rows of one stand on the same side, in the split and in the folds.
Numpy only, so that a replay can ask which rows were held out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.rules.refusal import ErrorCode, Problem, Refused
from ml.dataset import FEWEST_OF_A_CLASS, Dataset
from ml.spec import SplitKind, TrainingSpec

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Row numbers in ascending order; `dropped` rows are in neither part (a borrower of both)."""

    train: Rows
    test: Rows
    dropped: int = 0


def split_rows(data: Dataset, spec: TrainingSpec) -> Split:
    """Split by the spec.

    Raises:
        Refused: the spec's numbers are out of range, an out-of-time split has no dates, or a part
            would have too few good or bad rows.
    """
    problems = spec.problems()
    if problems:
        raise Refused(problems)
    split = _random(data, spec) if spec.split is SplitKind.RANDOM else _out_of_time(data, spec)
    for rows, en, zh in ((split.train, "training", "训练"), (split.test, "held-out", "留出")):
        bads = int(data.bad[rows].sum())
        goods = len(rows) - bads
        least = FEWEST_OF_A_CLASS if en == "training" else 1
        if min(bads, goods) < least:
            raise Refused(
                [
                    Problem(
                        ErrorCode.INVALID_VALUE,
                        ("testFraction",),
                        f"The {en} rows would be {goods} good and {bads} bad; at least {least} of "
                        "each are needed. Choose another split.",
                        f"{zh}样本中好 {goods}、坏 {bads}，各至少需要 {least}，请更换划分方式。",
                    )
                ]
            )
    return split


def _random(data: Dataset, spec: TrainingSpec) -> Split:
    """Hold out exactly ⌈n × fraction⌉ rows, good and bad in proportion as far as groups allow."""
    n = len(data)
    wanted = math.ceil(round(n * spec.test_fraction, 6))
    bads = round(wanted * float(data.bad.mean()))
    quota = [wanted - bads, bads]
    chosen: list[int] = []
    rng = np.random.default_rng(spec.seed)
    left_over: list[NDArray[np.intp]] = []
    for members in _shuffled_groups(data, rng):
        lost = int(data.bad[members].sum())
        if len(members) - lost <= quota[0] and lost <= quota[1]:
            chosen.extend(members.tolist())
            quota[0] -= len(members) - lost
            quota[1] -= lost
        else:
            left_over.append(members)
    for members in left_over:  # groups too mixed for the quotas fill what is still missing
        if len(chosen) + len(members) <= wanted:
            chosen.extend(members.tolist())
    test = np.sort(np.array(chosen, np.intp))
    return Split(np.setdiff1d(np.arange(n), test), test)


def _out_of_time(data: Dataset, spec: TrainingSpec) -> Split:
    if data.dates is None:
        raise Refused(
            [
                Problem(
                    ErrorCode.INVALID_VALUE,
                    ("split",),
                    "An out-of-time split needs a date column in the recipe. Use RANDOM instead.",
                    "按时间划分需要配方中有日期列，请改用 RANDOM。",
                )
            ]
        )
    if spec.test_from is not None:
        first = np.datetime64(spec.test_from, "D")
    else:
        train_rows = len(data) - math.ceil(len(data) * spec.test_fraction)
        first = np.sort(data.dates)[train_rows]
    late = data.dates >= first
    test = np.flatnonzero(late)
    train = np.flatnonzero(~late)
    if data.groups is None:
        return Split(train, test)
    apart = train[~np.isin(data.groups[train], data.groups[test])]
    return Split(apart, test, dropped=len(train) - len(apart))


def folds(data: Dataset, *, count: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Return `count` (training, validation) pairs, stratified, groups kept together."""
    rng = np.random.default_rng([seed, count])
    fold = np.zeros(len(data), np.intp)
    sizes = np.zeros((count, 2))
    for members in sorted(_shuffled_groups(data, rng), key=len, reverse=True):
        lost = int(data.bad[members].sum())
        kind = 1 if 2 * lost >= len(members) else 0
        lightest = int(np.lexsort((sizes.sum(axis=1), sizes[:, kind]))[0])
        fold[members] = lightest
        sizes[lightest] += (len(members) - lost, lost)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(count)]


def _shuffled_groups(data: Dataset, rng: np.random.Generator) -> list[Rows]:
    if data.groups is None:
        return [np.array([i], np.intp) for i in rng.permutation(len(data))]
    order = np.argsort(data.groups, kind="stable")
    edges = np.flatnonzero(np.diff(data.groups[order])) + 1
    members = np.split(order, edges)
    return [members[i] for i in rng.permutation(len(members))]
