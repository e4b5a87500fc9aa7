"""The roles, described."""

from __future__ import annotations

from api.graphql.payloads import described_enum
from domain.rules.roles import Role

described_enum(
    Role,
    "What a person may do.",
    {
        Role.APPLICANT: "A borrower's user: own data only.",
        Role.RELATIONSHIP_MANAGER: "Looks after borrowers: registers, proposes, submits.",
        Role.RISK_OFFICER: "Validates and promotes models, freezes facilities.",
        Role.APPROVER: "Approves, at a level.",
        Role.CASHIER: "Disburses and records payments.",
        Role.ACCOUNTANT: "Reads the books.",
        Role.ANALYST: "Reads the analytics.",
        Role.OPERATOR: "Advances the business date, trains models.",
        Role.AUDITOR: "Reads all, writes nothing.",
        Role.ADMIN: "Employs people and proposes their roles; moves no money.",
    },
)

__all__ = ["Role"]
