"""Hypothesis as what decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Drawn:
    """Lets Hypothesis choose."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def one_of(self, options: Sequence[T]) -> T:
        return self._data.draw(st.sampled_from(list(options)))

    def number(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))
