"""How far a day close is: for the job's followers, for operators, for metrics."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.db import rows
from domain.rules.lending.day_close import ShardState


@dataclass(frozen=True, slots=True)
class CloseProgress:
    """A business day and its shards. `loans_done` are those of the shards that are done, of
    `loans`; `seconds` is how long the close has taken, or took."""

    day: dt.date
    state: str
    shards: int
    shards_done: int
    loans: int
    loans_done: int
    singly: int
    set_aside: int
    started_at: dt.datetime | None
    closed_at: dt.datetime | None

    @property
    def share(self) -> float:
        """The share of the shards that is done, 0 to 1."""
        return self.shards_done / self.shards if self.shards else 1.0


async def close_progress(day: dt.date | None = None) -> CloseProgress | None:
    """Return the progress of `day`, or of the day whose close started last; None without one."""
    found = await rows(
        "SELECT d.day, d.state, d.loans, d.set_aside, d.closing_started_at, d.closed_at, "
        "COUNT(s.id) AS shards, COALESCE(SUM(s.state = %s), 0) AS done, "
        "COALESCE(SUM(s.loans + s.singly), 0) AS loans_done, COALESCE(SUM(s.singly), 0) AS singly "
        "FROM business_day d LEFT JOIN close_shard s ON s.day = d.day WHERE d.day = "
        + ("%s" if day else "(SELECT MAX(day) FROM close_shard)")
        + " GROUP BY d.id, d.day, d.state, d.loans, d.set_aside, d.closing_started_at, d.closed_at",
        [ShardState.DONE, *([day] if day else [])],
    )
    if not found:
        return None
    row = found[0]
    return CloseProgress(
        day=row["day"],
        state=row["state"],
        shards=row["shards"],
        shards_done=int(row["done"]),
        loans=row["loans"],
        loans_done=int(row["loans_done"]),
        singly=int(row["singly"]),
        set_aside=row["set_aside"],
        started_at=row["closing_started_at"],
        closed_at=row["closed_at"],
    )


async def business_day_id(day: dt.date) -> int | None:
    """Return the id of a business day; None where none is on record."""
    found = await rows("SELECT id FROM business_day WHERE day = %s", [day])
    return int(found[0]["id"]) if found else None
