"""The model line: train, follow, validate, promote, roll back, read."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from api.graphql import job_states  # noqa: F401 - describes JobState
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, global_id, row_id_of
from api.graphql.lookahead import NOTHING
from api.graphql.nouns import Noun, column, computed
from api.graphql.payloads import Payload, answer, described_enum
from api.graphql.risk.decisions import read_json
from api.graphql.roles import ROLES
from api.live import listen
from domain.actor import Actor
from domain.channels import job_channel
from domain.operations.perform import Done
from domain.operations.risk.promote_model import promote_model
from domain.operations.risk.rollback_model import rollback_model
from domain.operations.risk.train_model import TrainingRequest, TrainingSource, train_model
from domain.operations.risk.validate_model import validate_model
from domain.queries.jobs import find_job
from domain.queries.select import Condition
from domain.queries.visibility import visible_to
from domain.rules.jobs import JobKind, JobState
from domain.rules.risk.model_states import ModelState
from domain.settings import get_settings
from ml.spec import ModelKind
from ml.training_request import training_problems
from workers.queue import send_job

described_enum(
    ModelState,
    "State of a model version.",
    {
        ModelState.DRAFT: "Trained; not yet validated.",
        ModelState.VALIDATED: "Validated by somebody who did not train it.",
        ModelState.CHAMPION: "In service: it scores applications.",
        ModelState.RETIRED: "Was in service.",
    },
)
described_enum(
    ModelKind,
    "The algorithm.",
    {
        ModelKind.LOGISTIC_REGRESSION: "Logistic regression.",
        ModelKind.RANDOM_FOREST: "Random forest.",
    },
)
described_enum(
    TrainingSource,
    "Where the training rows come from.",
    {
        TrainingSource.CSV: "A CSV file in the folder `datasets`, read by a recipe.",
        TrainingSource.HISTORY: "The lender's own decisions and how they turned out.",
        TrainingSource.SYNTHETIC: "A portfolio drawn from the seed, whose truth is known.",
    },
)


def _id_in_result(name: str) -> Any:
    def read(_: Actor, row: Mapping[str, Any]) -> int | None:
        return (read_json(row["result"]) or {}).get(name)

    return read


@strawberry.type(description="Model version: one trained model in the registry.")
class ModelVersion(Node):
    """A row of the model_version table."""

    name: str = column("name", "The model's name.")
    version: int = column("version", "Its version under that name, from 1.")
    state: ModelState = column("state", "Its state.", read=ModelState)
    algorithm: ModelKind = column("algorithm", "The algorithm.", read=ModelKind)
    recipe: str = column("recipe", "How its training rows were read.")
    sha256: str = column("sha256", "Hash of the artefact that is served.")
    cutoff: float = column("cutoff", "PD at and above which the metrics call a case bad.")
    metrics: JSON = computed(
        ("metrics",),
        "Evaluation on held-out rows: accuracy, confusion matrix, AUC, KS, calibration and more.",
        lambda _, row: read_json(row["metrics"]),
    )
    created_at: dt.datetime = column("created_at", "When it was registered.")
    validated_at: dt.datetime | None = column("validated_at", "When it was validated.")
    promoted_at: dt.datetime | None = column("promoted_at", "When it last went into service.")
    retired_at: dt.datetime | None = column("retired_at", "When it was retired.")


@strawberry.type(description="Job: work for a worker, a training or another; the row is the truth.")
class TrainingJob(Node):
    """A row of the job table."""

    kind: JobKind = column("kind", "What is to be done.", read=JobKind)
    state: JobState = column("state", "Where it stands.", read=JobState)
    step: str = column("step", "The step under way; empty before the first.")
    progress: float = column("progress", "Share of the whole that is done, 0 to 1.")
    attempts: int = column("attempts", "How often a worker has taken it.")
    error: str = column("error", "Why it failed, in English; else empty.")
    error_zh: str = computed(
        ("result",),
        "Why it failed, in Chinese; else empty.",
        lambda _, row: " ".join(
            problem["zh"] for problem in (read_json(row["result"]) or {}).get("problems", [])
        ),
    )
    model_id: strawberry.ID | None = computed(
        ("result",),
        "Global id of the model version it made.",
        lambda actor, row: (
            None
            if (found := _id_in_result("model")(actor, row)) is None
            else global_id("ModelVersion", found)
        ),
    )
    created_at: dt.datetime = column("created_at", "When it was asked for.")
    started_at: dt.datetime | None = column("started_at", "When a worker first took it.")
    finished_at: dt.datetime | None = column("finished_at", "When it ended.")


MODELS = Noun(ModelVersion, table="model_version", sight=visible_to(ROLES["Query.modelVersions"]))
JOBS = Noun(TrainingJob, table="job", sight=visible_to(ROLES["Query.trainingJobs"]))


@strawberry.input(description="A model to train.")
class TrainModelInput:
    """The form of `trainModel`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    name: str = strawberry.field(
        default="pd", description="The model's name: lower-case letters, digits, - and _."
    )
    source: TrainingSource = strawberry.field(
        default=TrainingSource.SYNTHETIC, description="Where the rows come from."
    )
    algorithm: ModelKind = strawberry.field(
        default=ModelKind.LOGISTIC_REGRESSION, description="The algorithm."
    )
    recipe: str = strawberry.field(
        default="", description="How a CSV is read: `sba`, `synthetic`, or a recipe of yours."
    )
    csv: str = strawberry.field(
        default="", description="Name of a CSV file in the folder `datasets` of LIUDAI_HOME."
    )
    currency: str = strawberry.field(
        default="", description="With HISTORY: the currency of the loans to learn from."
    )
    synthetic_rows: int | None = strawberry.field(
        default=None, description="With SYNTHETIC: how many rows to draw."
    )
    test_fraction: float | None = strawberry.field(
        default=None, description="Share of the rows held out for evaluation; 0.2 by default."
    )
    test_from: dt.date | None = strawberry.field(
        default=None, description="Out-of-time split: hold out the rows from this day on."
    )
    seed: int = strawberry.field(default=0, description="Seed of every draw.")
    cutoff: float | None = strawberry.field(
        default=None, description="PD at and above which a case is called bad."
    )
    correlation_cut: float | None = strawberry.field(
        default=None, description="Of two features correlated beyond this the weaker is dropped."
    )
    information_floor: float | None = strawberry.field(
        default=None, description="Features with less information value than this are dropped."
    )


