"""Jobs, as the people who start and follow them see them."""

from __future__ import annotations

from domain.db import rows
from domain.models.records import Job
from domain.rules.jobs import NOUN
from domain.rules.refusal import ErrorCode, Problem, Refused


async def find_job(job_id: int, *, path: str = "jobId") -> Job:
    """Return the job; raises NOT_FOUND for an absent one."""
    job = await Job.get_or_none(id=job_id)
    if job is None:
        en, zh = NOUN
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_FOUND,
                    (path,),
                    f"There is no such {en}. Check the id.",
                    f"没有该{zh}，请核对编号。",
                )
            ]
        )
    return job


async def request_of_job(job_id: int) -> str:
    """Return the id of the request that asked for the job, as the audit trail has it; "" for none.

    So every attempt at it is told under that id, in whichever process and however late.
    """
    found = await rows(
        "SELECT request_id FROM audit_entry WHERE noun = 'Job' AND noun_id = %s "
        "ORDER BY id LIMIT 1",
        [job_id],
    )
    return str(found[0]["request_id"]) if found else ""


async def count_jobs() -> dict[str, int]:
    """Return how many jobs there are in each state that has any."""
    counted = await rows("SELECT state, COUNT(*) AS jobs FROM job GROUP BY state")
    return {row["state"]: row["jobs"] for row in counted}


def job_problems(job: Job) -> list[Problem]:
    """Return why a FAILED job failed, in both languages."""
    found = (job.result or {}).get("problems", [])
    return [
        Problem(ErrorCode(item["code"]), tuple(item["path"]), item["en"], item["zh"])
        for item in found
    ]
