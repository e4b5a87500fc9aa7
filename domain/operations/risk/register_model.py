"""Put a trained model into the registry: exactly one version for each training job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tortoise.exceptions import IntegrityError

from domain.actor import SYSTEM
from domain.models.records import Job
from domain.models.risk.model_version import ModelVersion
from domain.operations.jobs import Lease, LeaseLost, finish_job
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.risk.models import lock_models
from domain.rules.risk.model_states import ModelState

_COLLISIONS_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """What the training leaves: where the artefact lies, its hash, and how good it is."""

    name: str
    algorithm: str
    recipe: str
    artefact_url: str
    sha256: str
    cutoff: float
    metrics: Mapping[str, Any]


async def register_model(*, lease: Lease, model: TrainedModel) -> Done:
    """Create the DRAFT version and end its job, in one transaction.

    Raises :class:`~domain.operations.jobs.LeaseLost` when another attempt holds the job by now:
    then nothing is registered. Result: `model`, `job`.
    """

    async def work(step: Step) -> Result:
        # The job first: heartbeats want its row too, and the version's foreign key shares it.
        job = await Job.filter(id=lease.job_id).select_for_update().get()
        await lock_models()
        newest = await ModelVersion.filter(name=model.name).order_by("-version").first()
        version = await ModelVersion.create(
            name=model.name,
            version=newest.version + 1 if newest else 1,
            state=ModelState.DRAFT,
            job_id=job.id,
            algorithm=model.algorithm,
            recipe=model.recipe,
            artefact_url=model.artefact_url,
            sha256=model.sha256,
            metrics=dict(model.metrics),
            cutoff=model.cutoff,
            trained_by_id=job.started_by_id,
        )
        await finish_job(step, lease, result={"model": version.id})
        step.changed(
            "ModelVersion",
            version.id,
            after={
                "state": version.state,
                "name": version.name,
                "version": version.version,
                "sha256": version.sha256,
            },
            event="model.registered",
        )
        return {"model": version.id, "job": job.id}

    for _ in range(_COLLISIONS_MAX):
        try:
            return await perform(
                actor=SYSTEM,
                action="registerModel",
                key=f"job-{lease.job_id}",
                arguments={"job": lease.job_id},
                work=work,
            )
        except IntegrityError:  # the first two versions of a name meet: there was no row to lock
            continue
    raise LeaseLost
