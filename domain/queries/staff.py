"""Who works here."""

from __future__ import annotations

from domain.db import rows
from domain.rules.roles import Role


async def holders_of(role: Role) -> int:
    """How many active employees hold `role` now."""
    found = await rows(
        "SELECT COUNT(DISTINCT e.id) AS n FROM employee_role r "
        "JOIN employee e ON e.id = r.employee_id "
        "WHERE r.role = %s AND r.revoked_at IS NULL AND e.active = 1",
        [role],
    )
    count: int = found[0]["n"]
    return count
