"""Advancing the business date in one call: the small-book way through the day close.

The days close in this process, one after another, before the call returns; a large book is closed
by the workers (:mod:`domain.operations.lending.day_close.start`).
"""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.models.records import BusinessDate
from domain.operations.lending.day_close.run import close_inline
from domain.operations.lending.day_close.shards import ranges
from domain.operations.lending.day_close.start import begin
from domain.operations.perform import Done, Result, Step, perform
from domain.rules.form import Form
from domain.rules.lending.day_close import DAYS_MAX


async def advance_business_date(*, actor: Actor, key: str, to: dt.date) -> Done:
    """Close every day before `to`, at most 400. Result: `business_day`, `job`.

    Days close one by one: where one of them stops, those before it stay closed, and the reasons
    are raised as :class:`~domain.rules.refusal.Refused`.
    """
    found = await ranges()

    async def work(step: Step) -> Result:
        current = (await BusinessDate.filter(id=1).select_for_update().get()).current
        form = Form()
        form.date(
            "to",
            to,
            earliest=current + dt.timedelta(days=1),
            latest=current + dt.timedelta(days=DAYS_MAX),
        )
        form.refuse()
        return await begin(step, found, through=to - dt.timedelta(days=1))

    done = await perform(
        actor=actor, action="advanceBusinessDate", key=key, arguments={"to": to}, work=work
    )
    await close_inline(done["job"])
    return done
