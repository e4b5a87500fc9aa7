"""From feature values to the two tensors of a model: one float32 block, one string block.

Training and serving run this same code on this same :class:`Layout`, so they cannot differ. What
is worked out from data (knots, levels, which features get a missing flag) is fitted in the
training fold by `ml.pipeline` and kept here as plain numbers. Serving module: numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ml.features import FeatureValue

Floats = NDArray[np.float32]
Strings = NDArray[np.object_]
MISSING_CATEGORY = ""
_ZERO = np.float32(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """A numeric feature in the float block.

    `bounds` clips a value to the range seen in training; with `log` it is sign(x)·ln(1 + |x|);
    each knot k adds a column max(0, x - k), in the units after `log`, which lets a linear model
    bend. With `flagged` a last column says 1 where the value is missing.
    """

    feature: str
    log: bool = False
    bounds: tuple[float, float] | None = None
    knots: tuple[float, ...] = ()
    flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryColumn:
    """A categorical feature in the string block and the levels its model knows."""

    feature: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which features a model reads, and where each stands in its two blocks."""

    numbers: tuple[NumberColumn, ...]
    categories: tuple[CategoryColumn, ...]
    _logged: NDArray[np.intp] = field(init=False, repr=False, compare=False)
    _low: Floats = field(init=False, repr=False, compare=False)
    _high: Floats = field(init=False, repr=False, compare=False)
    _bent: NDArray[np.intp] = field(init=False, repr=False, compare=False)
    _knots: Floats = field(init=False, repr=False, compare=False)
    _flagged: NDArray[np.intp] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numbers = self.numbers
        bounds = [column.bounds or (-np.inf, np.inf) for column in numbers]
        bends = [(i, knot) for i, column in enumerate(numbers) for knot in column.knots]
        found: dict[str, Any] = {
            "_logged": np.array([i for i, column in enumerate(numbers) if column.log], np.intp),
            "_low": np.array([low for low, _ in bounds], np.float32),
            "_high": np.array([high for _, high in bounds], np.float32),
            "_bent": np.array([i for i, _ in bends], np.intp),
            "_knots": np.array([knot for _, knot in bends], np.float32),
            "_flagged": np.array([i for i, c in enumerate(numbers) if c.flagged], np.intp),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature read, numbers first."""
        return tuple(c.feature for c in self.numbers) + tuple(c.feature for c in self.categories)

    @property
    def width(self) -> int:
        """Columns of the float block."""
        return len(self.numbers) + len(self._bent) + len(self._flagged)

    def sources(self) -> tuple[int, ...]:
        """For each column of the float block, the position of its feature in `numbers`."""
        return (*range(len(self.numbers)), *self._bent.tolist(), *self._flagged.tolist())

    def encode(self, raw: Floats) -> Floats:
        """Turn raw numbers (rows × numbers, NaN where missing) into the float block."""
        if not (self._logged.size or self._bent.size or self._flagged.size):
            return raw
        values = raw
        if self._logged.size or self._bent.size:
            values = np.minimum(np.maximum(raw, self._low), self._high)
        if self._logged.size:
            part = values.take(self._logged, axis=1)
            values[:, self._logged] = np.copysign(np.log1p(np.abs(part)), part)
        parts = [values]
        if self._bent.size:
            parts.append(np.maximum(values.take(self._bent, axis=1) - self._knots, _ZERO))
        if self._flagged.size:
            parts.append(np.isnan(raw.take(self._flagged, axis=1)).astype(np.float32))
        return np.concatenate(parts, axis=1)

    def raw(self, rows: Sequence[Mapping[str, FeatureValue]]) -> tuple[Floats, Strings]:
        """Lay out feature values as raw blocks: rows × numbers and rows × categories."""
        nan = float("nan")
        numbers = np.array(
            [[row.get(c.feature, nan) for c in self.numbers] for row in rows], np.float32
        ).reshape(len(rows), len(self.numbers))
        strings = np.empty((len(rows), len(self.categories)), dtype=object)
        for i, row in enumerate(rows):
            for j, column in enumerate(self.categories):
                strings[i, j] = row.get(column.feature, MISSING_CATEGORY)
        return numbers, strings

    def to_json(self) -> dict[str, Any]:
        """Return the layout as JSON values, blocks and positions spelled out."""
        return {
            "numbers": [
                {
                    "feature": c.feature,
                    "block": "numbers",
                    "position": i,
                    "log": c.log,
                    "bounds": list(c.bounds) if c.bounds else None,
                    "knots": list(c.knots),
                    "flagged": c.flagged,
                }
                for i, c in enumerate(self.numbers)
            ],
            "categories": [
                {
                    "feature": c.feature,
                    "block": "categories",
                    "position": i,
                    "levels": list(c.levels),
                }
                for i, c in enumerate(self.categories)
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            numbers=tuple(
                NumberColumn(
                    feature=c["feature"],
                    log=c["log"],
                    bounds=(c["bounds"][0], c["bounds"][1]) if c["bounds"] else None,
                    knots=tuple(c["knots"]),
                    flagged=c["flagged"],
                )
                for c in data["numbers"]
            ),
            categories=tuple(
                CategoryColumn(feature=c["feature"], levels=tuple(c["levels"]))
                for c in data["categories"]
            ),
        )
