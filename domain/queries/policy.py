"""Dated policy values: what a law or the lender has set, as in force on a day."""

from __future__ import annotations

import datetime as dt

from domain.db import rows


class PolicyMissing(Exception):
    """No value of this name is in force: `liudai migrate` seeds the defaults."""


async def policy_days(name: str, *, borrower_id: int, on: dt.date) -> int:
    """Return a number of days in force for a borrower's profile. Raises :class:`PolicyMissing`."""
    found = await rows(
        "SELECT value FROM policy_value WHERE profile = (SELECT profile FROM borrower "
        "WHERE id = %s) AND name = %s AND effective_from <= %s "
        "ORDER BY effective_from DESC LIMIT 1",
        [borrower_id, name, on],
    )
    if not found:
        raise PolicyMissing(f"no policy value {name!r} for borrower {borrower_id} on {on}")
    return int(found[0]["value"])


async def policy_value(name: str, *, profile: str, on: dt.date) -> str:
    """Return the value of `name` in force for `profile` on a day. Raises :class:`PolicyMissing`."""
    found = await rows(
        "SELECT value FROM policy_value WHERE profile = %s AND name = %s AND effective_from <= %s "
        "ORDER BY effective_from DESC LIMIT 1",
        [profile, name, on],
    )
    if not found:
        raise PolicyMissing(f"no policy value {name!r} for profile {profile} on {on}")
    value: str = found[0]["value"]
    return value
