"""Delinquency buckets (逾期分档): loans by how many days their oldest unpaid instalment is late."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from types import MappingProxyType
from typing import Final

BAD_DAYS: Final = 90
"""Beyond so many days past due a loan counts as bad in the portfolio's figures."""


class DelinquencyBucket(StrEnum):
    """From current to the longest overdue."""

    CURRENT = "CURRENT"
    DAYS_1_30 = "DAYS_1_30"
    DAYS_31_60 = "DAYS_31_60"
    DAYS_61_90 = "DAYS_61_90"
    DAYS_91_180 = "DAYS_91_180"
    OVER_180 = "OVER_180"


_B = DelinquencyBucket

MOST_DAYS: Final = MappingProxyType(
    {_B.CURRENT: 0, _B.DAYS_1_30: 30, _B.DAYS_31_60: 60, _B.DAYS_61_90: 90, _B.DAYS_91_180: 180}
)
"""The most days past due of each bucket; OVER_180 has no end."""


def earliest_due_dates(as_of: dt.date) -> dict[DelinquencyBucket, dt.date]:
    """Return for each late bucket that has an end the earliest due date that still falls in it."""
    return {
        bucket: as_of - dt.timedelta(days=most)
        for bucket, most in MOST_DAYS.items()
        if bucket is not _B.CURRENT
    }
