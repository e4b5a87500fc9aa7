"""Serving: a promotion is seen within seconds, no request is dropped, a bad artefact is refused."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import redis.asyncio
from training_stories import ask, until

from domain.channels import model_channel
from domain.models.risk.model_version import ModelVersion
from domain.operations.jobs import claim_job
from domain.operations.risk.promote_model import promote_model
from domain.operations.risk.register_model import TrainedModel, register_model
from domain.operations.risk.rollback_model import rollback_model
from domain.operations.risk.validate_model import validate_model
from domain.rules.jobs import JobKind
from domain.rules.risk.score import is_usable
from domain.settings import get_settings
from ml.line import LineResult, run_line
from ml.recipe import load_recipe
from ml.registry import ServedModel
from ml.spec import ModelKind, TrainingSpec
from ml.synthetic import write_csv
from tests import servers
from tests.lender import Lender, key

pytestmark = pytest.mark.usefixtures("fast")

CASE = {"debt_ratio": 0.9, "profit_margin": -0.1, "industry_code": " h ", "employees": None}


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> list[LineResult]:
    folder = tmp_path_factory.mktemp("artefacts")
    path = folder / "portfolio.csv"
    write_csv(path, rows=800, seed=5)
    return [
        run_line(
            csv_url=str(path),
            recipe=load_recipe("synthetic"),
            spec=TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION, seed=seed),
            url=(folder / str(seed)).as_uri(),
        )
        for seed in (1, 2)
    ]


async def registered(lender: Lender, result: LineResult) -> int:
    lease = await claim_job(job_id=await ask(lender), kind=JobKind.TRAIN_MODEL)
    assert lease is not None
    model = TrainedModel(
        name="served",
        algorithm=result.card.kind,
        recipe=result.card.recipe,
        artefact_url=result.url,
        sha256=result.sha256,
        cutoff=result.card.cutoff,
        metrics={},
    )
    model_id = (await register_model(lease=lease, model=model))["model"]
    await validate_model(actor=lender.risk_officer, key=key(), model_id=model_id)
    return model_id


async def promoted(lender: Lender, result: LineResult) -> int:
    model_id = await registered(lender, result)
    await promote_model(actor=lender.risk_officer, key=key(), model_id=model_id)
    return model_id


async def test_a_promotion_and_a_rollback_are_served_within_five_seconds(
    lender: Lender, artefacts: list[LineResult]
) -> None:
    served = ServedModel(get_settings())
    answers: list[int] = []
    async with served.serving():
        assert served.version is None
        assert served.score(CASE) is None  # REFER, says the decision
        first = await promoted(lender, artefacts[0])

        async def serves_first() -> bool:
            return (served.version or "").startswith(f"{first}:")

        await until(serves_first, 5)
        score = served.score(CASE)
        assert score is not None
        assert is_usable(score)
        assert (score.model_version_id, score.model_sha256) == (first, artefacts[0].sha256)
        assert 0 < score.missing_share < 1
        assert score.unknown_categories == ()
        assert score.reasons
        second = await promoted(lender, artefacts[1])
        deadline = time.monotonic() + 5
        while second not in answers:  # every request meanwhile is answered, by one or the other
            found = served.score(CASE)
            assert found is not None
            answers.append(found.model_version_id)
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        assert set(answers) == {first, second}
        await rollback_model(actor=lender.risk_officer, key=key())
        await until(serves_first, 5)
    await ModelVersion.all().update(state="RETIRED")


@pytest.mark.skipif(not servers.REDIS, reason="no Redis server can be reached")
async def test_a_nudge_over_redis_is_faster_than_the_poll(
    lender: Lender, artefacts: list[LineResult]
) -> None:
    settings = get_settings().model_copy(update={"model_poll_seconds": 60.0})
    served = ServedModel(settings)
    client = redis.asyncio.Redis.from_url(settings.redis_url)
    async with served.serving():

        async def listened() -> bool:
            found = await client.pubsub_numsub(model_channel(settings))
            return bool(found[0][1])

        await until(listened, 5)
        model_id = await promoted(lender, artefacts[0])
        await client.publish(model_channel(settings), orjson.dumps({"kind": "model.promoted"}))

        async def serves() -> bool:
            return (served.version or "").startswith(f"{model_id}:")

        await until(serves, 5)
    await client.aclose()
    await ModelVersion.all().update(state="RETIRED")


async def test_a_champion_that_cannot_be_trusted_is_not_served(
    lender: Lender, artefacts: list[LineResult], tmp_path: Path
) -> None:
    served = ServedModel(get_settings())
    await promoted(lender, artefacts[0])
    await served.refresh()
    assert served.version is not None
    await promoted(lender, replace(artefacts[1], sha256="0" * 64))
    await served.refresh()
    assert served.score(CASE) is None
    await rollback_model(actor=lender.risk_officer, key=key())
    await served.refresh()
    assert served.score(CASE) is not None
    await promoted(lender, replace(artefacts[1], url=(tmp_path / "gone").as_uri()))
    await served.refresh()
    assert served.score(CASE) is None
    await ModelVersion.all().update(state="RETIRED")
    await served.refresh()
    assert served.version is None
