"""Roles, and which of them one person may never hold together (docs/domain.md §4)."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from itertools import combinations

from domain.rules.refusal import ErrorCode, Problem


class Role(StrEnum):
    """What an employee or a borrower's user may do; the table of fields is api/graphql/roles.py."""

    APPLICANT = "APPLICANT"
    RELATIONSHIP_MANAGER = "RELATIONSHIP_MANAGER"
    RISK_OFFICER = "RISK_OFFICER"
    APPROVER = "APPROVER"
    CASHIER = "CASHIER"
    ACCOUNTANT = "ACCOUNTANT"
    ANALYST = "ANALYST"
    OPERATOR = "OPERATOR"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


_READERS = frozenset({Role.ANALYST})

# Two sides of one case, or a hand on the money beside a hand on the system, never meet in one
# person. AUDITOR writes nothing, so it stands alone but for reading roles; so do ADMIN and OPERATOR
# beside every role that lends, approves or moves money.
INCOMPATIBLE: frozenset[frozenset[Role]] = frozenset(
    frozenset(pair)
    for pair in (
        (Role.RELATIONSHIP_MANAGER, Role.RISK_OFFICER),
        (Role.RELATIONSHIP_MANAGER, Role.APPROVER),
        (Role.RELATIONSHIP_MANAGER, Role.CASHIER),
        (Role.APPROVER, Role.CASHIER),
        (Role.CASHIER, Role.ACCOUNTANT),
        *(
            (alone, other)
            for alone in (Role.AUDITOR, Role.ADMIN, Role.OPERATOR, Role.APPLICANT)
            for other in Role
            if other is not alone and other not in _READERS
        ),
        *((Role.APPLICANT, reader) for reader in _READERS),
    )
)


def incompatible_roles(roles: Collection[Role]) -> list[Problem]:
    """Say which pairs of `roles` one person may not hold together."""
    return [
        Problem(
            ErrorCode.INCOMPATIBLE_ROLES,
            ("roles",),
            f"One person may not be both {a} and {b}. Assign one of them to somebody else.",
            f"同一人不得兼任 {a} 与 {b}，请将其中之一分配给他人。",
        )
        for a, b in combinations(sorted(set(roles)), 2)
        if frozenset((a, b)) in INCOMPATIBLE
    ]
