"""The move to APPROVED: by the last approver, or by a matrix that needs nobody."""

from __future__ import annotations

import datetime as dt

from domain.models.lending.application import LoanApplication
from domain.operations.perform import Step
from domain.queries.policy import policy_value
from domain.rules.lending.states import APPLICATION, APPLICATION_MOVES, ApplicationState
from domain.rules.states import move


async def set_approved(
    step: Step, application: LoanApplication, *, profile: str, today: dt.date
) -> None:
    """Make the application APPROVED; the caller saves it. The approval holds some days."""
    days = int(await policy_value("approval_validity_days", profile=profile, on=today))
    before = ApplicationState(application.state)
    move(APPLICATION_MOVES, APPLICATION, before, ApplicationState.APPROVED)
    application.state = ApplicationState.APPROVED
    application.decided_on = today
    application.expires_on = today + dt.timedelta(days=days)
    step.changed(
        "LoanApplication",
        application.id,
        before={"state": before},
        after={
            "state": application.state,
            "contentSha256": application.content_sha256,
            "expiresOn": application.expires_on,
        },
        event="application.approved",
    )
