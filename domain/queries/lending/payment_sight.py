"""Who may see the lender's dealings with its bank: those who handle, book or check the money."""

from __future__ import annotations

from typing import Any

from domain.actor import Actor, ActorKind
from domain.queries.visibility import visible_by_branch
from domain.rules.roles import Role

READERS = frozenset({Role.CASHIER, Role.ACCOUNTANT, Role.AUDITOR})
_NOTHING: tuple[str, list[Any]] = ("1 = 0", [])


def payments_in_sight(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Files of payments and what came in with them are the whole lender's: nobody knows whose the
    money is before it is matched."""
    return ("1 = 1", []) if actor.has(*READERS) else _NOTHING


def orders_in_sight(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Orders to pay, by the branch of their loan; one without a branch is the head office's."""
    if actor.kind is not ActorKind.SYSTEM and not actor.has(*READERS):
        return _NOTHING
    return visible_by_branch(actor, table=table)


def order_files_in_sight(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Files of orders name accounts of several branches: a branch sees those of its own making."""
    if not actor.has(*READERS):
        return _NOTHING
    if actor.branch_ids is None or not actor.has(Role.CASHIER):
        return "1 = 1", []
    return f"{table}.exported_by_id = %s", [actor.id]
