"""Starting a day close: the cut-off, in one short transaction.

The next business date opens at once, so what comes in from here on posts on it; the loans of the
day that closes are laid out in shards for the workers.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import orjson

from domain.actor import Actor
from domain.db import execute, for_update, insert, rows
from domain.models.records import BusinessDate, Job
from domain.operations.clock import now
from domain.operations.jobs import create_job
from domain.operations.lending.day_close.shards import Ranges, lay_out, ranges
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.set_aside import count_set_aside
from domain.rules.jobs import JobKind, JobState
from domain.rules.lending.day_close import (
    BUSINESS_DAY,
    BUSINESS_DAY_MOVES,
    UNDER_WAY,
    BusinessDayState,
    set_aside_limit,
    through_problems,
)
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if
from domain.rules.states import move

_ONE_DAY = dt.timedelta(days=1)
_UNENDED = (JobState.QUEUED, JobState.RUNNING, JobState.LOST)


async def close_business_day(
    *, actor: Actor, key: str, through: dt.date | None = None, ahead: bool = False
) -> Done:
    """Start to close the business date, and the days after it up to `through`, one after another.

    A close under way is joined, one that stopped (too many loans set aside, books that did not
    prove right) goes on, and a day that has closed changes nothing. Result: `business_day`, and
    `job` where there is work for the workers. Raises :class:`Refused`.
    """
    found = await ranges()

    async def work(step: Step) -> Result:
        current = (await BusinessDate.filter(id=1).select_for_update().get()).current
        under_way = await day_under_way()
        first = under_way[0] if under_way else current
        last = through or first
        if last < first:
            return await _closed_already(last)
        if last >= current:
            refuse_if(through_problems(last, current=current, clock=now().date(), ahead=ahead))
        return await begin(step, found, through=through)

    return await perform(
        actor=actor,
        action="closeBusinessDay",
        key=key,
        arguments={"through": through, "ahead": ahead},
        work=work,
    )


async def begin(step: Step, found: Ranges, *, through: dt.date | None) -> Result:
    """Start or go on with a close under the lock of the business date, and queue its job."""
    under_way = await day_under_way()
    if under_way is None:
        date = await BusinessDate.get(id=1)
        day, day_id = date.current, await start_day(step, date.current, found)
    else:
        day, day_id = under_way
        (row,) = await rows("SELECT state, job_id FROM business_day WHERE id = %s", [day_id])
        if row["job_id"] and await _works(row["job_id"], day, through):
            return {"business_day": day_id, "job": row["job_id"]}
        await _go_on(step, day_id, BusinessDayState(row["state"]), found)
    job = await create_job(
        step,
        kind=JobKind.CLOSE_DAY,
        arguments={"day": day.isoformat(), "through": max(through or day, day).isoformat()},
    )
    await execute("UPDATE business_day SET job_id = %s WHERE id = %s", [job.id, day_id])
    return {"business_day": day_id, "job": job.id}


async def start_day(step: Step, day: dt.date, found: Ranges, *, job_id: int | None = None) -> int:
    """Open the day after `day`, which the caller holds under lock as the business date, and lay out
    what is to be done. Returns the id of the business day."""
    opens = day + _ONE_DAY
    aside = await count_set_aside()
    limit = set_aside_limit(loans=found.loans, share=await _abort_share(day), already=aside)
    await _ensure_day(day)
    (row,) = await rows("SELECT id, state FROM business_day WHERE day = %s" + for_update(), [day])
    move(BUSINESS_DAY_MOVES, BUSINESS_DAY, BusinessDayState(row["state"]), BusinessDayState.CLOSING)
    await execute(
        "UPDATE business_day SET state = %s, loans = %s, set_aside = %s, set_aside_limit = %s, "
        "closing_started_at = %s, job_id = %s WHERE id = %s",
        [BusinessDayState.CLOSING, found.loans, aside, limit, now(), job_id, row["id"]],
    )
    await lay_out(day, found)
    await execute(
        "UPDATE business_date SET current = %s, updated_at = %s WHERE id = 1", [opens, now()]
    )
    await _ensure_day(opens, opened_at=now())
    step.changed(
        "BusinessDate",
        1,
        before={"current": day},
        after={"current": opens},
        event="business_date.advanced",
    )
    step.changed(
        "BusinessDay",
        row["id"],
        before={"state": row["state"]},
        after={"state": BusinessDayState.CLOSING, "day": day, "loans": found.loans},
        event="business_day.closing",
    )
    return int(row["id"])


async def day_under_way() -> tuple[dt.date, int] | None:
    """The day that is being closed, or whose close stopped, and its id."""
    found = await rows(
        "SELECT id, day FROM business_day WHERE state IN (%s, %s, %s) ORDER BY day", [*UNDER_WAY]
    )
    return (found[0]["day"], found[0]["id"]) if found else None


async def _works(job_id: int, day: dt.date, through: dt.date | None) -> bool:
    """Whether the job of a close still works, as far as the caller wants it to go."""
    job = await Job.get(id=job_id)
    if job.state not in _UNENDED:
        return False
    if through is not None and through > dt.date.fromisoformat(job.input["through"]):
        wanted = orjson.dumps(job.input | {"through": through.isoformat()}).decode()
        extended = await execute(
            "UPDATE job SET input = %s WHERE id = %s AND state = %s",
            [wanted, job_id, JobState.QUEUED],
        )
        if not extended:  # whoever runs it has read how far it goes
            raise Refused([_under_way(day)])
    return True


def _under_way(day: dt.date) -> Problem:
    return Problem(
        ErrorCode.ILLEGAL_STATE,
        ("through",),
        f"The close of {day} is under way, and was not asked to go as far. Wait until it has "
        "ended, then close the days after it.",
        f"{day} 的日终正在进行且未包含所请求的日期，请待其结束后再关闭其后的营业日。",
    )


async def _go_on(step: Step, day_id: int, state: BusinessDayState, found: Ranges) -> None:
    """Take a close that stopped up again, with room for as many loans to fail as at its start."""
    (row,) = await rows("SELECT day, set_aside FROM business_day WHERE id = %s", [day_id])
    limit = set_aside_limit(
        loans=found.loans, share=await _abort_share(row["day"]), already=row["set_aside"]
    )
    if state is not BusinessDayState.CLOSING:
        move(BUSINESS_DAY_MOVES, BUSINESS_DAY, state, BusinessDayState.CLOSING)
    await execute(
        "UPDATE business_day SET state = %s, set_aside_limit = %s, faults = NULL WHERE id = %s",
        [BusinessDayState.CLOSING, limit, day_id],
    )
    step.changed(
        "BusinessDay",
        day_id,
        before={"state": state},
        after={"state": BusinessDayState.CLOSING},
        event="business_day.closing",
    )


async def _closed_already(day: dt.date) -> Result:
    found = await rows("SELECT id FROM business_day WHERE day = %s", [day])
    if found:
        return {"business_day": found[0]["id"]}
    raise Refused(
        [
            Problem(
                ErrorCode.DATE_OUT_OF_RANGE,
                ("through",),
                f"{day} lies before the first day that was closed here. Give the business date or "
                "a later day.",
                f"{day} 早于系统首个营业日，请填写当前营业日或其后的日期。",
            )
        ]
    )


async def _ensure_day(day: dt.date, *, opened_at: dt.datetime | None = None) -> None:
    if not await rows("SELECT id FROM business_day WHERE day = %s", [day]):
        await insert(
            "business_day",
            {"day": day, "state": BusinessDayState.OPEN, "opened_at": opened_at},
        )


async def _abort_share(day: dt.date) -> Decimal:
    """The strictest share of any profile in force: the close is the lender's, not a profile's."""
    found = await rows(
        "SELECT profile, value FROM policy_value WHERE name = 'close_abort_share' "
        "AND effective_from <= %s ORDER BY effective_from",
        [day],
    )
    by_profile = {row["profile"]: Decimal(row["value"]) for row in found}
    return min(by_profile.values(), default=Decimal(0))
