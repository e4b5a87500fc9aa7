"""Propose a change: it is checked, hashed and kept; nothing else happens until it is approved."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace
from typing import Any, TypeVar

from domain.actor import Actor
from domain.models.change import ChangeRequest
from domain.operations.changes.kind import SUMMARY_LENGTH_MAX, Kind
from domain.operations.clock import now
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import business_date
from domain.queries.policy import policy_value
from domain.rules.changes import ChangeState, Content, canonical_json, refuse_other_roles
from domain.rules.form import Form
from domain.rules.lending.borrower import Profile
from domain.rules.refusal import Refused

P = TypeVar("P")

REASON_LENGTH_MAX = 500
VALIDITY = "change_request_validity_days"


async def propose_change(
    *, actor: Actor, key: str, kind: Kind[Any], payload: Any, reason: str
) -> Done:
    """Propose a change of `kind`. Result: `change`. Raises :class:`Refused`."""

    async def work(step: Step) -> Result:
        return {
            "change": await propose_in(
                step, kind, payload, reason=reason, at=("content", kind.field)
            )
        }

    arguments = {"kind": kind.name, "payload": asdict(payload), "reason": reason}
    return await perform(
        actor=actor, action="proposeChange", key=key, arguments=arguments, work=work
    )


async def propose_in(
    step: Step, kind: Kind[P], payload: P, *, reason: str, at: tuple[str, ...] = ()
) -> int:
    """Propose a change in the running transaction of another operation; return its row id.

    `at` is the path of the payload in the caller's form. Raises :class:`Refused`.
    """
    actor = step.actor
    refuse_other_roles(actor.roles, kind.propose, ("propose", "提出"))
    form = Form()
    reason = form.text("reason", reason, longest=REASON_LENGTH_MAX, lines=True)
    try:
        proposal = await kind.validate(actor, payload)
    except Refused as refusal:
        form.extend(replace(each, path=(*at, *each.path)) for each in refusal.problems)
    form.refuse()
    today = await business_date()
    days = int(await policy_value(VALIDITY, profile=Profile.GENERIC, on=today))
    content = Content(
        kind=kind.name,
        subject=proposal.subject,
        payload=kind.write(proposal.payload),
        summary_en=proposal.en[:SUMMARY_LENGTH_MAX],
        summary_zh=proposal.zh[:SUMMARY_LENGTH_MAX],
        reason=reason,
    )
    change = await ChangeRequest.create(
        kind=kind.name,
        state=ChangeState.PROPOSED,
        subject_noun=proposal.subject[0],
        subject_id=proposal.subject[1],
        payload=content.payload,
        summary_en=content.summary_en,
        summary_zh=content.summary_zh,
        content_sha256=content.sha256,
        reason=reason,
        borrower_id=proposal.borrower_id,
        branch_id=proposal.branch_id,
        proposed_by_kind=actor.kind,
        proposed_by_id=actor.id,
        proposed_by_name=actor.name,
        proposed_on=today,
        proposed_at=now(),
        expires_on=today + dt.timedelta(days=days),
        made=canonical_json({"nouns": []}),
    )
    step.changed(
        "ChangeRequest",
        change.id,
        after={
            "state": change.state,
            "kind": kind.name,
            "payload": content.payload,
            "reason": reason,
            "contentSha256": change.content_sha256,
        },
        event="change.proposed",
    )
    change_id: int = change.id
    return change_id
