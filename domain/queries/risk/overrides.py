"""Overrides of the automatic decision (人工干预), counted."""

from __future__ import annotations

import datetime as dt

from domain.db import rows
from domain.rules.risk.approval import OverrideReason


async def override_counts(*, start: dt.date, end: dt.date) -> dict[OverrideReason, int]:
    """Return how many applications decided from `start` to `end` (both inclusive) were rejected
    against the recommendation to approve, by reason; reasons that do not occur are 0."""
    found = await rows(
        "SELECT t.override_reason AS reason, COUNT(*) AS overridden FROM approval_task t "
        "JOIN loan_application a ON a.id = t.application_id "
        "WHERE t.override_reason <> '' AND a.decided_on >= %s AND a.decided_on <= %s "
        "GROUP BY t.override_reason",
        [start, end],
    )
    counted = {row["reason"]: row["overridden"] for row in found}
    return {reason: counted.get(reason, 0) for reason in OverrideReason}
