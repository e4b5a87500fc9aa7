"""Working one shard of a closing day through: one transaction for all its loans.

Where something in it cannot be worked out or written, the transaction is rolled back and its loans
go one by one, so that the one at fault is set aside and the others are not held up.
"""

from __future__ import annotations

import asyncio
import datetime as dt

from domain.actor import SYSTEM
from domain.db import for_update, in_list, is_outage, rows, together
from domain.models.lending.loan_rows import LimitRow, columns_of
from domain.operations.jobs import LeaseLost
from domain.operations.lending.account import OpenLoan, open_loans
from domain.operations.lending.day_close.quiet import Quiet, write_quiet
from domain.operations.lending.day_close.shards import ShardLease, done, give_back
from domain.operations.lending.day_close.singly import bring_day, close_singly
from domain.operations.perform import Result, Step, perform
from domain.queries.lending.loan_rows import lock_loans, vat_rates
from domain.queries.lending.quiet_loans import lock_loans_of_day
from domain.queries.lending.set_aside import set_aside_loans
from domain.rules.lending.servicing.quiet_day import quiet_day
from domain.rules.lending.states import LIVING_LOANS

_ONE_DAY = dt.timedelta(days=1)
_TRIES = 3


class _CreditCame(Exception):
    """A loan got a credit balance between the look at its facility and its lock."""


async def close_shard(lease: ShardLease) -> None:
    """Bring the end of `lease.day` to every living loan of the shard. Harmless when it was done, or
    when another holds the lease by now: then nothing changes."""
    try:
        await _at_once(lease)
    except LeaseLost:
        return
    except asyncio.CancelledError:
        await give_back(lease, error="The worker was told to stop.")
        raise
    except Exception as error:
        if is_outage(error):
            await give_back(lease, error=f"{type(error).__name__}: {error}")
            raise
        await close_singly(lease)


async def _at_once(lease: ShardLease) -> None:
    async def work(step: Step) -> Result:
        return await _work(step, lease)

    for attempt in range(1, _TRIES + 1):
        try:
            await perform(
                actor=SYSTEM,
                action="closeShard",
                key=f"{lease.owner}-{attempt}",
                arguments={"shard": lease.id},
                work=work,
            )
        except _CreditCame:
            if attempt == _TRIES:
                raise
        else:
            return


async def _work(step: Step, lease: ShardLease) -> Result:
    # The order of locks is facility, then loan: a credit balance may free a revolving limit.
    limits, aside, vat = await together(
        _lock_limits(lease), set_aside_loans(lease.from_id, lease.to_id), vat_rates()
    )
    found = await lock_loans_of_day(
        from_id=lease.from_id, to_id=lease.to_id, ended=lease.day, vat=vat
    )
    opens = lease.day + _ONE_DAY
    quiet, others = [], []
    for loan in found:
        if loan.id in aside:
            continue
        if loan.quiet is not None and (day := quiet_day(loan.quiet, opens)) is not None:
            quiet.append(Quiet(loan, loan.quiet.book_status, day))
        else:
            others.append(loan.id)
    await write_quiet(quiet, ended=lease.day)
    for each in await _open(others, opens):
        if each.account.credit_balance:
            each.limit = _held(limits, each)
        await bring_day(step, each, opens)
    await done(lease, loans=len(quiet), singly=len(others))
    return {"shard": lease.id}


async def _open(ids: list[int], day: dt.date) -> list[OpenLoan]:
    return await open_loans(await lock_loans(ids), on=day) if ids else []


async def _lock_limits(lease: ShardLease) -> dict[int, LimitRow | None]:
    """Lock the revolving facilities of the shard's loans that have a credit balance; None stands
    for one that does not revolve."""
    found = await rows(
        "SELECT DISTINCT facility_id FROM loan WHERE id BETWEEN %s AND %s AND state IN (%s, %s) "
        "AND accrued_through <= %s AND credit_balance > 0 ORDER BY facility_id",
        [lease.from_id, lease.to_id, *LIVING_LOANS, lease.day],
    )
    if not found:
        return {}
    limits: dict[int, LimitRow | None] = {row["facility_id"]: None for row in found}
    for row in await rows(
        f"SELECT {columns_of(LimitRow)} FROM credit_facility WHERE revolving = 1 "
        f"AND id IN {in_list(list(limits))} ORDER BY id" + for_update(),
        list(limits),
    ):
        limits[row["id"]] = LimitRow(**row)
    return limits


def _held(limits: dict[int, LimitRow | None], loan: OpenLoan) -> LimitRow | None:
    if loan.row.facility_id not in limits:
        raise _CreditCame
    return limits[loan.row.facility_id]
