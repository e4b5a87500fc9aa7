"""What the machine does with a model, without one, and with data it cannot trust."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api import scoring
from domain.models.records import Job
from domain.models.risk.model_version import ModelVersion
from ml.line import LineResult, run_line
from ml.recipe import load_recipe
from ml.spec import ModelKind, TrainingSpec
from ml.synthetic import write_csv
from tests.http_story import Case, Story
from tests.lender import Lender
from tests.over_http import Api

DECISION = """query($id: ID!) { loanApplication(id: $id) { state decisions { recommendation
  probabilityOfDefault grade missingShare modelSha256 reasons { code source zh en }
  firedRules { code outcome textZh textEn cureZh cureEn } } } }"""
KNOWN: dict[str, Any] = {
    "years_in_business": 8,
    "employees": 20,
    "debt_ratio": 0.4,
    "profit_margin": 0.1,
    "current_ratio": 2.0,
    "revenue_growth": 0.1,
    "interest_cover": 6.0,
    "collateral_coverage": 1.0,
    "receivable_days": 40,
    "inventory_days": 40,
    "payable_days": 30,
    "credit_enquiries_6m": 1,
    "prior_overdue_count": 0,
    "annual_revenue": 10_000_000,
    "registered_capital": 1_000_000,
    "operating_cash_margin": 0.1,
    "loans_to_assets": 0.2,
    "account_inflow_to_revenue": 0.8,
    "amount_to_revenue": 0.1,
    "relationship_years": 3,
}


@pytest.fixture(scope="session")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> LineResult:
    folder: Path = tmp_path_factory.mktemp("model")
    path = folder / "portfolio.csv"
    write_csv(path, rows=800, seed=5)
    return run_line(
        csv_url=str(path),
        recipe=load_recipe("synthetic"),
        spec=TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION, seed=1),
        url=(folder / "1").as_uri(),
    )


@pytest.fixture
async def champion(api: Api, artefact: LineResult) -> AsyncIterator[LineResult]:
    """The artefact in service, in this process."""
    job = await Job.create(kind="TRAIN", state="SUCCEEDED", input={}, started_by_id=1)
    version = await ModelVersion.create(
        name="tiny",
        version=job.id,
        state="CHAMPION",
        job_id=job.id,
        algorithm=artefact.card.kind,
        recipe=artefact.card.recipe,
        artefact_url=artefact.url,
        sha256=artefact.sha256,
        metrics={},
        cutoff=artefact.card.cutoff,
        trained_by_id=1,
    )
    await scoring.served_model().refresh()
    yield artefact
    version.state = "RETIRED"
    await version.save()
    await scoring.served_model().refresh()


def features(**changes: Any) -> list[dict[str, Any]]:
    given = []
    for name, value in (KNOWN | changes).items():
        kind = "text" if isinstance(value, str) else "number"
        given.append({"name": name} | ({} if value is None else {kind: value}))
    return given


async def decided(api: Api, story: Story, **changes: Any) -> dict[str, Any]:
    case: Case = await story.submitted(**changes)
    found = await api.data(api.lender.risk_officer, DECISION, {"id": case.application})
    (decision,) = found["loanApplication"]["decisions"]
    assert 1 <= len(decision["reasons"]) <= 4
    for reason in decision["reasons"]:
        assert reason["en"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in reason["zh"])
    return {"state": found["loanApplication"]["state"], **decision}


def fired(decision: dict[str, Any]) -> set[str]:
    return {rule["code"] for rule in decision["firedRules"]}


async def test_without_a_model_people_decide(api: Api, story: Story) -> None:
    decision = await decided(api, story, features=features())
    assert decision["recommendation"] == "REFER"
    assert decision["state"] == "ASSESSED"
    assert decision["probabilityOfDefault"] is None
    assert "MODEL_UNAVAILABLE" in {reason["code"] for reason in decision["reasons"]}


async def test_a_champion_that_cannot_be_loaded_is_no_model(
    api: Api, story: Story, champion: LineResult, tmp_path: Path
) -> None:
    version = await ModelVersion.get(state="CHAMPION")
    kept = version.artefact_url, version.sha256
    version.artefact_url, version.sha256 = (tmp_path / "gone").as_uri(), "0" * 64
    await version.save()
    await scoring.served_model().refresh()
    decision = await decided(api, story, features=features())
    assert (decision["recommendation"], decision["probabilityOfDefault"]) == ("REFER", None)
    assert "MODEL_UNAVAILABLE" in {reason["code"] for reason in decision["reasons"]}
    version.artefact_url, version.sha256 = kept
    await version.save()


async def test_with_a_model_there_is_a_probability(
    api: Api, story: Story, champion: LineResult
) -> None:
    decision = await decided(api, story, features=features())
    assert 0 < decision["probabilityOfDefault"] < 1
    assert decision["modelSha256"] == champion.sha256
    assert decision["grade"]
    assert "MODEL_UNAVAILABLE" not in fired(decision)


async def test_a_missing_feature_is_scored_as_missing(
    api: Api, story: Story, champion: LineResult
) -> None:
    whole = await decided(api, story, features=features())
    lacking = await decided(api, story, features=features(debt_ratio=None))
    assert lacking["probabilityOfDefault"] is not None
    assert lacking["missingShare"] > whole["missingShare"]


async def test_below_the_floor_of_data_people_decide(
    api: Api, story: Story, champion: LineResult
) -> None:
    decision = await decided(api, story, features=features(**dict.fromkeys(KNOWN)))
    assert decision["missingShare"] > 0.5
    assert decision["probabilityOfDefault"] is not None  # every case gets one
    assert "DATA_QUALITY_FLOOR" in fired(decision)
    assert decision["recommendation"] in {"REFER", "DECLINE"}


async def test_an_unknown_category_is_said_and_referred(
    api: Api, story: Story, champion: LineResult
) -> None:
    decision = await decided(
        api, story, features=features(industry_code="\uff2d\uff21\uff32\uff33")
    )
    assert decision["probabilityOfDefault"] is not None
    assert "UNKNOWN_CATEGORY" in fired(decision)
    assert decision["recommendation"] in {"REFER", "DECLINE"}


async def test_an_unlawful_purpose_is_declined_and_every_outcome_explained(
    api: Api, story: Story, lender: Lender
) -> None:
    decision = await decided(api, story, purpose="FIXED_ASSETS")
    assert (decision["recommendation"], decision["state"]) == ("DECLINE", "REJECTED")
    for rule in decision["firedRules"]:
        assert rule["textZh"]
        assert rule["textEn"]
