"""Short ways through a change request, for the tests."""

from __future__ import annotations

from typing import Any

import pytest

from domain.actor import Actor
from domain.models.change import ChangeRequest
from domain.operations.changes.decide import approve_change
from domain.operations.changes.kind import Kind
from domain.operations.changes.propose import propose_change
from domain.rules.refusal import ErrorCode, Refused
from tests.lender import key


async def propose(actor: Actor, kind: Kind[Any], payload: Any) -> ChangeRequest:
    """The request, PROPOSED."""
    done = await propose_change(
        actor=actor, key=key(), kind=kind, payload=payload, reason="Because."
    )
    return await ChangeRequest.get(id=done["change"])


async def approve(actor: Actor, change: ChangeRequest, content_sha256: str = "") -> ChangeRequest:
    """The request as it is after its approval, of the hash it has unless another is given."""
    await approve_change(
        actor=actor,
        key=key(),
        change_id=change.id,
        content_sha256=content_sha256 or change.content_sha256,
    )
    return await ChangeRequest.get(id=change.id)


def found(refusal: pytest.ExceptionInfo[Refused]) -> dict[str, ErrorCode]:
    """The problems of a refusal: path → code."""
    return {".".join(problem.path): problem.code for problem in refusal.value.problems}
