"""Repayments through GraphQL while the day closes, beside the same repayments outside of it.

    python -m benchmarks.close_payments [LOANS]

Two API processes and two workers share the machine. Each block of payments is paced, so that the
figure is what a customer waits, and not how many payments fit beside a close.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import statistics
import sys
import threading
import time
from collections.abc import Iterator

import httpx

from api.auth import issue_local_token
from api.graphql.ids import global_id
from benchmarks.closing import Book, close_day, lent_book, working
from benchmarks.report import Unmeasurable, conclude, run, show
from domain import db
from domain.queries.branches import head_office_id
from domain.rules.roles import Role
from tests.lender import hire, key
from tests.processes import api_processes

NAME, BAR = "close_payments", 3.0
LOANS, ROUNDS, A_SECOND = 40_000, 5, 20
_QUIET_SECONDS = 4.0
MUTATION = """mutation($input: RepayLoanInput!) { repayLoan(input: $input) {
  repayment { id } errors { code message } } }"""


def measure() -> None:
    """Print the p95 of a payment in both, and their ratio."""
    loans = int(sys.argv[1]) if len(sys.argv) > 1 else LOANS
    inside, outside = [], []
    with lent_book(loans) as book, working(book), api_processes(2) as urls:
        token, ids = asyncio.run(_cashier())
        payer = Payer(urls, token, itertools.cycle(ids))
        close_day(book)
        payer.pay_for(2.0)  # both sides are warm
        for _ in range(ROUNDS):
            outside.append(p95(payer.pay_for(_QUIET_SECONDS)))
            inside.append(p95(_paid_while_closing(payer, book)))
    during = show("p95 while the day closes", inside, "ms")
    quiet = show("p95 outside", outside, "ms")
    conclude(NAME, f"{during / quiet:.2f}x outside", f"{BAR}x", during / quiet <= BAR)


class Payer:
    """A customer at a steady pace, whose every payment goes to another loan."""

    def __init__(self, urls: list[str], token: str, loans: Iterator[int]) -> None:
        self._client = httpx.Client(
            timeout=60, trust_env=False, headers={"authorization": f"Bearer {token}"}
        )
        self._urls, self._loans = itertools.cycle(urls), loans
        self.stop = threading.Event()

    def pay_for(self, seconds: float) -> list[float]:
        """Pay until the time is up, or until told to stop; return how long each took, in ms."""
        took = []
        self.stop.clear()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.stop.is_set():
            started = time.monotonic()
            form = {
                "idempotencyKey": key(),
                "loanId": global_id("Loan", next(self._loans)),
                "amount": "1.00",
            }
            answer = self._client.post(
                f"{next(self._urls)}/graphql",
                json={"query": MUTATION, "variables": {"input": form}},
            ).json()
            if answer.get("errors") or answer["data"]["repayLoan"]["errors"]:
                raise Unmeasurable(f"a payment failed: {answer}")
            took.append((time.monotonic() - started) * 1000)
            time.sleep(max(0.0, 1 / A_SECOND - (time.monotonic() - started)))
        return took


def p95(took: list[float]) -> float:
    """The 95th percentile."""
    if len(took) < 20:
        raise Unmeasurable(f"only {len(took)} payments fit into a close: take more loans")
    return statistics.quantiles(took, n=20)[-1]


def _paid_while_closing(payer: Payer, book: Book) -> list[float]:
    took: list[float] = []
    paying = threading.Thread(target=lambda: took.extend(payer.pay_for(600)))
    paying.start()
    try:
        close_day(book)
    finally:
        payer.stop.set()
        paying.join()
    return took


async def _cashier() -> tuple[str, list[int]]:
    """A cashier's token, and loans from all over the book that owe something."""
    await db.open_database()
    try:
        cashier = await hire("cashier", Role.CASHIER, branch_id=await head_office_id())
        found = await db.rows(
            "SELECT id FROM loan WHERE state = 'ACTIVE' AND next_due_date < "
            "(SELECT current FROM business_date) ORDER BY id MOD 101 LIMIT 500"
        )
        token = issue_local_token(cashier.subject, dt.timedelta(hours=2))
        return token, [row["id"] for row in found]
    finally:
        await db.close_database()


if __name__ == "__main__":
    run(measure)
