"""Who works here."""

from __future__ import annotations

from domain.db import rows
from domain.rules.roles import Role


async def is_role_held(role: Role) -> bool:
    """Whether an active employee holds `role` now."""
    found = await rows(
        "SELECT 1 AS one FROM employee_role r JOIN employee e ON e.id = r.employee_id "
        "WHERE r.role = %s AND r.revoked_at IS NULL AND e.active = 1 LIMIT 1",
        [role],
    )
    return bool(found)
