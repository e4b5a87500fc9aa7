"""Where a training's rows may come from, and where they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.operations.risk.train_model import TrainingRequest, TrainingSource
from domain.rules.refusal import Refused
from domain.settings import Settings
from ml.synthetic import write_csv
from ml.training_data import load_dataset

REQUEST = {"name": "m", "algorithm": "LOGISTIC_REGRESSION"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "datasets").mkdir()
    return Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg]


def csv_request(name: str, recipe: str = "synthetic") -> TrainingRequest:
    return TrainingRequest(**REQUEST, source=TrainingSource.CSV, csv=name, recipe=recipe)


async def test_a_csv_is_found_in_the_home_and_beside_the_artefacts(settings: Settings) -> None:
    write_csv(settings.home / "datasets" / "own.csv", rows=300, seed=1)
    shared = settings.home / "models" / "datasets"
    shared.mkdir(parents=True)
    write_csv(shared / "shared.csv", rows=400, seed=1)
    assert len(await load_dataset(csv_request("own.csv"), settings)) == 300
    assert len(await load_dataset(csv_request("shared.csv"), settings)) == 400
    with pytest.raises(Refused, match="NOT_FOUND"):
        await load_dataset(csv_request("absent.csv"), settings)


async def test_a_recipe_of_ones_own_lies_beside_the_file(settings: Settings) -> None:
    write_csv(settings.home / "datasets" / "own.csv", rows=300, seed=1)
    (settings.home / "datasets" / "mine.toml").write_text(
        'name = "mine"\ntitle = "Mine"\nprofile = "CN"\ncurrency = "CNY"\ncutoff = 0.5\n'
        '[target]\ncolumn = "defaulted"\nbad = ["1"]\ngood = ["0"]\n'
        '[features]\ndebt_ratio = { column = "debt_ratio", missing = [""] }\n'
    )
    data = await load_dataset(csv_request("own.csv", "mine.toml"), settings)
    assert (data.recipe.name, data.numbers) == ("mine", ("debt_ratio",))
    with pytest.raises(Refused, match="NOT_FOUND"):
        await load_dataset(csv_request("own.csv", "absent.toml"), settings)


async def test_the_synthetic_portfolio_follows_the_seed(settings: Settings) -> None:
    request = TrainingRequest(
        **REQUEST, source=TrainingSource.SYNTHETIC, synthetic_rows=500, seed=4
    )
    first, second = [await load_dataset(request, settings) for _ in range(2)]
    assert len(first) == 500
    assert first.data_sha256 == second.data_sha256
