"""Whom a borrower's user acts for."""

from __future__ import annotations

from domain.actor import Actor, ActorKind
from domain.db import rows


async def own_borrower_id(actor: Actor) -> int | None:
    """Return the row id of the borrower this user acts for, or None before the registration.

    Read from the row: the actor may be cached from before.
    """
    if actor.kind is not ActorKind.BORROWER_USER:
        return None
    found = await rows("SELECT borrower_id FROM borrower_user WHERE id = %s", [actor.id])
    borrower_id: int | None = found[0]["borrower_id"] if found else None
    return borrower_id
