"""Voiding approval tasks: what was approved no longer stands, or is no longer asked for."""

from __future__ import annotations

from collections.abc import Sequence

from domain.db import execute, in_list, rows
from domain.operations.perform import Step
from domain.rules.risk.approval import TaskState

_LIVE = (TaskState.PENDING, TaskState.APPROVED)


async def void_tasks(
    step: Step, application_ids: Sequence[int], *, states: Sequence[TaskState] = _LIVE
) -> None:
    """Make the tasks of these applications that are in `states` VOID."""
    if not application_ids:
        return
    which = f"application_id IN {in_list(application_ids)} AND state IN {in_list(states)}"
    values = [*application_ids, *states]
    found = await rows(f"SELECT id, state FROM approval_task WHERE {which} ORDER BY id", values)
    await execute(f"UPDATE approval_task SET state = %s WHERE {which}", [TaskState.VOID, *values])
    for task in found:
        step.changed(
            "ApprovalTask",
            task["id"],
            before={"state": task["state"]},
            after={"state": TaskState.VOID},
        )
