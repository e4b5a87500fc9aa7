"""How a benchmark runs and what it prints: blocks in turn, medians, the verdict last."""

from __future__ import annotations

import itertools
import statistics
import sys
from collections.abc import Callable, Iterator

ROUNDS = 7


class Unmeasurable(Exception):
    """The measurement cannot be made; the message says why, and what to do."""


def run(measure: Callable[[], None]) -> None:
    """Run one benchmark as a command."""
    try:
        measure()
    except Unmeasurable as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def alternate(
    ours: Callable[[], float], baseline: Callable[[], float], *, rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """Measure both in turn, who comes first changing every round; return the figures of each."""
    found: tuple[list[float], list[float]] = ([], [])
    sides = ((ours, found[0]), (baseline, found[1]))
    for number in range(rounds):
        for take, figures in sides if number % 2 == 0 else reversed(sides):
            figures.append(take())
    return found


def show(name: str, figures: list[float], unit: str) -> float:
    """Print median and range of one side; return the median."""
    median = statistics.median(figures)
    low, high = min(figures), max(figures)
    print(f"{name:<28} {median:9.3f} {unit}   ({low:.3f} to {high:.3f}, n={len(figures)})")
    return median


def conclude(name: str, figure: str, bar: str, holds: bool) -> None:
    """Print the last line."""
    print(f"{name}: {figure} (bar {bar}): {'holds' if holds else 'falls short'}")


def take(ids: Iterator[int], count: int) -> list[int]:
    """Return the next ids. Raises Unmeasurable when there are too few."""
    taken = list(itertools.islice(ids, count))
    if len(taken) < count:
        raise Unmeasurable("there are too few rows to work on")
    return taken
