"""Dated policy values: what a law or the lender has set, as in force on a day."""

from __future__ import annotations

import datetime as dt

from domain.db import in_list, rows


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


async def policy_values(*names: str, profile: str, on: dt.date) -> tuple[str, ...]:
    """Return the values of `names`, in that order, as :func:`policy_value` does, by one statement.
    Raises :class:`PolicyMissing`."""
    found = await rows(
        "SELECT name, value FROM policy_value WHERE profile = %s "
        f"AND name IN {in_list(names)} AND effective_from <= %s ORDER BY effective_from",
        [profile, *names, on],
    )
    values: dict[str, str] = {row["name"]: row["value"] for row in found}
    missing = [name for name in names if name not in values]
    if missing:
        raise PolicyMissing(f"no policy values {missing} for profile {profile} on {on}")
    return tuple(values[name] for name in names)
