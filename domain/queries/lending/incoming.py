"""Finding the incoming payment an operation is about."""

from __future__ import annotations

from typing import Any

from domain.db import for_update, rows
from domain.queries.lending.find import not_found
from domain.rules.lending.payment_states import INCOMING, IncomingState
from domain.rules.states import require_state


async def find_in_suspense(payment_id: int, *, lock: bool = False) -> dict[str, Any]:
    """Return the row of a payment in suspense, locked if asked; raises NOT_FOUND for an absent one
    and ILLEGAL_STATE for one that lies elsewhere."""
    found = await rows(
        "SELECT * FROM incoming_payment WHERE id = %s" + (for_update() if lock else ""),
        [payment_id],
    )
    if not found:
        raise not_found(INCOMING, "paymentId")
    require_state(INCOMING, IncomingState(found[0]["state"]), IncomingState.SUSPENSE)
    return found[0]
