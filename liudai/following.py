"""Following work that a worker does: a bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from liudai.client import Client
from liudai.errors import LiudaiError

_POLL_SECONDS = 0.2
_UNTAKEN_SECONDS = 120.0
_JOB = (
    "query($id: ID!) { node(id: $id) { ... on TrainingJob { state step progress error modelId } } }"
)


def train(operator: Client, console: Console, *, quiet: bool = False, **form: Any) -> str:
    """Train by the `trainModel` mutation, show each step, and return the model's global id.

    `form` holds the input's fields by their GraphQL names; `quiet` shows nothing off a terminal.
    Raises LiudaiError when the form is refused, the training fails, or nobody takes the job.
    """
    job_id = operator.mutate("trainModel", "job { id }", **form)["job"]["id"]
    given_up = time.monotonic() + _UNTAKEN_SECONDS
    with _step_bar(console, quiet=quiet) as show:
        while True:
            job = operator.query(_JOB, id=job_id)["node"]
            show(job["step"] or "waiting for a worker", job["progress"])
            if job["state"] == "SUCCEEDED":
                return str(job["modelId"])
            if job["state"] == "FAILED":
                raise LiudaiError(f"the training failed: {job['error']}")
            if job["state"] == "QUEUED" and time.monotonic() > given_up:
                raise LiudaiError(
                    f"no worker took the training within {_UNTAKEN_SECONDS:g} s: "
                    "start one with `liudai worker`; the job is kept"
                )
            time.sleep(_POLL_SECONDS)


@contextmanager
def counting(console: Console, what: str, *, total: int) -> Iterator[Callable[[], None]]:
    """Give a function to call at each of `total` steps; the bar shows on a terminal only."""
    columns = (
        TextColumn("  {task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with _progress(console, *columns) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


@contextmanager
def sharing(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call with how much is done and how much there is; the bar shows on a
    terminal only."""
    columns = (TextColumn("  {task.description:<28}"), BarColumn(), MofNCompleteColumn())
    with _progress(console, *columns) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def _step_bar(console: Console, *, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    columns = (TextColumn("  {task.description:<28}"), BarColumn(), TimeElapsedColumn())
    said: list[str] = []
    with _progress(console, *columns) as progress:
        task = progress.add_task("", total=1.0)

        def show(step: str, done: float) -> None:
            progress.update(task, description=step, completed=done)
            if not console.is_terminal and not quiet and said[-1:] != [step]:
                said.append(step)
                console.print(f"  {done:4.0%} {step}")

        yield show


def _progress(console: Console, *columns: Any) -> Progress:
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
