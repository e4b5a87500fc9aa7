"""`liudai demo`: starts everything, seeds a small lender and plays one loan over HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt

from rich.console import Console

from api.auth import issue_local_token
from domain.db import close_database, open_database
from domain.rules.roles import Role
from domain.settings import get_settings
from liudai.errors import EXIT_FAILED, EXIT_USAGE, LiudaiError
from liudai.migrating import run as run_migrations
from liudai.processes import liudai_processes
from liudai.seed import SECOND_ADMINISTRATOR, SECOND_APPROVER, ensure_staff
from liudai.story import People, StepFailed, play
from liudai.supervisor import Supervisor

_TOKEN_DAYS = 7


def run(*, once: bool, port: int) -> int:
    """Play the story and, unless `once`, stay up; the exit code."""
    settings = get_settings()
    if settings.production:
        raise LiudaiError(
            "LIUDAI_ENV=production refuses the demo and its staff", exit_code=EXIT_USAGE
        )
    console = Console(highlight=False)
    with liudai_processes(settings, port=port, log_dir=settings.home / "logs") as (
        supervisor,
        url,
    ):
        console.print("[bold]Liudai 流贷[/] · preparing the database and a small lender")
        run_migrations()
        people = asyncio.run(_seed())
        console.print(f"starting the processes (logs in {settings.home / 'logs'})")
        with supervisor:
            try:
                play(console, url, people)
            except StepFailed as failed:
                console.print(f"[bold red]The step “{failed.step}” failed:[/] {failed}")
                return EXIT_FAILED
            if once:
                console.print("[bold green]The whole story was played.[/]")
            else:
                _say_welcome(console, url, people)
                _stay(console, supervisor)
    return 0


def _stay(console: Console, supervisor: Supervisor) -> None:
    console.print("Press Ctrl-C to stop.")
    try:
        supervisor.wait()
    except KeyboardInterrupt:
        console.print("stopping")


async def _seed() -> People:
    await open_database()
    try:
        subjects = await ensure_staff()
    finally:
        await close_database()
    life = dt.timedelta(days=_TOKEN_DAYS)
    tokens = {str(role): issue_local_token(subject, life) for role, subject in subjects.items()}
    tokens["APPROVER_2"] = issue_local_token(SECOND_APPROVER, life)
    tokens["ADMIN_2"] = issue_local_token(SECOND_ADMINISTRATOR, life)
    return People(tokens)


def _say_welcome(console: Console, url: str, people: People) -> None:
    console.print(f"\nTokens, good for {_TOKEN_DAYS} days (header `Authorization: Bearer …`):")
    # One token a line, unbroken: it is there to be copied.
    for role in [*Role, "APPROVER_2", "ADMIN_2"]:
        if str(role) in people.tokens:
            console.print(f"[bold]{role}[/]\n{people.tokens[str(role)]}", soft_wrap=True)
    console.print(f"\n[bold green]Liudai is up at {url}[/] · GraphiQL: {url}/graphql")
