"""Credit grades (信用评级) by a master scale, which is dated policy data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

GRADE_LENGTH_MAX = 4


class BadScale(ValueError):
    """The text is no master scale."""


@dataclass(frozen=True, slots=True)
class MasterScale:
    """Grades from best to worst, each with the PD up to which (exclusive) it reaches."""

    steps: tuple[tuple[str, Decimal], ...]

    @property
    def grades(self) -> tuple[str, ...]:
        """The names, best first."""
        return tuple(grade for grade, _ in self.steps)

    def grade(self, probability_of_default: float) -> str:
        """Return the grade of a PD: the first whose bound lies above it, else the last."""
        exact = exact_decimal(probability_of_default)
        for grade, below in self.steps:
            if exact < below:
                return grade
        return self.steps[-1][0]


def parse_scale(text: str) -> MasterScale:
    """Read "A:0.01,B:0.05,C:1": rising bounds, the last of them 1. Raises :class:`BadScale`."""
    steps = []
    for part in text.split(","):
        grade, _, bound = part.strip().partition(":")
        try:
            below = Decimal(bound)
        except InvalidOperation:
            raise BadScale(f"{part!r} is not GRADE:BOUND") from None
        if not 1 <= len(grade) <= GRADE_LENGTH_MAX or not below.is_finite():
            raise BadScale(f"{part!r} is not GRADE:BOUND")
        steps.append((grade, below))
    bounds = [below for _, below in steps]
    if bounds != sorted(set(bounds)) or bounds[0] <= 0 or bounds[-1] != 1:
        raise BadScale("the bounds of a master scale rise from above 0 to exactly 1")
    if len({grade for grade, _ in steps}) != len(steps):
        raise BadScale("a master scale names each grade once")
    return MasterScale(tuple(steps))


def exact_decimal(number: float) -> Decimal:
    """Return the shortest decimal that reads back as `number`: what a person sees as the PD.

    A threshold of 0.35 and a PD printed as 0.35 are then equal, which their binary values are not.
    """
    return Decimal(repr(number))
