"""Approve, reject or return an application: four eyes and more, by person (docs/domain.md §4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor
from domain.models.lending.application import ApprovalTask, LoanApplication
from domain.models.lending.application_terms import application_terms
from domain.models.lending.borrower import Borrower
from domain.models.risk.decision import RiskDecision
from domain.operations.clock import now
from domain.operations.perform import Done, Result, Step, perform
from domain.operations.risk.approved import set_approved
from domain.operations.risk.void_tasks import void_tasks
from domain.queries.business_date import business_date
from domain.queries.lending.find import find_application
from domain.queries.policy import policy_value
from domain.queries.risk.involvement import involved_people
from domain.rules.form import Form
from domain.rules.lending.application import content_sha256
from domain.rules.lending.states import APPLICATION, APPLICATION_MOVES, ApplicationState
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.risk.approval import (
    OverrideReason,
    TaskState,
    override_problems,
    refuse_approver,
)
from domain.rules.risk.policy import Outcome
from domain.rules.roles import Role
from domain.rules.states import move, require_state

COMMENT_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class _Turn:
    """The application, locked, the round's decision and tasks, and the task now to be taken."""

    application: LoanApplication
    decision: RiskDecision
    tasks: list[ApprovalTask]
    task: ApprovalTask
    today: dt.date


