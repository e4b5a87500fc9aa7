"""The clock, in one place. Rules never read it; business dates come from the business_date row."""

from __future__ import annotations

import datetime as dt


def now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)
