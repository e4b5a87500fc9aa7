"""Decide a change request: another person approves, and so applies it, or rejects it; who proposed
it may withdraw it.

Locks: the business date first, then the request, then what the change itself takes. Of two
approvals at once the second waits at the request and finds it applied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tortoise.exceptions import IntegrityError

from domain.actor import Actor, ActorKind
from domain.models.change import ChangeRequest
from domain.operations.changes.kind import Kind, noun_name
from domain.operations.changes.registry import KINDS, kinds_of
from domain.operations.clock import now
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.queries.changes import find_change
from domain.rules.changes import (
    CHANGE,
    CHANGE_MOVES,
    ChangeState,
    Content,
    canonical_json,
    refuse_changed_world,
    refuse_expired,
    refuse_other_content,
    refuse_other_roles,
)
from domain.rules.form import Form
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.separation import refuse_same_person
from domain.rules.states import move

COMMENT_LENGTH_MAX = 500


async def approve_change(*, actor: Actor, key: str, change_id: int, content_sha256: str) -> Done:
    """Apply the change, if it still is what the approver looked at. Result: `change`.

    Raises :class:`Refused`, with the change's own reasons where it can no longer be applied.
    """

    async def work(step: Step) -> Result:
        today = await held_business_date()
        change, kind = await _turn(actor, change_id, ChangeState.APPLIED)
        refuse_other_content(_content(change), content_sha256)
        refuse_expired(change.expires_on, today=today)
        result = await _apply(step, kind, change.payload)
        made = dict.fromkeys((noun_name(name), row_id) for name, row_id in result.items())
        made |= dict.fromkeys((each.noun, each.noun_id) for each in step.changes if each.after)
        change.made = canonical_json({"nouns": [[*each] for each in made]})
        await _decided(step, change, ChangeState.APPLIED, columns=("made",))
        return {"change": change.id}

    arguments = {"change": change_id, "content": content_sha256}
    return await perform(
        actor=actor, action="approveChange", key=key, arguments=arguments, work=work
    )


async def reject_change(*, actor: Actor, key: str, change_id: int, comment: str) -> Done:
    """Reject the change and say why. Result: `change`. Raises :class:`Refused`."""

    async def work(step: Step) -> Result:
        change, _ = await _turn(actor, change_id, ChangeState.REJECTED)
        form = Form()
        said = form.text("comment", comment, longest=COMMENT_LENGTH_MAX, lines=True)
        form.refuse()
        await turn_down(step, change, ChangeState.REJECTED, comment=said)
        return {"change": change_id}

    arguments = {"change": change_id, "comment": comment}
    return await perform(
        actor=actor, action="rejectChange", key=key, arguments=arguments, work=work
    )


async def withdraw_change(*, actor: Actor, key: str, change_id: int) -> Done:
    """Take back one's own change request. Result: `change`. Raises :class:`Refused`."""

    async def work(step: Step) -> Result:
        change = await find_change(actor, change_id, kinds=kinds_of(actor))
        _refuse_others(actor, change)
        move(CHANGE_MOVES, CHANGE, ChangeState(change.state), ChangeState.WITHDRAWN)
        await turn_down(step, change, ChangeState.WITHDRAWN)
        return {"change": change_id}

    arguments = {"change": change_id}
    return await perform(
        actor=actor, action="withdrawChange", key=key, arguments=arguments, work=work
    )


async def turn_down(
    step: Step, change: ChangeRequest, to: ChangeState, *, comment: str = ""
) -> None:
    """End a request that is not applied, in the running transaction, and undo what it left."""
    kind = KINDS.get(change.kind)  # an earlier release may have known more
    if kind is not None and kind.turned_down is not None:
        await kind.turned_down(step, kind.read(change.payload))
    change.comment = comment
    await _decided(step, change, to, columns=("comment",))


async def _turn(actor: Actor, change_id: int, to: ChangeState) -> tuple[ChangeRequest, Kind[Any]]:
    """Return the request, locked, and its kind, if this person may now move it `to`."""
    change = await find_change(actor, change_id, kinds=kinds_of(actor))
    kind = KINDS[change.kind]
    refuse_other_roles(actor.roles, kind.approve, ("approve or reject", "批准或驳回"))
    if change.proposed_by_kind == ActorKind.EMPLOYEE:
        refuse_same_person(actor.id, change.proposed_by_id, ("proposed", "提出"))
    move(CHANGE_MOVES, CHANGE, ChangeState(change.state), to)
    return change, kind


async def _apply(step: Step, kind: Kind[Any], text: str) -> Result:
    """Check the payload against the world as it is, and apply it; problems are the request's."""
    try:
        proposal = await kind.validate(step.actor, _read(kind, text))
        refuse_changed_world(text, kind.write(proposal.payload))
        return await kind.apply(step, step.actor, proposal.payload)
    except Refused as refusal:
        raise Refused(replace(each, path=("id",)) for each in refusal.problems) from refusal
    except IntegrityError as error:  # another change took the place since it was looked at
        raise Refused([_TAKEN]) from error


def _read(kind: Kind[Any], text: str) -> Any:
    """Return the payload; one of an earlier release that had other fields is stale."""
    try:
        return kind.read(text)
    except ValueError:
        refuse_changed_world(text, "")


_TAKEN = Problem(
    ErrorCode.DUPLICATE,
    ("id",),
    "Another change has taken this one's place meanwhile. Reject it, and propose it anew if it is "
    "still needed.",
    "其间已有另一项变更生效，请驳回本申请；如仍有需要请重新提出。",
)


def _content(change: ChangeRequest) -> Content:
    return Content(
        kind=change.kind,
        subject=(change.subject_noun, change.subject_id),
        payload=change.payload,
        summary_en=change.summary_en,
        summary_zh=change.summary_zh,
        reason=change.reason,
    )


def _refuse_others(actor: Actor, change: ChangeRequest) -> None:
    if (change.proposed_by_kind, change.proposed_by_id) == (actor.kind, actor.id):
        return
    raise Refused(
        [
            Problem(
                ErrorCode.NOT_PERMITTED,
                ("id",),
                "Only the person who proposed a change may withdraw it. Reject it instead.",
                "仅提出人可以撤回变更申请，您可以将其驳回。",
            )
        ]
    )


async def _decided(
    step: Step, change: ChangeRequest, to: ChangeState, *, columns: tuple[str, ...]
) -> None:
    before = change.state
    change.state = to
    change.decided_by_name, change.decided_at = step.actor.name, now()
    change.decided_by_id = step.actor.id if step.actor.kind is ActorKind.EMPLOYEE else None
    await change.save(
        update_fields=["state", "decided_by_id", "decided_by_name", "decided_at", *columns]
    )
    step.changed(
        "ChangeRequest",
        change.id,
        before={"state": before},
        after={"state": to, "contentSha256": change.content_sha256, "comment": change.comment},
        event=f"change.{to.lower()}",
    )