@strawberry.input(description="A model version to validate or promote.")
class ModelInput:
    """The form of `validateModel` and `promoteModel`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    model_id: strawberry.ID = strawberry.field(description="Global id of the model version.")


@strawberry.input(description="A rollback to the champion before.")
class RollbackModelInput:
    """The form of `rollbackModel`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")


@strawberry.type(description="The job that trains the model.")
class TrainModelPayload(Payload):
    """Answer of `trainModel`."""

    job: TrainingJob | None = strawberry.field(default=None, description="The job.")


@strawberry.type(description="The model version as it is now.")
class ModelPayload(Payload):
    """Answer of the registry's mutations."""

    model: ModelVersion | None = strawberry.field(default=None, description="The model version.")


@strawberry.input(description="A DRAFT version to validate.")
class ValidateModelInput(ModelInput):
    """The form of `validateModel`."""


@strawberry.input(description="A VALIDATED version to put in service.")
class PromoteModelInput(ModelInput):
    """The form of `promoteModel`."""


@strawberry.type(description="The version that was validated.")
class ValidateModelPayload(ModelPayload):
    """Answer of `validateModel`."""


@strawberry.type(description="The version that went into service.")
class PromoteModelPayload(ModelPayload):
    """Answer of `promoteModel`."""


@strawberry.type(description="The version that is in service again.")
class RollbackModelPayload(ModelPayload):
    """Answer of `rollbackModel`."""


