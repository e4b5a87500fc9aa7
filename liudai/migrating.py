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
from domain.queries.staff import holders_of
from domain.rules.roles import Role
from domain.settings import get_settings
from liudai.backup.unfinished import refuse_unfinished_database
from liudai.errors import EXIT_USAGE, LiudaiError

ADMINISTRATORS_FIRST = 2


def run(*, first_admin: str | None = None) -> int:
    """Migrate the database of the settings and say what was done; the exit code.

    `first_admin` is the subject of one of the first two administrators, who employ all others;
    refused once there are two. Roles take two persons, so one alone could let nobody in.
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
    if await holders_of(Role.ADMIN) >= ADMINISTRATORS_FIRST:
        raise LiudaiError(
            "two administrators are employed already: let one employ others (registerEmployee) and "
            "the other approve their roles (approveChange)",
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
    print(f"liudai: {subject} is an administrator", file=sys.stderr)
