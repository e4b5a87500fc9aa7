"""The owner's side of a case, the borrower's user or the relationship manager for it, and who
must stand on another."""

from __future__ import annotations

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.application import LoanApplication
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.roles import Role
from domain.rules.separation import refuse_same_person


def refuse_other_side(actor: Actor) -> None:
    """Refuse a person who is not on the owner's side. Whose customer it is, visibility says."""
    if actor.has(Role.APPLICANT, Role.RELATIONSHIP_MANAGER):
        return
    raise Refused(
        [
            Problem(
                ErrorCode.NOT_PERMITTED,
                (),
                "Only the borrower or its relationship manager may do this. Ask one of them.",
                "仅借款人或其客户经理可进行此操作，请联系其办理。",
            )
        ]
    )


async def refuse_officer(actor: Actor, loan_id: int) -> None:
    """Whoever handles the loan does not decide on its terms (贷审分离)."""
    found = await rows("SELECT officer_id FROM loan WHERE id = %s", [loan_id])
    refuse_same_person(actor.id, found[0]["officer_id"], ("handle", "经办"))


def refuse_stale(application: LoanApplication, expected_version: int | None) -> None:
    """Refuse when the application was changed since the caller read it."""
    if expected_version is None or expected_version == application.version:
        return
    raise Refused(
        [
            Problem(
                ErrorCode.STALE_VERSION,
                ("expectedVersion",),
                f"This application has been changed meanwhile: it is at version "
                f"{application.version}, you had {expected_version}. Fetch it again first.",
                f"该申请已被更新：当前版本为 {application.version}，您的版本为 "
                f"{expected_version}，请重新获取后再操作。",
            )
        ]
    )
