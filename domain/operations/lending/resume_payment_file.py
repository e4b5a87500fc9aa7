"""Post the rest of a file whose job was given up, after what stopped it has been mended."""

from __future__ import annotations

from domain.actor import Actor
from domain.db import execute, for_update, rows
from domain.operations.jobs import create_job
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.find import not_found
from domain.rules.jobs import NOUN as JOB
from domain.rules.jobs import JobKind, JobState
from domain.rules.lending.payment_states import FILE, FileState
from domain.rules.states import require_state


async def resume_payment_file(*, actor: Actor, key: str, file_id: int) -> Done:
    """Queue a new job for a CHECKED file whose last one FAILED; the caller sends its message.

    What was posted stays so: only lines that wait are posted. Result: `file`, `job`. Raises
    :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        found = await rows(
            "SELECT f.state, j.state AS job_state FROM payment_file f "
            "LEFT JOIN job j ON j.id = f.job_id WHERE f.id = %s" + for_update(),
            [file_id],
        )
        if not found:
            raise not_found(FILE, "fileId")
        require_state(FILE, FileState(found[0]["state"]), FileState.CHECKED)
        require_state(JOB, JobState(found[0]["job_state"]), JobState.FAILED)
        job = await create_job(step, kind=JobKind.POST_PAYMENT_FILE, arguments={"file": file_id})
        await execute("UPDATE payment_file SET job_id = %s WHERE id = %s", [job.id, file_id])
        step.changed("PaymentFile", file_id, after={"job": job.id}, event="payment_file.resumed")
        return {"file": file_id, "job": job.id}

    return await perform(
        actor=actor,
        action="resumePaymentFile",
        key=key,
        arguments={"file": file_id},
        work=work,
    )
