"""Through which day the books are closed."""

from __future__ import annotations

import datetime as dt

from domain.db import rows
from domain.rules.lending.periods_of_books import last_day_of


async def closed_through() -> dt.date | None:
    """Return the last day of the last closed month, or None where none was closed."""
    found = await rows("SELECT month FROM accounting_period ORDER BY month DESC LIMIT 1")
    return last_day_of(found[0]["month"]) if found else None
