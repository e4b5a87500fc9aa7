"""Change requests: propose, approve, reject, withdraw, read."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import orjson
import strawberry

from api.graphql.changes.enums import ChangeKind
from api.graphql.changes.inputs import ChangeContentInput
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import NODE_LOADERS, Node, global_id, row_id_of
from api.graphql.nouns import Noun, column, computed
from api.graphql.payloads import Payload, answer
from api.graphql.readings import Row
from domain.actor import Actor
from domain.operations.changes.decide import approve_change, reject_change, withdraw_change
from domain.operations.changes.propose import propose_change
from domain.operations.changes.registry import kinds_of
from domain.queries.changes import visible_changes
from domain.queries.select import Condition
from domain.rules.changes import ChangeState


def _ids(pairs: list[list[Any]]) -> list[strawberry.ID]:
    return [global_id(noun, row_id) for noun, row_id in pairs if noun in NODE_LOADERS]


def _subject(_: Actor, row: Row) -> strawberry.ID | None:
    return next(iter(_ids([[row["subject_noun"], row["subject_id"]]])), None)


def _made(text: str) -> list[strawberry.ID]:
    return _ids(orjson.loads(text)["nouns"])


@strawberry.type(
    description="Change request (变更申请): proposed by one person, and applied once, exactly as "
    "it was read, by the approval of another."
)
class ChangeRequest(Node):
    """A row of the change_request table."""

    kind: ChangeKind = column("kind", "What it changes.", read=ChangeKind)
    state: ChangeState = column("state", "Its state.", read=ChangeState)
    subject_id: strawberry.ID | None = computed(
        ("subject_noun", "subject_id"),
        "Global id of what it is about, where that is there already.",
        _subject,
    )
    summary_en: str = column("summary_en", "What it would do, in English.")
    summary_zh: str = column("summary_zh", "What it would do, in Chinese.")
    payload: str = column(
        "payload",
        "The content as canonical JSON: fields as in the input of its kind, ids as row ids, dates "
        "and decimals as strings.",
    )
    content_sha256: str = column(
        "content_sha256",
        "Hash of kind, subject, payload, summaries and reason: pass the one you have read to "
        "`approveChange`.",
    )
    reason: str = column("reason", "Why it was proposed.")
    proposed_by: str = column("proposed_by_name", "Who proposed it.")
    proposed_on: dt.date = column("proposed_on", "Business date on which it was proposed.")
    proposed_at: dt.datetime = column("proposed_at", "When it was proposed.")
    expires_on: dt.date = column("expires_on", "Last business date on which it may be approved.")
    decided_by: str | None = column(
        "decided_by_name", "Who decided it.", read=lambda name: name or None
    )
    decided_at: dt.datetime | None = column("decided_at", "When it was decided.")
    comment: str = column("comment", "Why it was rejected.")
    made: list[strawberry.ID] = column(
        "made", "Global ids of what it made or changed when it was applied.", read=_made
    )


def _sight(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    return visible_changes(actor, table=table, kinds=kinds_of(actor))


CHANGES = Noun(ChangeRequest, table="change_request", sight=_sight)


@strawberry.input(description="Which change requests to list.")
class ChangeFilter:
    """Every given condition must hold."""

    state: ChangeState | None = strawberry.field(default=None, description="In this state.")
    kind: ChangeKind | None = strawberry.field(default=None, description="Of this kind.")

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = []
        if self.state is not None:
            found.append(Condition("change_request.state = %s", (str(self.state),)))
        if self.kind is not None:
            found.append(Condition("change_request.kind = %s", (str(self.kind),)))
        return found


@strawberry.input(description="A change to propose.")
class ProposeChangeInput:
    """The form of `proposeChange`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    reason: str = strawberry.field(description="Why, at most 500 characters.")
    content: ChangeContentInput = strawberry.field(description="What shall change.")


