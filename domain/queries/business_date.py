"""The business date: a row, apart from the clock."""

from __future__ import annotations

import datetime as dt

from domain.db import for_share, rows


class NotInstalled(Exception):
    """The database has no business date yet: `liudai migrate` sets it."""


async def business_date() -> dt.date:
    """Return the current business date. Raises :class:`NotInstalled`."""
    return await _read("")


async def held_business_date() -> dt.date:
    """Return the business date and keep it from moving until the transaction ends.

    A money event must post on the date it read; others may read it meanwhile. Raises
    :class:`NotInstalled`.
    """
    return await _read(for_share())


async def _read(lock: str) -> dt.date:
    found = await rows("SELECT current FROM business_date WHERE id = 1" + lock)
    if not found:
        raise NotInstalled("The database has no business date: run `liudai migrate`.")
    current: dt.date = found[0]["current"]
    return current
