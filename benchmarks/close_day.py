"""The close of an ordinary day by two workers, beside set-based SQL that writes the same rows.

python -m benchmarks.close_day [LOANS]
"""

from __future__ import annotations

import sys

from benchmarks.closing import close_by_sql, close_day, lent_book, loans_a_second, working
from benchmarks.report import alternate, conclude, run, show

NAME, BAR_SPEED, BAR_RATIO = "close_day", 20_000, 3.0
LOANS, ROUNDS = 100_000, 5


def measure() -> None:
    """Print both sides, the workers' CPU, and their ratio."""
    loans = int(sys.argv[1]) if len(sys.argv) > 1 else LOANS
    with lent_book(loans) as book, working(book):
        close_day(book)  # warms up
        before = book.worker_cpu_seconds()
        ours, baseline = alternate(
            lambda: loans_a_second(book, close_day),
            lambda: loans_a_second(book, close_by_sql),
            rounds=ROUNDS,
        )
        cpu = (book.worker_cpu_seconds() - before) / ROUNDS / loans * 1e6
        print(f"workers: {cpu:.1f} µs CPU a loan, {book.worker_megabytes():.0f} MB the larger")
    speed = show("close of a day, 2 workers", ours, "loans a second")
    raw = show("set-based SQL, 2 connections", baseline, "loans a second")
    conclude(NAME, f"{speed:,.0f} loans/s", f"{BAR_SPEED:,} loans/s", speed >= BAR_SPEED)
    conclude(NAME, f"{raw / speed:.2f}x set-based SQL", f"{BAR_RATIO}x", raw / speed <= BAR_RATIO)


if __name__ == "__main__":
    run(measure)
