"""Repayments through GraphQL: how many a second two API processes take, and who waits for whom.

Each repayment pays the instalment that is due today on a loan of its own, under a facility of its
own. So no transaction has any row to wait for, and none may.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.lender import Lent, lent
from benchmarks.load import Work, request
from benchmarks.reading import API
from benchmarks.repayment import TABLES, repayment_call
from benchmarks.report import run, take
from benchmarks.throughput import RUNS, WARM_UP, Bar, measure_rates
from domain.rules.roles import Role

BAR = Bar("repayments", "repayments", 300.0)
PIECES = 900


class Repayments:
    """Loans of each side, each repaid once."""

    def __init__(self, book: Lent) -> None:
        half = len(book.loan_ids) // 2
        self._book = book
        self._loans = {True: iter(book.loan_ids[:half]), False: iter(book.loan_ids[half:])}

    def __call__(self, side: str, count: int) -> Sequence[Work]:
        token = self._book.tokens[Role.CASHIER]
        return [
            _one(request(repayment_call(self._book, side, loan_id), token))
            for loan_id in take(self._loans[side == API], count)
        ]


def _one(sent: bytes) -> Work:
    yield sent


def measure() -> None:
    """Print the rates of both sides, their CPU, the lock waits and the verdict."""
    with lent(loans=2 * (WARM_UP + RUNS * PIECES)) as book:
        measure_rates(
            BAR,
            environment=book.environment,
            token=book.tokens[Role.CASHIER],
            works=Repayments(book),
            pieces=PIECES,
            tables=TABLES,
        )


if __name__ == "__main__":
    run(measure)
