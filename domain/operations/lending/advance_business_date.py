"""Advance the business date, day by day: interest accrues, credit balances pay what falls due.

One transaction: either every day up to the new date is posted or none is. Money events hold the
business date for reading meanwhile, so none posts on a date that has gone. (The day close that fans
out over workers replaces this later.)
"""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.db import execute
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan_terms import allocation_rule
from domain.models.records import BusinessDate
from domain.operations.changes.expire import expire_changes
from domain.operations.lending.account import LoanAccount, open_accounts
from domain.operations.lending.post import Posting, post
from domain.operations.lending.receive import Receipt, receive
from domain.operations.perform import Done, Result, Step, perform
from domain.operations.risk.expire_applications import expire_applications
from domain.queries.lending.loan_rows import lock_active_loans, lock_revolving_facility
from domain.rules.form import Form
from domain.rules.lending.allocation import allocate
from domain.rules.lending.debt import owed_now
from domain.rules.lending.states import FacilityState

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
    while True:
        loans = await lock_active_loans(after=last, limit=LOANS_A_CHUNK)
        if not loans:
            break
        last = loans[-1].id
        postings: list[Posting] = []
        for account in await open_accounts(loans, on=day):
            postings += account.accrue_to(day, posting_date=day)
            await account.save()
            if account.loan.credit_balance:
                await _apply_credit(step, actor, account, day)
        await post(postings)
    await _expire_facilities(step, day)
    await expire_applications(step, today=day)
    await expire_changes(step, today=day)


async def _apply_credit(step: Step, actor: Actor, account: LoanAccount, day: dt.date) -> None:
    loan = account.loan
    allocation = allocate(
        payment=loan.credit_balance,
        owed=owed_now(account.debts(), today=day),
        rule=allocation_rule(loan.allocation),
    )
    used = loan.credit_balance - allocation.credit
    if not used:
        return
    facility = await lock_revolving_facility(loan.facility_id)
    receipt = Receipt(kind="CREDIT_APPLIED", amount=0, items=allocation.items, credit_used=used)
    await receive(step, account, receipt, actor=actor, facility=facility, today=day)


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
