"""Who may read an encrypted column in clear."""

from __future__ import annotations

from domain.actor import Actor, ActorKind
from domain.encryption import decrypt
from domain.rules.roles import Role

_NEEDS_CLEAR_TEXT = (Role.RELATIONSHIP_MANAGER, Role.RISK_OFFICER, Role.CASHIER, Role.AUDITOR)


def clear_text(actor: Actor, stored: str, *, column: str) -> str | None:
    """Return the text in clear where the person's work needs it (or it is their own), else None."""
    if actor.kind is ActorKind.BORROWER_USER or actor.has(*_NEEDS_CLEAR_TEXT):
        return decrypt(stored, column=column)
    return None
