"""Which change requests a person may see, and finding the one an operation is about."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from domain.actor import Actor, ActorKind
from domain.db import in_list, rows
from domain.models.change import ChangeRequest
from domain.queries.lending.find import not_found
from domain.queries.visibility import as_doer, visible_by_customer
from domain.rules.changes import CHANGE
from domain.rules.roles import Role


def visible_changes(actor: Actor, *, table: str, kinds: Collection[str]) -> tuple[str, list[Any]]:
    """Return the SQL condition for the change requests that `actor` may see.

    Everybody sees the own ones. Of the others: an auditor all, the rest those of the `kinds` that
    their roles propose or approve, as far as they may see the case that a request is about.
    """
    own = f"({table}.proposed_by_kind = %s AND {table}.proposed_by_id = %s)"
    mine: list[Any] = [actor.kind, actor.id]
    if actor.kind is ActorKind.SYSTEM or actor.has(Role.AUDITOR):
        return "1 = 1", []
    if actor.kind is ActorKind.BORROWER_USER or not kinds:
        return own, mine
    case, values = visible_by_customer(as_doer(actor), table=table)
    return (
        f"({own} OR ({table}.kind IN {in_list([*kinds])} "
        f"AND ({table}.borrower_id IS NULL OR {case})))",
        [*mine, *kinds, *values],
    )


async def find_change(actor: Actor, change_id: int, *, kinds: Collection[str]) -> ChangeRequest:
    """Return the change request, locked; raises NOT_FOUND for an absent or unseen one."""
    condition, values = visible_changes(actor, table="change_request", kinds=kinds)
    sql = f"SELECT 1 AS one FROM change_request WHERE id = %s AND {condition}"
    if not await rows(sql, [change_id, *values]):
        raise not_found(CHANGE, "id")
    return await ChangeRequest.filter(id=change_id).select_for_update().get()
