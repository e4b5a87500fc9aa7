"""`liudai migrate`: applies the migrations the database lacks, and writes its basic data."""

from __future__ import annotations

import asyncio
import sys

from domain.actor import SYSTEM
from domain.db import close_database, migrate, open_database, pending_migrations
from domain.operations.clock import now
from domain.operations.install import install
from domain.operations.staff import NewEmployee, register_employee
from domain.queries.branches import head_office_id
from domain.queries.staff import is_role_held
from domain.rules.roles import Role
from domain.settings import get_settings
from liudai.backup.unfinished import refuse_unfinished_database
from liudai.errors import EXIT_USAGE, LiudaiError


def run(*, first_admin: str | None = None) -> int:
    """Migrate the database of the settings and say what was done; the exit code.

    `first_admin` is the subject of the person who employs all others; refused once somebody is.
    """
    refuse_unfinished_database(get_settings())
    return asyncio.run(_run(first_admin))


async def _run(first_admin: str | None) -> int:
    await open_database()
    try:
        pending = await pending_migrations()
        await migrate()
        await install(today=now().date())
        if first_admin is not None:
            await _employ_first_admin(first_admin)
    finally:
        await close_database()
    done = f"applied {', '.join(pending)}" if pending else "nothing to migrate"
    print(f"liudai: {done}", file=sys.stderr)
    return 0


async def _employ_first_admin(subject: str) -> None:
    if await is_role_held(Role.ADMIN):
        raise LiudaiError(
            "an administrator is employed already: let that person employ others "
            "(registerEmployee)",
            exit_code=EXIT_USAGE,
        )
    await register_employee(
        actor=SYSTEM,
        key=f"first-admin-{subject}",
        employee=NewEmployee(
            subject=subject,
            name=subject,
            branch_id=await head_office_id(),
            roles=frozenset({Role.ADMIN}),
        ),
    )
    print(f"liudai: {subject} is the administrator", file=sys.stderr)
