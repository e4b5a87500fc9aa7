"""The lender's own chart of accounts, as the posting profile has it on a day."""

from __future__ import annotations

import datetime as dt

from domain.db import rows
from domain.rules.lending.posting_profile import OwnAccount, ProfileLine, in_force


async def own_accounts(on: dt.date) -> dict[str, OwnAccount]:
    """Return the own account of each code of our chart on a day."""
    found = await rows(
        "SELECT role, account_code, name_zh, name_en, effective_from FROM posting_profile "
        "WHERE effective_from <= %s",
        [on],
    )
    return in_force(
        (
            ProfileLine(
                row["role"],
                OwnAccount(
                    code=row["account_code"], name_zh=row["name_zh"], name_en=row["name_en"]
                ),
                _day(row["effective_from"]),
            )
            for row in found
        ),
        on=on,
    )


def _day(stored: dt.date | str) -> dt.date:
    return dt.date.fromisoformat(stored) if isinstance(stored, str) else stored
