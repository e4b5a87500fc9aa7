"""Loans of a closing day one by one, each in a transaction of its own; what fails is set aside."""

from __future__ import annotations

import datetime as dt

from domain.actor import SYSTEM
from domain.db import execute, for_update, is_outage, rows, transact
from domain.operations.clock import now
from domain.operations.jobs import LeaseLost
from domain.operations.lending.account import OpenLoan, open_loans, pass_days, save
from domain.operations.lending.allocations import write_taken
from domain.operations.lending.day_close.shards import ShardLease, done, give_back, still_hold
from domain.operations.lending.take_payment import paid_event
from domain.operations.perform import Result, Step, perform
from domain.queries.lending.loan_rows import lock_loans, lock_revolving_limit_of
from domain.rules.lending.day_close import BusinessDayState
from domain.rules.lending.states import LIVING_LOANS

_REASON_LENGTH_MAX = 300


async def close_singly(lease: ShardLease) -> None:
    """Bring the end of `lease.day` to each loan of the shard, and set aside those that fail."""
    found = await rows(
        "SELECT l.id FROM loan l WHERE l.id BETWEEN %s AND %s AND l.state IN (%s, %s) "
        "AND l.accrued_through <= %s AND NOT EXISTS (SELECT 1 FROM loan_set_aside a "
        "WHERE a.loan_id = l.id AND a.resolved_at IS NULL) ORDER BY l.id",
        [lease.from_id, lease.to_id, *LIVING_LOANS, lease.day],
    )
    try:
        for row in found:
            await still_hold(lease)
            await _close_one(lease, row["id"])
        await transact(lambda: done(lease, loans=0, singly=len(found)))
    except LeaseLost:
        return
    except Exception as error:
        await give_back(lease, error=f"{type(error).__name__}: {error}")
        raise


async def bring_day(step: Step, loan: OpenLoan, day: dt.date, *, closed: bool = False) -> None:
    """Let the days up to `day` pass for a locked loan, and save it. What a credit balance pays is
    told to the audit trail and the outbox. `loan.limit` is locked where it needs to be."""
    before = loan.state()
    pass_days(loan, day, closed=closed)
    if loan.account.taken:
        step.changed(
            "Loan",
            loan.row.id,
            before=before,
            after=loan.state(),
            event=paid_event(loan.account.state),
        )
    await write_taken(loan, {}, today=day)
    await save(loan, schedule_event=0)


async def lock_and_open(loan_id: int, day: dt.date) -> OpenLoan:
    """Lock one loan in the one order (revolving facility, loan), and open it as of `day`."""
    limit = await lock_revolving_limit_of(SYSTEM, loan_id)
    (loan,) = await open_loans(await lock_loans([loan_id]), on=day)
    loan.limit = limit
    return loan


async def _close_one(lease: ShardLease, loan_id: int) -> None:
    day = lease.day + dt.timedelta(days=1)

    async def work(step: Step) -> Result:
        loan = await lock_and_open(loan_id, day)
        if loan.account.accrued_through < day:
            await bring_day(step, loan, day)
        return {"loan": loan_id}

    try:
        await perform(
            actor=SYSTEM,
            action="closeLoan",
            key=f"{lease.owner}-{loan_id}",
            arguments={"loan": loan_id, "day": lease.day},
            work=work,
        )
    except Exception as error:
        if is_outage(error):
            raise
        await _set_aside(lease, loan_id, error)


async def _set_aside(lease: ShardLease, loan_id: int, error: Exception) -> None:
    """Set the loan aside, and abort the close when these are too many."""
    said = f"{type(error).__name__}: {error}"[:_REASON_LENGTH_MAX]

    async def work(step: Step) -> Result:
        (day,) = await rows(
            "SELECT id, state, set_aside, set_aside_limit FROM business_day WHERE day = %s"
            + for_update(),
            [lease.day],
        )
        await execute(
            "INSERT INTO loan_set_aside (loan_id, day, reason, reason_zh, created_at) "
            "VALUES (%s, %s, %s, %s, %s)",
            [
                loan_id,
                lease.day,
                f"Its day could not be worked out or written: {said}",
                f"该借据当日无法计算或写入：{said}",
                now(),
            ],
        )
        count = day["set_aside"] + 1
        aborts = count > day["set_aside_limit"] and day["state"] == BusinessDayState.CLOSING
        state = BusinessDayState.ABORTED if aborts else day["state"]
        await execute(
            "UPDATE business_day SET set_aside = %s, state = %s WHERE id = %s",
            [count, state, day["id"]],
        )
        step.changed(
            "Loan", loan_id, after={"setAside": lease.day, "reason": said}, event="loan.set_aside"
        )
        if aborts:
            step.changed(
                "BusinessDay",
                day["id"],
                before={"state": day["state"]},
                after={"state": state, "setAside": count},
                event="business_day.aborted",
            )
        return {"loan": loan_id}

    await perform(
        actor=SYSTEM,
        action="setLoanAside",
        key=f"{lease.owner}-{loan_id}",
        arguments={"loan": loan_id, "day": lease.day},
        work=work,
    )
