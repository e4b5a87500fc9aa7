"""What became of a payment file's lines, and how its posting stands."""

from __future__ import annotations

from dataclasses import dataclass

from domain.db import rows
from domain.models.records import Job
from domain.queries.jobs import job_problems
from domain.rules.jobs import JobState
from domain.rules.lending.payment_states import LineState
from domain.rules.refusal import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCount:
    """Lines of a file in one state and currency; `total` in minor units, of those with an amount
    that could be read."""

    state: LineState
    currency: str
    count: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """A file's lines by state and currency; `job` is the state of the work that posts them, None
    before there is any, and `problems` are why it failed."""

    job: JobState | None
    progress: float
    problems: list[Problem]
    lines: list[LineCount]


async def payment_report(file_id: int) -> FileReport | None:
    """Return how the file stands, or None when there is no such file."""
    found = await rows("SELECT job_id FROM payment_file WHERE id = %s", [file_id])
    if not found:
        return None
    job = await Job.get(id=found[0]["job_id"]) if found[0]["job_id"] else None
    return FileReport(
        job=JobState(job.state) if job else None,
        progress=job.progress if job else 0.0,
        problems=job_problems(job) if job else [],
        lines=await _lines(file_id),
    )


async def _lines(file_id: int) -> list[LineCount]:
    found = await rows(
        "SELECT state, currency, COUNT(*) AS n, COALESCE(SUM(amount), 0) AS total "
        "FROM payment_file_line WHERE file_id = %s GROUP BY state, currency",
        [file_id],
    )
    order = list(LineState)
    return sorted(
        (
            LineCount(
                state=LineState(row["state"]),
                currency=row["currency"],
                count=row["n"],
                total=int(row["total"]),
            )
            for row in found
        ),
        key=lambda each: (each.currency, order.index(each.state)),
    )
