"""A small model in service, as a benchmark of the API needs one."""

from __future__ import annotations

from domain.db import close_database, open_database
from domain.models.records import Job
from domain.models.risk.model_version import ModelVersion
from domain.rules.risk.model_states import ModelState
from domain.settings import Settings
from ml.dataset import read_csv
from ml.line import finish
from ml.recipe import load_recipe
from ml.spec import ModelKind, TrainingSpec
from ml.synthetic import csv_bytes, generate
from ml.train import train


async def promote_a_model(settings: Settings) -> None:
    """Train a small model into the home and write it down as champion."""
    data = read_csv(csv_bytes(generate(rows=1_000, seed=3)), load_recipe("synthetic"))
    kind = ModelKind.LOGISTIC_REGRESSION
    saved = finish(train(data, TrainingSpec(kind=kind, seed=1)), url=f"{settings.artefacts_url}/1")
    await open_database(settings)
    try:
        job = await Job.create(kind="TRAIN_MODEL", state="DONE", input={}, started_by_id=0)
        await ModelVersion.create(
            name="benchmark",
            version=1,
            state=ModelState.CHAMPION,
            job_id=job.id,
            algorithm=kind,
            recipe="synthetic",
            artefact_url=saved.url,
            sha256=saved.sha256,
            metrics={},
            cutoff=saved.card.cutoff,
            trained_by_id=0,
        )
    finally:
        await close_database()
