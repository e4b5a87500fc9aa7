"""AUC and KS from counts, beside the definition applied to every pair."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.analytics.discrimination import ScoreCount, discrimination_of

COUNTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8)


@given(COUNTS)
def test_counts_give_what_every_pair_gives(counts: list[tuple[int, int]]) -> None:
    found = discrimination_of(ScoreCount(bad, good) for bad, good in counts)
    bads = [place for place, (bad, _) in enumerate(counts) for _ in range(bad)]
    goods = [place for place, (_, good) in enumerate(counts) for _ in range(good)]
    if not bads or not goods:
        assert found is None
        return
    assert found is not None
    right = sum(Fraction((b > g) * 2 + (b == g), 2) for b in bads for g in goods)
    assert found.auc == right / (len(bads) * len(goods))
    gaps = [
        abs(
            Fraction(sum(b <= place for b in bads), len(bads))
            - Fraction(sum(g <= place for g in goods), len(goods))
        )
        for place in range(len(counts))
    ]
    assert found.ks == max(gaps)
