"""Shares and averages of whole numbers, rounded once, HALF_UP, to six decimals."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final

from domain.rules.money import Rounding, round_half

RATIO_DECIMALS: Final = 6


def share(part: int, whole: int) -> Decimal | None:
    """Return part ÷ whole as a fraction of one, or None of nothing."""
    return rounded(Fraction(part, whole)) if whole else None


def weighted_average(weighted: Iterable[tuple[int, Decimal]]) -> Decimal | None:
    """Return Σ weight × value ÷ Σ weight, or None when the weights sum to 0."""
    pairs = list(weighted)
    total = sum(weight for weight, _ in pairs)
    if not total:
        return None
    return rounded(sum((weight * Fraction(value) for weight, value in pairs), Fraction(0)) / total)


def rounded(value: Fraction) -> Decimal:
    """Return an exact value with six decimals."""
    return Decimal(round_half(value * 10**RATIO_DECIMALS, Rounding.HALF_UP)).scaleb(-RATIO_DECIMALS)
