"""Expire the applications whose time has run out; part of advancing the business date."""

from __future__ import annotations

import datetime as dt

from domain.db import execute, for_update, in_list, rows
from domain.operations.perform import Step
from domain.operations.risk.void_tasks import void_tasks
from domain.rules.lending.application import OPEN, has_expired
from domain.rules.lending.states import APPLICATION, APPLICATION_MOVES, ApplicationState
from domain.rules.states import move


async def expire_applications(step: Step, *, today: dt.date) -> int:
    """Make every open application whose `expires_on` lies before `today` EXPIRED, in the running
    transaction; return how many. Their pending and given approvals become void."""
    found = await rows(
        f"SELECT id, state, expires_on FROM loan_application WHERE expires_on < %s "
        f"AND state IN {in_list(OPEN)} ORDER BY id" + for_update(),
        [today, *OPEN],
    )
    expired = [
        row
        for row in found
        if has_expired(
            state=ApplicationState(row["state"]), expires_on=row["expires_on"], today=today
        )
    ]
    if not expired:
        return 0
    ids = [row["id"] for row in expired]
    for row in expired:
        move(
            APPLICATION_MOVES,
            APPLICATION,
            ApplicationState(row["state"]),
            ApplicationState.EXPIRED,
        )
        step.changed(
            "LoanApplication",
            row["id"],
            before={"state": row["state"]},
            after={"state": ApplicationState.EXPIRED},
            event="application.expired",
        )
    await execute(
        f"UPDATE loan_application SET state = %s, version = version + 1 WHERE id IN {in_list(ids)}",
        [ApplicationState.EXPIRED, *ids],
    )
    await void_tasks(step, ids)
    return len(ids)