@strawberry.type
class ModelQueries:
    """Reading models and jobs."""

    @strawberry.field(description="Model versions, newest first.")
    async def model_versions(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[ModelVersion]:
        return await MODELS.page(info, first=first, after=after)

    @strawberry.field(description="Training jobs, newest first.")
    async def training_jobs(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[TrainingJob]:
        trainings = Condition("job.kind = %s", (JobKind.TRAIN_MODEL,))
        return await JOBS.page(info, first=first, after=after, where=[trainings])


@strawberry.type
class ModelMutations:
    """Changing the registry."""

    @strawberry.mutation(
        description="Queue the training of a model; a worker does it. Follow it by `jobProgress`."
    )
    async def train_model(
        self,
        info: Info,
        input: Annotated[TrainModelInput, strawberry.argument(description="What to train.")],
    ) -> TrainModelPayload:
        given = {name: value for name, value in vars(input).items() if name != "idempotency_key"}
        effect = _train_and_send(
            info.context.actor, input.idempotency_key, TrainingRequest(**given)
        )
        return await answer(info, TrainModelPayload, effect, job="TrainingJob")

    @strawberry.mutation(description="Validate a DRAFT version, as somebody who did not train it.")
    async def validate_model(
        self,
        info: Info,
        input: Annotated[ValidateModelInput, strawberry.argument(description="Which version.")],
    ) -> ValidateModelPayload:
        effect = validate_model(
            actor=info.context.actor,
            key=input.idempotency_key,
            model_id=row_id_of(input.model_id, "ModelVersion"),
        )
        return await answer(info, ValidateModelPayload, effect, model="ModelVersion")

    @strawberry.mutation(
        description="Put a VALIDATED version in service; every API process serves it within 5 s."
    )
    async def promote_model(
        self,
        info: Info,
        input: Annotated[PromoteModelInput, strawberry.argument(description="Which version.")],
    ) -> PromoteModelPayload:
        effect = promote_model(
            actor=info.context.actor,
            key=input.idempotency_key,
            model_id=row_id_of(input.model_id, "ModelVersion"),
        )
        return await answer(info, PromoteModelPayload, effect, model="ModelVersion")

    @strawberry.mutation(description="Put the champion before the present one in service again.")
    async def rollback_model(
        self,
        info: Info,
        input: Annotated[RollbackModelInput, strawberry.argument(description="The key.")],
    ) -> RollbackModelPayload:
        effect = rollback_model(actor=info.context.actor, key=input.idempotency_key)
        return await answer(info, RollbackModelPayload, effect, model="ModelVersion")


@strawberry.type
class ModelSubscriptions:
    """Following jobs."""

    @strawberry.subscription(
        description="The job as it is, then at every step, until it has succeeded or failed."
    )
    async def job_progress(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the job.")],
    ) -> AsyncGenerator[TrainingJob, None]:
        job_id = row_id_of(id, "TrainingJob")
        ended = (JobState.SUCCEEDED, JobState.FAILED)
        async with listen(job_channel(get_settings(), job_id)) as messages:
            job = await _read_job(info, job_id)
            yield job
            if job.state in ended:
                return
            async for _ in messages:
                job = await _read_job(info, job_id)
                yield job
                if job.state in ended:
                    return


_WHOLE_JOB = dict.fromkeys(("id", *JOBS.readers), NOTHING)


async def _read_job(info: Info, job_id: int) -> TrainingJob:
    found = await JOBS.load(info.context.actor, [job_id], _WHOLE_JOB)
    if job_id not in found:
        await find_job(job_id, path="id")
    return found[job_id]


async def _train_and_send(actor: Actor, key: str, request: TrainingRequest) -> Done:
    done = await train_model(actor=actor, key=key, request=request, check=training_problems)
    await send_job(job_id=done["job"])  # after the commit; the sweeper sends what fails here
    return done
