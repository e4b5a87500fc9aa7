"""How the whole stands, as monitoring asks it of the database: waiting work, and its age.

Every statement here is answered from an index or stops counting, since a scrape comes every few
seconds and must cost the same when the tables have grown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.db import rows
from domain.queries.business_date import NotInstalled, business_date
from domain.queries.lending.close_progress import CloseProgress, close_progress
from domain.queries.lending.set_aside import count_set_aside
from domain.queries.risk.models import find_champion
from domain.rules.jobs import JobState

COUNTED_MAX: Final = 100_000
"""A backlog beyond this is told as this many."""
_SHOWN: Final = (JobState.QUEUED, JobState.RUNNING, JobState.LOST, JobState.FAILED)
# A transaction that commits late carries a lower id than what is sealed by then: seen so far back.
_LATE_ENTRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many wait (`COUNTED_MAX` at most), and for how many seconds the oldest; 0.0 for none."""

    waiting: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class OperatingFigures:
    """The figures of one moment.

    `jobs` has every state that needs anybody's attention, also those with no job. `business_date`
    is None before `liudai migrate`; it lags the calendar (UTC) by `lag_days`, negative when it is
    ahead. `close` is the day close that started last, if any; `set_aside` are the loans that none
    has caught up yet. `champion` is the id of the model version that ought to be served, or None.
    """

    jobs: Mapping[str, int]
    queued: Backlog
    outbox: Backlog
    unsealed: Backlog
    business_date: dt.date | None
    lag_days: int
    close: CloseProgress | None
    set_aside: int
    champion: int | None


async def operating_figures(*, now: dt.datetime) -> OperatingFigures:
    """Read the figures; `now` is an aware UTC moment, from which ages and the lag are counted."""
    jobs = {state.value: await _count_jobs(state) for state in _SHOWN}
    oldest = await rows(
        "SELECT created_at AS at FROM job WHERE state = %s ORDER BY id LIMIT 1", [JobState.QUEUED]
    )
    try:
        today = await business_date()
    except NotInstalled:
        today = None
    champion = await find_champion()
    return OperatingFigures(
        jobs=jobs,
        queued=Backlog(jobs[JobState.QUEUED], _age(oldest, now)),
        outbox=await _outbox(now),
        unsealed=await _unsealed(now),
        business_date=today,
        lag_days=(now.date() - today).days if today else 0,
        close=await close_progress(),
        set_aside=await count_set_aside(),
        champion=champion.id if champion else None,
    )


async def _count_jobs(state: JobState) -> int:
    found = await rows("SELECT COUNT(*) AS n FROM job WHERE state = %s", [state])
    return int(found[0]["n"])


async def _outbox(now: dt.datetime) -> Backlog:
    waiting = "FROM outbox_event WHERE published_at IS NULL"
    oldest = await rows(f"SELECT created_at AS at {waiting} ORDER BY id LIMIT 1")
    return Backlog(await _count(f"SELECT id {waiting}", []), _age(oldest, now))


async def _unsealed(now: dt.datetime) -> Backlog:
    """Look behind the newest seal alone: a join over the whole trail would read all of it."""
    sealed = await rows("SELECT MAX(entry_id) AS newest FROM audit_seal")
    since = max((sealed[0]["newest"] or 0) - _LATE_ENTRIES, 0)
    waiting = (
        "FROM audit_entry e LEFT JOIN audit_seal s ON s.entry_id = e.id "
        "WHERE e.id > %s AND s.entry_id IS NULL"
    )
    oldest = await rows(f"SELECT e.at AS at {waiting} ORDER BY e.id LIMIT 1", [since])
    return Backlog(await _count(f"SELECT e.id {waiting}", [since]), _age(oldest, now))


async def _count(select: str, values: list[Any]) -> int:
    counted = f"SELECT COUNT(*) AS n FROM ({select} LIMIT {COUNTED_MAX}) waiting"
    return int((await rows(counted, values))[0]["n"])


def _age(oldest: list[dict[str, Any]], now: dt.datetime) -> float:
    if not oldest:
        return 0.0
    at: dt.datetime = oldest[0]["at"]  # UTC by either driver; MySQL's does not say so
    return max((now - at.replace(tzinfo=dt.UTC)).total_seconds(), 0.0)
