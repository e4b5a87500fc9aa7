"""Expire the change requests that nobody decided in time; part of advancing the business date."""

from __future__ import annotations

import datetime as dt

from domain.models.change import ChangeRequest
from domain.operations.changes.decide import turn_down
from domain.operations.perform import Step
from domain.rules.changes import ChangeState


async def expire_changes(step: Step, *, today: dt.date) -> int:
    """Make every open request whose `expires_on` lies before `today` EXPIRED, in the running
    transaction; return how many."""
    open_ones = ChangeRequest.filter(state=ChangeState.PROPOSED, expires_on__lt=today)
    late = await open_ones.order_by("id").select_for_update()
    for change in late:
        await turn_down(step, change, ChangeState.EXPIRED)
    return len(late)