@strawberry.input(description="A change request to approve, and so to apply.")
class ApproveChangeInput:
    """The form of `approveChange`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    id: strawberry.ID = strawberry.field(description="Global id of the change request.")
    content_sha256: str = strawberry.field(description="The `contentSha256` that you have read.")


@strawberry.input(description="A change request to reject.")
class RejectChangeInput:
    """The form of `rejectChange`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    id: strawberry.ID = strawberry.field(description="Global id of the change request.")
    comment: str = strawberry.field(description="Why, at most 500 characters.")


@strawberry.input(description="One's own change request to take back.")
class WithdrawChangeInput:
    """The form of `withdrawChange`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    id: strawberry.ID = strawberry.field(description="Global id of the change request.")


@strawberry.type(description="The change request as of now.")
class ChangePayload(Payload):
    """Answer of the change mutations."""

    change: ChangeRequest | None = strawberry.field(default=None, description="The request.")


@strawberry.type(description="The change that was proposed.")
class ProposeChangePayload(ChangePayload):
    """Answer of `proposeChange`."""


@strawberry.type(description="The change that was approved and applied.")
class ApproveChangePayload(ChangePayload):
    """Answer of `approveChange`."""


@strawberry.type(description="The change that was rejected.")
class RejectChangePayload(ChangePayload):
    """Answer of `rejectChange`."""


@strawberry.type(description="The change that was taken back.")
class WithdrawChangePayload(ChangePayload):
    """Answer of `withdrawChange`."""


@strawberry.type
class ChangeQueries:
    """Reading change requests."""

    @strawberry.field(
        description="The change request with this global id, or null when you see none."
    )
    async def change_request(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the change request.")
        ],
    ) -> ChangeRequest | None:
        return await CHANGES.get(info, id)

    @strawberry.field(
        description="Your own change requests and those your roles decide, newest first."
    )
    async def change_requests(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            ChangeFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[ChangeRequest]:
        return await CHANGES.page(
            info, first=first, after=after, where=filter.conditions() if filter else []
        )


@strawberry.type
class ChangeMutations:
    """Proposing and deciding changes."""

    @strawberry.mutation(
        description="Propose a change. Nothing changes until another person approves it."
    )
    async def propose_change(
        self,
        info: Info,
        input: Annotated[ProposeChangeInput, strawberry.argument(description="The change.")],
    ) -> ProposeChangePayload:
        kind, payload = input.content.chosen()
        effect = propose_change(
            actor=info.context.actor,
            key=input.idempotency_key,
            kind=kind,
            payload=payload,
            reason=input.reason,
        )
        return await answer(info, ProposeChangePayload, effect, change="ChangeRequest")

    @strawberry.mutation(
        description="Approve a change as you have read it, and apply it in the same transaction. "
        "Refused, with the reasons, when it can no longer be applied."
    )
    async def approve_change(
        self,
        info: Info,
        input: Annotated[ApproveChangeInput, strawberry.argument(description="Which.")],
    ) -> ApproveChangePayload:
        effect = approve_change(
            actor=info.context.actor,
            key=input.idempotency_key,
            change_id=row_id_of(input.id, "ChangeRequest"),
            content_sha256=input.content_sha256,
        )
        return await answer(info, ApproveChangePayload, effect, change="ChangeRequest")

    @strawberry.mutation(description="Reject a change that another person proposed.")
    async def reject_change(
        self,
        info: Info,
        input: Annotated[RejectChangeInput, strawberry.argument(description="Which, and why.")],
    ) -> RejectChangePayload:
        effect = reject_change(
            actor=info.context.actor,
            key=input.idempotency_key,
            change_id=row_id_of(input.id, "ChangeRequest"),
            comment=input.comment,
        )
        return await answer(info, RejectChangePayload, effect, change="ChangeRequest")

    @strawberry.mutation(description="Take back a change that you proposed.")
    async def withdraw_change(
        self,
        info: Info,
        input: Annotated[WithdrawChangeInput, strawberry.argument(description="Which.")],
    ) -> WithdrawChangePayload:
        effect = withdraw_change(
            actor=info.context.actor,
            key=input.idempotency_key,
            change_id=row_id_of(input.id, "ChangeRequest"),
        )
        return await answer(info, WithdrawChangePayload, effect, change="ChangeRequest")
