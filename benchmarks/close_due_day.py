"""The close before a day on which every loan falls due: interest of the whole period, and its tax.

python -m benchmarks.close_due_day [LOANS]
"""

from __future__ import annotations

import datetime as dt
import sys

from benchmarks.closing import add_loans, close_day, lent_book, working
from benchmarks.report import conclude, run, show

NAME, BAR = "close_due_day", 8_000
LOANS, ROUNDS = 30_000, 5
_EVE = dt.date(2026, 3, 19)


def measure() -> None:
    """Print how many loans a second; each round has loans of its own, due the next day."""
    loans = int(sys.argv[1]) if len(sys.argv) > 1 else LOANS
    figures = []
    with lent_book(0, until=_EVE) as book, working(book):
        for number in range(ROUNDS + 1):
            add_loans(loans, shifted_days=number)
            book.loans = loans
            took = close_day(book)
            if number:  # the first one warms up
                figures.append(loans / took)
        with book.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM ledger_entry WHERE event = 'DAY'")
            ((taxed,),) = cursor.fetchall()
        print(
            f"tax entries: {taxed}, two a loan; the larger worker {book.worker_megabytes():.0f} MB"
        )
    speed = show("every loan due, 2 workers", figures, "loans a second")
    conclude(NAME, f"{speed:,.0f} loans/s", f"{BAR:,} loans/s", speed >= BAR)


if __name__ == "__main__":
    run(measure)
