"""Drive loans for a long time beside the reference model, and say what came of it.

    python -m tests.reference.long_run --steps 100000 --seed 7
    python -m tests.reference.long_run --steps 10000 --seed 7 --database

The first drives the rules alone, the second the real operations on an embedded database.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.reference.actions import RandomChoice
from tests.reference.book import Book
from tests.reference.database import Template
from tests.reference.pair import Disagreement, a_pair, step

STEPS_A_LOAN = 30
STEPS_A_BOOK = 60


@dataclass(slots=True)
class Tally:
    """What a run has done. Each loan (or book) has a seed of its own, made of the run's and its
    number, so that it can be lived again alone."""

    seed: int
    began: float = field(default_factory=time.monotonic)
    kinds: Counter[str] = field(default_factory=Counter)
    number: int = 0
    wrong: int = 0

    def next(self) -> RandomChoice:
        """Begin another loan, or book."""
        self.number += 1
        return RandomChoice(self.seed * 1_000_000 + self.number)

    @property
    def steps(self) -> int:
        """The steps done."""
        return self.kinds.total()

    def disagreed(self, about: str, found: BaseException) -> None:
        """Note that the rules and the reference differ."""
        self.wrong += 1
        print(f"{self.number}: {about}\n{type(found).__name__}: {found}\n", flush=True)

    def tell(self) -> None:
        """Say what was done."""
        minutes = (time.monotonic() - self.began) / 60
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        print(f"seed {self.seed}: {self.steps} steps on {self.number} in {minutes:.1f} minutes")
        print(f"{kinds}\ndisagreements: {self.wrong}", flush=True)


def run(*, steps: int, seed: int) -> int:
    """Do `steps` steps with the rules on loan after loan; return how many loans disagreed."""
    tally = Tally(seed)
    while tally.steps < steps:
        choose = tally.next()
        pair = a_pair(choose)
        try:
            for _ in range(STEPS_A_LOAN):
                tally.kinds[step(choose, pair)] += 1
        except Disagreement as found:
            tally.disagreed(f"{pair.product}\n{pair.history}\n{pair.today}", found)
    tally.tell()
    return tally.wrong


async def run_books(*, steps: int, seed: int, home: Path) -> int:
    """Do `steps` steps with the operations, each book of loans in a database of its own; return how
    many books disagreed."""
    tally, template = Tally(seed), Template(home)
    while tally.steps < steps:
        choose = tally.next()
        async with template.copy() as lender:
            book = Book(lender, choose)
            try:
                await book.open()
                for _ in range(STEPS_A_BOOK):
                    tally.kinds[await book.step()] += 1
            except Exception as found:  # whatever it is, the books after it are driven too
                tally.disagreed(f"on {book.today}", found)
    tally.tell()
    return tally.wrong


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", action="store_true", help="drive the real operations")
    arguments = parser.parse_args()
    if not arguments.database:
        raise SystemExit(bool(run(steps=arguments.steps, seed=arguments.seed)))
    with tempfile.TemporaryDirectory() as home:
        wrong = asyncio.run(run_books(steps=arguments.steps, seed=arguments.seed, home=Path(home)))
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
