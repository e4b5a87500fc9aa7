"""From a token's subject to the person behind it."""

from __future__ import annotations

from typing import Any

from domain.actor import Actor, ActorKind
from domain.db import rows
from domain.rules.roles import Role


async def load_actor(subject: str) -> Actor | None:
    """Return the active employee or borrower's user with this `sub`, or None."""
    found = await rows(
        "SELECT e.id, e.subject, e.name, e.branch_id, e.approval_level, b.path, r.role "
        "FROM employee e JOIN branch b ON b.id = e.branch_id "
        "LEFT JOIN employee_role r ON r.employee_id = e.id AND r.revoked_at IS NULL "
        "WHERE e.subject = %s AND e.active = 1",
        [subject],
    )
    # A `sub` is compared to the letter; MySQL's collations overlook case and trailing blanks.
    if found and found[0]["subject"] == subject:
        return await _employee(subject, found)
    users = await rows(
        "SELECT id, subject, name, borrower_id FROM borrower_user "
        "WHERE subject = %s AND active = 1",
        [subject],
    )
    if not users or users[0]["subject"] != subject:
        return None
    user = users[0]
    return Actor(
        kind=ActorKind.BORROWER_USER,
        id=user["id"],
        subject=subject,
        name=user["name"],
        roles=frozenset({Role.APPLICANT}),
        borrower_id=user["borrower_id"],
    )


async def _employee(subject: str, found: list[dict[str, Any]]) -> Actor:
    first = found[0]
    below = None
    if first["path"].count("/") > 2:  # "/1/" is the head office, which sees every branch
        branches = await rows("SELECT id FROM branch WHERE path LIKE %s", [first["path"] + "%"])
        below = frozenset(branch["id"] for branch in branches)
    return Actor(
        kind=ActorKind.EMPLOYEE,
        id=first["id"],
        subject=subject,
        name=first["name"],
        roles=frozenset(Role(row["role"]) for row in found if row["role"]),
        branch_id=first["branch_id"],
        branch_ids=below,
        approval_level=first["approval_level"],
    )
