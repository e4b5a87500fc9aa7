"""How well PDs tell bad cases from good: AUC and KS, exactly, from counts (docs/domain.md §8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """How many bad and good cases had one PD."""

    bads: int
    goods: int


@dataclass(frozen=True, slots=True)
class Discrimination:
    """`auc`: the chance that a bad case has the higher PD, ties counting half. `ks`: the largest
    distance of the two cumulative distributions."""

    auc: Fraction
    ks: Fraction


def discrimination(
    *, bads: int, goods: int, ordered_twice: int, widest: int
) -> Discrimination | None:
    """Return both measures, or None unless there are bad and good cases.

    `ordered_twice` is Σ over PDs of bads × (2 × goods below + goods at that PD): twice the pairs in
    the right order. `widest` is max |bads up to a PD × all goods - goods up to it × all bads|.
    """
    if not bads or not goods:
        return None
    pairs = bads * goods
    return Discrimination(auc=Fraction(ordered_twice, 2 * pairs), ks=Fraction(widest, pairs))


def discrimination_of(counts: Iterable[ScoreCount]) -> Discrimination | None:
    """Return both measures for the counts of every PD, in ascending order of PD."""
    ascending = list(counts)
    bads = sum(each.bads for each in ascending)
    goods = sum(each.goods for each in ascending)
    ordered_twice = widest = bads_below = goods_below = 0
    for each in ascending:
        ordered_twice += each.bads * (2 * goods_below + each.goods)
        bads_below += each.bads
        goods_below += each.goods
        widest = max(widest, abs(bads_below * goods - goods_below * bads))
    return discrimination(bads=bads, goods=goods, ordered_twice=ordered_twice, widest=widest)
