"""What became of a payment file's lines."""

from __future__ import annotations

from dataclasses import dataclass

from domain.db import rows
from domain.rules.lending.payment_states import LineState


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCount:
    """Lines of a file in one state and currency; `total` in minor units, of those with an amount
    that could be read."""

    state: LineState
    currency: str
    count: int
    total: int


async def payment_report(file_id: int) -> list[LineCount]:
    """Return how many lines of the file are in each state, and what they come to."""
    found = await rows(
        "SELECT state, currency, COUNT(*) AS n, COALESCE(SUM(amount), 0) AS total "
        "FROM payment_file_line WHERE file_id = %s GROUP BY state, currency",
        [file_id],
    )
    return sorted(
        (
            LineCount(
                state=LineState(row["state"]),
                currency=row["currency"],
                count=row["n"],
                total=int(row["total"]),
            )
            for row in found
        ),
        key=lambda each: (each.currency, list(LineState).index(each.state)),
    )