async def approve_application(
    *,
    actor: Actor,
    key: str,
    application_id: int,
    signed_sha256: str | None = None,
    comment: str = "",
) -> Done:
    """Approve the lowest level that is still open; the last one makes the application APPROVED.

    The approver signs the hash of the application's content; with `signed_sha256` it must be that
    one, or STALE_VERSION is refused. Result: `application`, `task`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        turn = await _take_turn(actor, application_id, ApplicationState.ASSESSED)
        application = turn.application
        form = Form()
        remark = form.text("comment", comment, longest=COMMENT_LENGTH_MAX, needed=False, lines=True)
        form.extend(_signature_problems(application, signed_sha256))
        form.refuse()
        await _decide_task(step, actor, turn, TaskState.APPROVED, comment=remark)
        if all(task.state == TaskState.APPROVED for task in turn.tasks):
            borrower = await Borrower.get(id=application.borrower_id)
            await set_approved(step, application, profile=borrower.profile, today=turn.today)
        else:
            step.changed(
                "LoanApplication",
                application.id,
                before={"state": application.state},
                after={"state": application.state, "approvedLevel": turn.task.level},
                event="application.level_approved",
            )
        application.version += 1
        await application.save(update_fields=["state", "version", "decided_on", "expires_on"])
        return {"application": application.id, "task": turn.task.id}

    return await perform(
        actor=actor,
        action="approveApplication",
        key=key,
        arguments={"application": application_id, "signed": signed_sha256, "comment": comment},
        work=work,
    )


async def reject_application(
    *,
    actor: Actor,
    key: str,
    application_id: int,
    comment: str,
    override_reason: OverrideReason | None = None,
) -> Done:
    """Reject an ASSESSED application, saying why. Where the machine recommended to approve this is
    an override and needs `override_reason`. Result: `application`, `task`."""

    async def work(step: Step) -> Result:
        turn = await _take_turn(actor, application_id, ApplicationState.ASSESSED)
        form = Form()
        remark = form.text("comment", comment, longest=COMMENT_LENGTH_MAX, lines=True)
        form.extend(override_problems(Outcome(turn.decision.recommendation), override_reason))
        form.refuse()
        await _decide_task(
            step,
            actor,
            turn,
            TaskState.REJECTED,
            comment=remark,
            override_reason=override_reason,
        )
        # Approvals given before stay as they are: they were given, and the case is closed.
        await void_tasks(step, [turn.application.id], states=[TaskState.PENDING])
        turn.application.decided_on = turn.today
        await _leave(
            step,
            turn.application,
            ApplicationState.REJECTED,
            comment=remark,
            override_reason=override_reason,
        )
        return {"application": turn.application.id, "task": turn.task.id}

    return await perform(
        actor=actor,
        action="rejectApplication",
        key=key,
        arguments={
            "application": application_id,
            "comment": comment,
            "override": override_reason,
        },
        work=work,
    )


async def return_application(*, actor: Actor, key: str, application_id: int, comment: str) -> Done:
    """Return an ASSESSED or APPROVED application to its owner's side (补件), saying what is needed.

    Approvals already given are void; the next submission starts a new round. Result:
    `application`, `task`.
    """

    async def work(step: Step) -> Result:
        turn = await _take_turn(
            actor, application_id, ApplicationState.ASSESSED, ApplicationState.APPROVED
        )
        application = turn.application
        form = Form()
        remark = form.text("comment", comment, longest=COMMENT_LENGTH_MAX, lines=True)
        form.refuse()
        borrower = await Borrower.get(id=application.borrower_id)
        days = int(
            await policy_value("draft_validity_days", profile=borrower.profile, on=turn.today)
        )
        await _decide_task(step, actor, turn, TaskState.RETURNED, comment=remark)
        await void_tasks(step, [application.id])
        application.decided_on = None
        application.expires_on = turn.today + dt.timedelta(days=days)
        await _leave(step, application, ApplicationState.RETURNED, comment=remark)
        return {"application": application.id, "task": turn.task.id}

    return await perform(
        actor=actor,
        action="returnApplication",
        key=key,
        arguments={"application": application_id, "comment": comment},
        work=work,
    )


async def _take_turn(actor: Actor, application_id: int, *states: ApplicationState) -> _Turn:
    """Return the application and the task to take, if this person may take it."""
    if not actor.has(Role.APPROVER):
        raise Refused([_NO_APPROVER])
    today = await business_date()
    application = await find_application(actor, application_id, lock=True)
    require_state(APPLICATION, ApplicationState(application.state), *states)
    decision = await RiskDecision.filter(application_id=application.id).order_by("-round").first()
    if decision is None:
        raise ValueError("an assessed application has a decision")
    tasks = (
        await ApprovalTask.filter(application_id=application.id, round=decision.round)
        .order_by("level")
        .all()
    )
    # Of an APPROVED application nothing is pending: its highest level may still return it.
    task = next((task for task in tasks if task.state == TaskState.PENDING), tasks[-1])
    refuse_approver(
        person=actor.id,
        approval_level=actor.approval_level,
        level=task.level,
        involved=await involved_people(application),
        earlier=[
            other.decided_by_id
            for other in tasks
            if other.id != task.id and other.decided_by_id is not None
        ],
    )
    return _Turn(application, decision, tasks, task, today)


_NO_APPROVER = Problem(
    ErrorCode.NOT_PERMITTED,
    (),
    "Only an approver may decide on an application. Pass it to one.",
    "仅审批人可审批贷款申请，请转交审批人处理。",
)


def _signature_problems(application: LoanApplication, signed: str | None) -> list[Problem]:
    """The content in the row must still be what was assessed, and what the approver saw."""
    present = content_sha256(application_terms(application))
    if present == application.content_sha256 and signed in {None, present}:
        return []
    return [
        Problem(
            ErrorCode.STALE_VERSION,
            ("contentSha256",),
            "What you signed is not the application's present content. Fetch it again, read it, "
            "and sign that.",
            "您签署的内容与申请当前内容不一致，请重新获取并核对后再签署。",
        )
    ]


async def _decide_task(
    step: Step,
    actor: Actor,
    turn: _Turn,
    to: TaskState,
    *,
    comment: str,
    override_reason: OverrideReason | None = None,
) -> None:
    task = turn.task
    before = task.state
    task.state = to
    task.decided_by_id = actor.id
    task.decided_at = now()
    task.content_sha256 = turn.application.content_sha256
    task.comment = comment
    task.override_reason = override_reason or ""
    await task.save()
    step.changed(
        "ApprovalTask",
        task.id,
        before={"state": before},
        after={
            "state": to,
            "level": task.level,
            "contentSha256": task.content_sha256,
            "comment": comment,
            "overrideReason": task.override_reason,
        },
    )


async def _leave(
    step: Step,
    application: LoanApplication,
    to: ApplicationState,
    *,
    comment: str,
    override_reason: OverrideReason | None = None,
) -> None:
    """Move the application out of its approval and save it."""
    before = ApplicationState(application.state)
    move(APPLICATION_MOVES, APPLICATION, before, to)
    application.state = to
    application.version += 1
    await application.save(update_fields=["state", "version", "decided_on", "expires_on"])
    step.changed(
        "LoanApplication",
        application.id,
        before={"state": before},
        after={"state": to, "comment": comment, "overrideReason": override_reason or ""},
        event=f"application.{to.lower()}",
    )
