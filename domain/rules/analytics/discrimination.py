"""How well PDs tell bad cases from good ones: AUC and KS, exactly, from counts (DOMAIN.md §8)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


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
