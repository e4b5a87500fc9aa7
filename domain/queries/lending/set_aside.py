"""Loans that a day close set aside and nobody has caught up yet."""

from __future__ import annotations

from domain.db import rows


async def set_aside_loans(from_id: int, to_id: int) -> list[int]:
    """Return the ids of those in a range of ids."""
    found = await rows(
        "SELECT loan_id FROM loan_set_aside WHERE resolved_at IS NULL "
        "AND loan_id BETWEEN %s AND %s",
        [from_id, to_id],
    )
    return [row["loan_id"] for row in found]


async def count_set_aside() -> int:
    """Return how many there are."""
    found = await rows(
        "SELECT COUNT(DISTINCT loan_id) AS loans FROM loan_set_aside WHERE resolved_at IS NULL"
    )
    return int(found[0]["loans"])
