"""Who is asking: a person (employee or borrower's user) or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.rules.roles import Role


class ActorKind(StrEnum):
    """Which table `Actor.id` points into."""

    EMPLOYEE = "EMPLOYEE"
    BORROWER_USER = "BORROWER_USER"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of an operation or query, as loaded from the token's `sub`.

    `branch_ids` is None for a person of the head office (sees every branch); otherwise the ids of
    the person's branch and all below it. `borrower_id` is set for a borrower's user who has
    registered. `approval_level` is 0 for people who do not approve.
    """

    kind: ActorKind
    id: int
    subject: str
    name: str
    roles: frozenset[Role]
    branch_id: int | None = None
    branch_ids: frozenset[int] | None = None
    borrower_id: int | None = None
    approval_level: int = 0

    @property
    def caller(self) -> str:
        """The scope of this person's idempotency keys."""
        return f"{self.kind}:{self.id}"

    def has(self, *roles: Role) -> bool:
        """Whether the person holds any of `roles`."""
        return not self.roles.isdisjoint(roles)


SYSTEM = Actor(kind=ActorKind.SYSTEM, id=0, subject="system", name="Liudai", roles=frozenset())
