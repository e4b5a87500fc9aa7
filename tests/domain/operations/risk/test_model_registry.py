"""The registry: training is asked for, models are validated, promoted and rolled back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.db import dialect
from domain.models.records import Job
from domain.models.risk.model_version import ModelVersion
from domain.operations.clock import now
from domain.operations.jobs import Lease, LeaseLost, claim_job, lose_job, requeue_lost_jobs
from domain.operations.risk.promote_model import promote_model
from domain.operations.risk.register_model import TrainedModel, register_model
from domain.operations.risk.rollback_model import rollback_model
from domain.operations.risk.train_model import (
    TrainingRequest,
    TrainingSource,
    read_request,
    train_model,
)
from domain.operations.risk.validate_model import validate_model
from domain.queries.risk.models import find_champion, find_model
from domain.rules.jobs import JobKind, JobState
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.risk.model_states import MODEL_MOVES, ModelState
from ml.training_request import training_problems
from tests.lender import Lender, hire, key

REQUEST = TrainingRequest(
    name="working-capital", source=TrainingSource.SYNTHETIC, algorithm="LOGISTIC_REGRESSION"
)


def trained(name: str = "working-capital") -> TrainedModel:
    return TrainedModel(
        name=name,
        algorithm="LOGISTIC_REGRESSION",
        recipe="synthetic",
        artefact_url="file:///nowhere",
        sha256="0" * 64,
        cutoff=0.5,
        metrics={"test": {"auc": 0.8}},
    )


async def started(lender: Lender, request: TrainingRequest = REQUEST) -> Lease:
    done = await train_model(
        actor=lender.operator, key=key(), request=request, check=training_problems
    )
    lease = await claim_job(job_id=done["job"], kind=JobKind.TRAIN_MODEL)
    assert lease is not None
    return lease


async def draft(lender: Lender, name: str = "working-capital") -> int:
    done = await register_model(lease=await started(lender), model=trained(name))
    return done["model"]


async def validated(lender: Lender) -> int:
    model_id = await draft(lender)
    await validate_model(actor=lender.risk_officer, key=key(), model_id=model_id)
    return model_id


async def champion(lender: Lender) -> int:
    model_id = await validated(lender)
    await promote_model(actor=lender.risk_officer, key=key(), model_id=model_id)
    return model_id


async def test_training_is_a_job_of_the_person_who_asked(lender: Lender) -> None:
    again = key()
    request = replace(REQUEST, test_from=date(2024, 1, 1), seed=3)
    asked = {"actor": lender.operator, "key": again, "request": request}
    done = await train_model(**asked, check=training_problems)
    job = await Job.get(id=done["job"])
    assert (job.kind, job.state) == (JobKind.TRAIN_MODEL, JobState.QUEUED)
    assert job.started_by_id == lender.operator.id
    assert read_request(job.input) == request
    assert (await train_model(**asked, check=training_problems)).replayed


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"name": "Model One"}, {(ErrorCode.INVALID_VALUE, "name")}),
        ({"name": ""}, {(ErrorCode.REQUIRED, "name")}),
        ({"algorithm": "MAGIC"}, {(ErrorCode.INVALID_VALUE, "algorithm")}),
        ({"seed": -1}, {(ErrorCode.OUT_OF_RANGE, "seed")}),
        ({"test_fraction": 0.99}, {(ErrorCode.OUT_OF_RANGE, "testFraction")}),
        ({"test_fraction": float("nan")}, {(ErrorCode.OUT_OF_RANGE, "testFraction")}),
        ({"synthetic_rows": 10**9}, {(ErrorCode.OUT_OF_RANGE, "syntheticRows")}),
        (
            {"test_fraction": 0.2, "test_from": date(2024, 1, 1)},
            {(ErrorCode.INVALID_VALUE, "testFraction")},
        ),
        ({"test_from": date(9999, 1, 1)}, {(ErrorCode.DATE_OUT_OF_RANGE, "testFrom")}),
        (
            {"source": TrainingSource.HISTORY, "currency": "XXX"},
            {(ErrorCode.INVALID_VALUE, "currency")},
        ),
        (
            {"source": TrainingSource.CSV},
            {(ErrorCode.REQUIRED, "csv"), (ErrorCode.REQUIRED, "recipe")},
        ),
        *(
            (
                {"source": TrainingSource.CSV, "recipe": "sba", "csv": hostile},
                {(ErrorCode.INVALID_VALUE, "csv")},
            )
            for hostile in (
                "/etc/passwd",
                "../secret.csv",
                "a/b.csv",
                "..csv",
                ".x.csv",
                "http://x/y.csv",
                "a\\b.csv",
                "a..csv",
                "x.csv\n",
                "keys%2Flocal.csv",
                "x.toml",
            )
            if hostile.strip() == hostile
        ),
        (
            {"source": TrainingSource.CSV, "recipe": "../../x.toml", "csv": "a.csv"},
            {(ErrorCode.NOT_FOUND, "recipe")},
        ),
    ],
)
async def test_a_wrong_request_is_refused_and_starts_nothing(
    lender: Lender, changes: dict[str, object], wanted: set[tuple[ErrorCode, str]]
) -> None:
    before = await Job.all().count()
    with pytest.raises(Refused) as refused:
        await started(lender, replace(REQUEST, **changes))
    assert {(p.code, p.path[0]) for p in refused.value.problems} == wanted
    assert await Job.all().count() == before


async def test_one_version_for_each_job_whatever_is_repeated(lender: Lender) -> None:
    lease = await started(lender)
    first = await register_model(lease=lease, model=trained())
    second = await register_model(lease=lease, model=trained())
    assert second.replayed
    assert second["model"] == first["model"]
    job = await Job.get(id=lease.job_id)
    assert (job.state, job.result) == (JobState.SUCCEEDED, {"model": first["model"]})
    model = await find_model(first["model"])
    assert (model.state, model.trained_by_id) == (ModelState.DRAFT, lender.operator.id)


async def test_a_stale_attempt_registers_nothing(lender: Lender) -> None:
    stale = await started(lender)
    await lose_job(stale, reason="killed")
    await requeue_lost_jobs(lost_before=now() + timedelta(seconds=1))
    fresh = await claim_job(job_id=stale.job_id, kind=JobKind.TRAIN_MODEL)
    assert fresh is not None
    with pytest.raises(LeaseLost):
        await register_model(lease=stale, model=trained())
    assert not await ModelVersion.exists(job_id=stale.job_id)
    await register_model(lease=fresh, model=trained())
    assert await ModelVersion.filter(job_id=stale.job_id).count() == 1


async def test_versions_of_a_name_count_up_even_when_registered_at_once(lender: Lender) -> None:
    name = f"name-{key()}"
    leases = [await started(lender) for _ in range(4)]
    done = await asyncio.gather(*(register_model(lease=x, model=trained(name)) for x in leases))
    versions = [(await find_model(each["model"])).version for each in done]
    assert sorted(versions) == [1, 2, 3, 4]


async def test_the_validator_and_the_promoter_did_not_train_it(lender: Lender) -> None:
    branch_id = lender.operator.branch_id or 0
    model_id = await draft(lender)
    trainer = replace(lender.risk_officer, id=lender.operator.id)
    with pytest.raises(Refused, match="SAME_PERSON"):
        await validate_model(actor=trainer, key=key(), model_id=model_id)
    await validate_model(actor=lender.risk_officer, key=key(), model_id=model_id)
    with pytest.raises(Refused, match="SAME_PERSON"):
        await promote_model(actor=trainer, key=key(), model_id=model_id)
    other = await hire("risk-2", next(iter(lender.risk_officer.roles)), branch_id=branch_id)
    await promote_model(actor=other, key=key(), model_id=model_id)
    assert (await find_model(model_id)).promoted_by_id == other.id


async def test_there_is_one_champion_and_rollback_goes_back_and_back(lender: Lender) -> None:
    officer = lender.risk_officer
    first, second, third = [await champion(lender) for _ in range(3)]
    assert await ModelVersion.filter(state=ModelState.CHAMPION).count() == 1
    for retired, back in ((third, second), (second, first)):
        done = await rollback_model(actor=officer, key=key())
        assert (done["model"], done["retired"]) == (back, retired)
        found = await find_champion()
        assert found is not None
        assert found.id == back
    fourth = await champion(lender)
    assert (await rollback_model(actor=officer, key=key()))["model"] == first
    assert (await find_model(fourth)).state == ModelState.RETIRED


async def test_rollback_without_a_past_is_refused(lender: Lender) -> None:
    await ModelVersion.all().update(state=ModelState.DRAFT)
    with pytest.raises(Refused, match="ILLEGAL_STATE"):
        await rollback_model(actor=lender.risk_officer, key=key())
    await champion(lender)
    with pytest.raises(Refused, match="ILLEGAL_STATE"):
        await rollback_model(actor=lender.risk_officer, key=key())


@pytest.mark.parametrize("state", list(ModelState))
async def test_illegal_moves_are_refused(lender: Lender, state: ModelState) -> None:
    model_id = await draft(lender)
    await ModelVersion.filter(id=model_id).update(state=state)
    officer = lender.risk_officer
    moves = {ModelState.VALIDATED: validate_model, ModelState.CHAMPION: promote_model}
    for to, operation in moves.items():
        legal = to in MODEL_MOVES[state] and state is not ModelState.RETIRED
        if not legal:
            with pytest.raises(Refused, match="ILLEGAL_STATE"):
                await operation(actor=officer, key=key(), model_id=model_id)
            assert (await find_model(model_id)).state == state
    await ModelVersion.filter(id=model_id).update(state=ModelState.RETIRED)
    with pytest.raises(Refused, match="NOT_FOUND"):
        await validate_model(actor=officer, key=key(), model_id=999_999)


async def test_two_first_promotions_at_once_leave_one_champion(lender: Lender) -> None:
    if dialect() == "sqlite":
        pytest.skip("SQLite's transactions serialise: nothing is proved there")
    await ModelVersion.all().update(state=ModelState.RETIRED)
    models = [await validated(lender) for _ in range(4)]
    await asyncio.gather(
        *(promote_model(actor=lender.risk_officer, key=key(), model_id=m) for m in models)
    )
    assert await ModelVersion.filter(state=ModelState.CHAMPION).count() == 1
