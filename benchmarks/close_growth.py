"""Whether a loan costs more to close in a large book than in a small one, and what a worker holds.

    python -m benchmarks.close_growth [SMALL LARGE]

The bar is for 100,000 and 1,000,000 loans; `make bench` takes a tenth of both.
"""

from __future__ import annotations

import sys

from benchmarks.closing import close_day, lent_book, working
from benchmarks.report import conclude, run, show

NAME, BAR, BAR_MEMORY = "close_growth", 1.2, 1.2
SIZES, ROUNDS = (10_000, 100_000), 3


def measure() -> None:
    """Print the time for a loan at both sizes, the workers' CPU and memory, and the ratios."""
    small, large = (int(each) for each in sys.argv[1:3]) if len(sys.argv) > 2 else SIZES
    times, memory = [], []
    for loans in (small, large):
        with lent_book(loans) as book, working(book):
            close_day(book)  # warms up
            before = book.worker_cpu_seconds()
            figures = [close_day(book) / loans * 1e6 for _ in range(ROUNDS)]
            cpu = (book.worker_cpu_seconds() - before) / ROUNDS / loans * 1e6
            times.append(show(f"{loans:,} loans", figures, "µs a loan"))
            memory.append(book.worker_megabytes())
            print(f"  workers: {cpu:.1f} µs CPU a loan, {memory[-1]:.0f} MB the larger")
    grown = memory[1] / memory[0]
    conclude(NAME, f"{grown:.2f}x worker memory", f"{BAR_MEMORY}x", grown <= BAR_MEMORY)
    ratio = times[1] / times[0]
    conclude(NAME, f"{ratio:.2f}x time for a loan", f"{BAR}x", ratio <= BAR)


if __name__ == "__main__":
    run(measure)
