"""A training as a process of its own: `python -m ml.training_process JOB_ID LEASE_OWNER`.

Started by the worker that holds the lease. It reports steps as lines of JSON on standard output,
registers the model (or the reason why there is none) if the lease still holds, and ends at once
when standard input closes: then the worker that wanted it is gone.

Exit codes: 0 ended and recorded, 3 the lease was lost; anything else is an attempt that died.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from domain.db import close_database, open_database
from domain.models.records import Job
from domain.operations.jobs import Lease, LeaseLost, fail_job
from domain.operations.request import request_id
from domain.operations.risk.register_model import TrainedModel, register_model
from domain.operations.risk.train_model import TrainingRequest, read_request
from domain.queries.jobs import find_job, request_of_job
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.settings import Settings, get_settings
from ml.dataset import Dataset
from ml.spec import TrainingStep
from ml.training_data import load_dataset
from ml.training_request import training_spec

if TYPE_CHECKING:
    from ml.line import LineResult

EXIT_LEASE_LOST = 3
_EXIT_ORPHANED = 4
_NICENESS = 5  # requests of customers come first
_REGISTER = "REGISTER"

Report = Callable[[str, float], None]


async def run(*, lease: Lease, report: Report) -> None:
    """Train and register. Raises :class:`~domain.operations.jobs.LeaseLost`."""
    settings = get_settings()
    await open_database(settings)
    try:
        request_id.set(await request_of_job(lease.job_id))
        job = await find_job(lease.job_id)
        try:
            await _train(job, lease, settings, report)
        except Refused as refusal:
            await fail_job(lease, problems=refusal.problems)
    finally:
        await close_database()


async def _train(job: Job, lease: Lease, settings: Settings, report: Report) -> None:
    request = read_request(job.input)
    report(TrainingStep.LOAD, 0.0)
    data = await load_dataset(request, settings)
    # Nothing else needs this loop, but an idle connection to the database does not mind a thread.
    url = f"{settings.artefacts_url.rstrip('/')}/{request.name}/{job.id}-{lease.owner[-8:]}"
    result = await asyncio.to_thread(_run_line, data, request, url, report)
    report(_REGISTER, 0.99)
    await register_model(lease=lease, model=_trained(request, result))


def _run_line(data: Dataset, request: TrainingRequest, url: str, report: Report) -> LineResult:
    # Seconds of imports, which a request that has no rows to train on never needs.
    from ml.export import ParityFailed
    from ml.line import finish
    from ml.train import train

    model = train(data, training_spec(request), report)
    try:
        return finish(model, url=url, on_step=report)
    except ParityFailed as failure:
        parity = failure.parity
        raise Refused([_parity(largest=parity.largest, rows=parity.rows)]) from failure


def _trained(request: TrainingRequest, result: LineResult) -> TrainedModel:
    card = result.card
    return TrainedModel(
        name=request.name,
        algorithm=card.kind,
        recipe=card.recipe,
        artefact_url=result.url,
        sha256=result.sha256,
        cutoff=card.cutoff,
        metrics={
            **card.report,
            "profile": card.profile,
            "currency": card.currency,
            "seed": card.seed,
            "dataSha256": card.data_sha256,
            "recipeSha256": card.recipe_sha256,
            "modelFeatures": list(card.layout.features),
        },
    )


def _parity(*, largest: float, rows: int) -> Problem:
    return Problem(
        ErrorCode.INVALID_VALUE,
        (),
        f"The exported model differs from the trained one by up to {largest:.3g} in PD on {rows} "
        "rows, so it was not registered. Report this with the model's settings.",
        f"导出模型与训练模型的违约概率最大相差 {largest:.3g}（{rows} 行），因此未登记，"
        "请附模型设置反馈此问题。",
    )


def _end_with_parent() -> None:
    """End this process when the pipe from the worker closes, even by kill -9."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os._exit(_EXIT_ORPHANED)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _reporter() -> Report:
    """Keep standard output for reports alone: what libraries print goes to standard error."""
    sys.stdout.flush()
    reports = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def report(step: str, progress: float) -> None:
        reports.write(json.dumps({"step": str(step), "progress": progress}) + "\n")

    return report


def main(arguments: list[str]) -> int:
    """Run the attempt named by job id and lease owner; the exit code."""
    _end_with_parent()
    report = _reporter()
    os.nice(_NICENESS)
    try:
        asyncio.run(run(lease=Lease(int(arguments[0]), arguments[1]), report=report))
    except LeaseLost:
        return EXIT_LEASE_LOST
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
