"""Advance the business date, day by day: interest accrues, credit balances pay what falls due.

One transaction: either every day up to the new date is posted or none is. Money events hold the
business date for reading meanwhile, so none posts on a date that has gone. (The day close that fans
out over workers replaces this later.)
"""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.db import execute, rows
from domain.models.lending.facility import CreditFacility
from domain.models.records import BusinessDate
from domain.operations.changes.expire import expire_changes
from domain.operations.lending.account import open_loans, pass_days, save
from domain.operations.lending.allocations import write_taken
from domain.operations.lending.reprice_loans import loans_to_reprice, reprice_loan
from domain.operations.lending.take_payment import paid_event
from domain.operations.perform import Done, Result, Step, perform
from domain.operations.risk.expire_applications import expire_applications
from domain.queries.lending.loan_rows import lock_limit, lock_loans
from domain.rules.form import Form
from domain.rules.lending.states import FacilityState, LoanState

DAYS_MAX = 400
LOANS_A_CHUNK = 500


async def advance_business_date(*, actor: Actor, key: str, to: dt.date) -> Done:
    """Move the business date to `to`, at most 400 days on. Result: `business_date`."""

    async def work(step: Step) -> Result:
        row = await BusinessDate.filter(id=1).select_for_update().get()
        before = row.current
        form = Form()
        form.date(
            "to",
            to,
            earliest=before + dt.timedelta(days=1),
            latest=before + dt.timedelta(days=DAYS_MAX),
        )
        form.refuse()
        day = before
        while day < to:
            day += dt.timedelta(days=1)
            await _open_day(step, actor, day)
        row.current = to
        await row.save(update_fields=["current", "updated_at"])
        step.changed(
            "BusinessDate",
            1,
            before={"current": before},
            after={"current": to},
            event="business_date.advanced",
        )
        return {"business_date": 1}

    return await perform(
        actor=actor, action="advanceBusinessDate", key=key, arguments={"to": to}, work=work
    )


async def _open_day(step: Step, actor: Actor, day: dt.date) -> None:
    last = 0
    while ids := await _loans_behind(day, after=last):
        last = ids[-1]
        for loan in await open_loans(await lock_loans(ids), on=day):
            if loan.account.credit_balance:
                loan.limit = await lock_limit(loan.row.facility_id)
            before = loan.state()
            pass_days(loan, day)
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
    for loan_id in await loans_to_reprice(day):
        await reprice_loan(step, loan_id, today=day)
    await _expire_facilities(step, day)
    await expire_applications(step, today=day)
    await expire_changes(step, today=day)


async def _loans_behind(day: dt.date, *, after: int) -> list[int]:
    found = await rows(
        "SELECT id FROM loan WHERE id > %s AND state IN (%s, %s) AND accrued_through < %s "
        "ORDER BY id LIMIT %s",
        [after, LoanState.ACTIVE, LoanState.WRITTEN_OFF, day, LOANS_A_CHUNK],
    )
    return [row["id"] for row in found]


async def _expire_facilities(step: Step, day: dt.date) -> None:
    states = [FacilityState.ACTIVE, FacilityState.FROZEN]
    expired = await CreditFacility.filter(state__in=states, expires_on__lt=day)
    for facility in expired:
        await execute(
            "UPDATE credit_facility SET state = %s WHERE id = %s",
            [FacilityState.EXPIRED, facility.id],
        )
        step.changed(
            "CreditFacility",
            facility.id,
            before={"state": facility.state},
            after={"state": FacilityState.EXPIRED},
            event="facility.expired",
        )
