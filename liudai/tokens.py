"""`liudai token`: a local bearer token for a person of a role (development only)."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys

from api.auth import issue_local_token
from domain.db import close_database, open_database, pending_migrations
from domain.queries.actors import load_actor
from domain.rules.roles import Role
from liudai.errors import EXIT_USAGE, LiudaiError
from liudai.seed import ensure_staff


def run(*, role: str, subject: str | None, days: int) -> int:
    """Print a token for `subject`, or for the demo person who holds `role`; the exit code."""
    try:
        wanted = Role(role.upper())
    except ValueError:
        known = ", ".join(Role)
        raise LiudaiError(f"no role {role!r}; roles are {known}", exit_code=EXIT_USAGE) from None
    person = asyncio.run(_person(wanted, subject))
    print(issue_local_token(person, dt.timedelta(days=days)))
    return 0


async def _person(role: Role, subject: str | None) -> str:
    await open_database()
    try:
        if await pending_migrations():
            raise LiudaiError("the database lacks migrations: run `liudai migrate` first")
        if subject is None:
            subject = await _demo_person(role)
        actor = await load_actor(subject)
    finally:
        await close_database()
    if actor is None:
        print(f"liudai: nobody with subject {subject!r} is registered yet", file=sys.stderr)
    elif not actor.has(role):
        held = ", ".join(sorted(actor.roles)) or "none"
        raise LiudaiError(f"{subject} does not hold the role {role} (roles: {held})")
    return subject


async def _demo_person(role: Role) -> str:
    if role is Role.APPLICANT:
        raise LiudaiError(
            "borrowers' users have no demo person: name one with --subject "
            "(the demo prints the one it made)",
            exit_code=EXIT_USAGE,
        )
    return (await ensure_staff())[role]
