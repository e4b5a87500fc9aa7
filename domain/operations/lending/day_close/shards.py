"""The shards of a closing day: laid out by ranges of loan ids, and leased to whoever works.

A shard is WAITING, or RUNNING under a lease; a lease that fell silent is anybody's. DONE is written
in the transaction of the shard's work, by the holder of the lease alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from domain.db import execute, execute_many, rows
from domain.operations.clock import now
from domain.operations.jobs import LeaseLost, new_owner
from domain.rules.jobs import lease_expired_before
from domain.rules.lending.day_close import BusinessDayState, ShardState, loans_a_shard
from domain.rules.lending.states import LIVING_LOANS

_ID_MAX = 2**63 - 1
_CANDIDATES = 8
_TO_BE_HAD = "(s.state = %s OR (s.state = %s AND s.heartbeat_at < %s))"


@dataclass(frozen=True, slots=True)
class Ranges:
    """Where shards begin, and how many living loans each was found to hold."""

    starts: list[tuple[int, int]]

    @property
    def loans(self) -> int:
        """The living loans of all of them."""
        return sum(count for _, count in self.starts)


@dataclass(frozen=True, slots=True)
class ShardLease:
    """The right to one attempt at one shard."""

    id: int
    day: dt.date
    from_id: int
    to_id: int
    owner: str


async def ranges(size: int | None = None) -> Ranges:
    """Cut the ids of the living loans into ranges of as many loans, by default as many as
    :func:`~domain.rules.lending.day_close.loans_a_shard` says.

    It is asked before the close begins, without a lock: together the shards cover every id there
    may be, so a loan that comes or goes meanwhile changes the sizes and nothing else.
    """
    living = [*LIVING_LOANS]
    (counted,) = await rows("SELECT COUNT(*) AS loans FROM loan WHERE state IN (%s, %s)", living)
    shards = max(1, -(-counted["loans"] // (size or loans_a_shard(counted["loans"]))))
    found = await rows(
        "SELECT MIN(id) AS first, COUNT(*) AS loans FROM (SELECT id, NTILE(%s) OVER (ORDER BY id) "
        "AS shard FROM loan WHERE state IN (%s, %s)) living GROUP BY shard ORDER BY first",
        [shards, *living],
    )
    return Ranges([(row["first"], row["loans"]) for row in found] or [(0, 0)])


async def lay_out(day: dt.date, found: Ranges) -> None:
    """Write the shards of a day; from the first id to the last that there may be."""
    firsts = [0, *(first for first, _ in found.starts[1:])]
    lasts = [*(first - 1 for first in firsts[1:]), _ID_MAX]
    await execute_many(
        "INSERT INTO close_shard (day, from_id, to_id, state, expected) "
        "VALUES (%s, %s, %s, %s, %s)",
        [
            (day, first, last, ShardState.WAITING, count)
            for first, last, (_, count) in zip(firsts, lasts, found.starts, strict=True)
        ],
    )


async def claim_next(day: dt.date, *, lease_seconds: int) -> ShardLease | None:
    """Take a shard of a CLOSING day that nobody works on; None when there is none."""
    while candidates := await rows(
        f"SELECT s.id FROM close_shard s JOIN business_day d ON d.day = s.day AND d.state = %s "
        f"WHERE s.day = %s AND {_TO_BE_HAD} ORDER BY s.id LIMIT {_CANDIDATES}",
        [BusinessDayState.CLOSING, day, *_to_be_had(lease_seconds)],
    ):
        for row in candidates:
            if lease := await claim(row["id"], lease_seconds=lease_seconds):
                return lease
    return None


async def claim(shard_id: int, *, lease_seconds: int) -> ShardLease | None:
    """Take one shard of a CLOSING day; None when somebody else works on it, or has."""
    at, owner = now(), new_owner()
    taken = await execute(
        "UPDATE close_shard SET state = %s, lease_owner = %s, heartbeat_at = %s, "
        "attempts = attempts + 1 WHERE id = %s AND "
        + _TO_BE_HAD.replace("s.", "")
        + " AND day IN (SELECT day FROM business_day WHERE state = %s)",
        [
            ShardState.RUNNING,
            owner,
            at,
            shard_id,
            *_to_be_had(lease_seconds),
            BusinessDayState.CLOSING,
        ],
    )
    if not taken:
        return None
    (row,) = await rows("SELECT day, from_id, to_id FROM close_shard WHERE id = %s", [shard_id])
    return ShardLease(shard_id, row["day"], row["from_id"], row["to_id"], owner)


async def still_hold(lease: ShardLease) -> None:
    """Say that the work goes on. Raises LeaseLost, also when the close was aborted."""
    held = await execute(
        "UPDATE close_shard SET heartbeat_at = %s WHERE id = %s AND state = %s "
        "AND lease_owner = %s AND day IN (SELECT day FROM business_day WHERE state = %s)",
        [now(), lease.id, ShardState.RUNNING, lease.owner, BusinessDayState.CLOSING],
    )
    if not held:
        raise LeaseLost


async def done(lease: ShardLease, *, loans: int, singly: int) -> None:
    """End the shard in the running transaction. Raises LeaseLost."""
    held = await execute(
        "UPDATE close_shard SET state = %s, loans = %s, singly = %s, finished_at = %s "
        "WHERE id = %s AND state = %s AND lease_owner = %s",
        [ShardState.DONE, loans, singly, now(), lease.id, ShardState.RUNNING, lease.owner],
    )
    if not held:
        raise LeaseLost


async def give_back(lease: ShardLease, *, error: str) -> None:
    """Let somebody else try, and note why this attempt ended."""
    await execute(
        "UPDATE close_shard SET state = %s, lease_owner = '', error = %s "
        "WHERE id = %s AND state = %s AND lease_owner = %s",
        [ShardState.WAITING, error[:500], lease.id, ShardState.RUNNING, lease.owner],
    )


async def unfinished(day: dt.date) -> list[int]:
    """The shards of a day that are not DONE."""
    found = await rows(
        "SELECT id FROM close_shard WHERE day = %s AND state <> %s ORDER BY id",
        [day, ShardState.DONE],
    )
    return [row["id"] for row in found]


async def closed_before(day: dt.date) -> int:
    """The first loan id of a shard of the day that is not DONE: what comes before it is."""
    (found,) = await rows(
        "SELECT MIN(from_id) AS first FROM close_shard WHERE day = %s AND state <> %s",
        [day, ShardState.DONE],
    )
    return _ID_MAX if found["first"] is None else int(found["first"])


def _to_be_had(lease_seconds: int) -> list[Any]:
    return [ShardState.WAITING, ShardState.RUNNING, lease_expired_before(now(), lease_seconds)]
