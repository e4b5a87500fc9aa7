"""The rows of a training, from wherever the request says. Training side."""

from __future__ import annotations

import hashlib

import fsspec
import orjson

from domain.operations.risk.train_model import TrainingRequest, TrainingSource
from domain.queries.risk.history import DecidedCase, decided_cases
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.settings import Settings
from ml.catalogue import CATALOGUE
from ml.dataset import Dataset, from_rows, load_csv, read_csv
from ml.recipe import DateFormat, Recipe, Source, load_recipe, read_recipe
from ml.synthetic import csv_bytes, generate
from ml.training_request import RECIPE_FILE, SYNTHETIC_ROWS, recipe_name

DATASETS = "datasets"
_HISTORY_CUTOFF = 0.5
_TARGET, _ID, _BORROWER, _DATE = "bad", "decision", "borrower", "decided_on"


async def load_dataset(request: TrainingRequest, settings: Settings) -> Dataset:
    """Return the rows. Raises Refused with what is wrong with the file, or that there are too few.

    A CSV (and a recipe of one's own) is looked for by its bare name in the folder `datasets` of
    LIUDAI_HOME, then of the model artefacts, and nowhere else.
    """
    if request.source is TrainingSource.SYNTHETIC:
        rows = request.synthetic_rows or SYNTHETIC_ROWS
        content = csv_bytes(generate(rows=rows, seed=request.seed))
        return read_csv(content, load_recipe("synthetic"))
    if request.source is TrainingSource.HISTORY:
        return history_dataset(
            await decided_cases(currency=request.currency),
            currency=request.currency,
            profile=settings.profile,
        )
    return load_csv(_find(request.csv, settings), _recipe(recipe_name(request), settings))


def history_dataset(cases: list[DecidedCase], *, currency: str, profile: str) -> Dataset:
    """Return decided cases as a dataset: every feature of the catalogue that any of them has.

    Raises Refused when there are too few good or bad ones to learn from.
    """
    present = {name for case in cases for name in case.features}
    features = [name for name in CATALOGUE if name in present]
    recipe = Recipe(
        name="history",
        title="The lender's own decisions",
        profile=profile,
        currency=currency,
        cutoff=_HISTORY_CUTOFF,
        target=_TARGET,
        bad=frozenset({"1"}),
        good=frozenset({"0"}),
        sources=tuple(
            Source(feature=name, column=name, missing=frozenset({""})) for name in features
        ),
        dropped={},
        row_id=_ID,
        group=_BORROWER,
        date=_DATE,
        date_format=DateFormat.ISO,
        sha256=hashlib.sha256(orjson.dumps(features)).hexdigest(),
    )
    rows = [_row(case, features) for case in cases]
    return from_rows(
        rows,
        header=[_TARGET, _ID, _BORROWER, _DATE, *features],
        recipe=recipe,
        data_sha256=hashlib.sha256(orjson.dumps(rows)).hexdigest(),
    )


def _row(case: DecidedCase, features: list[str]) -> dict[str, str]:
    texts = {name: _text(case.features.get(name)) for name in features}
    return texts | {
        _TARGET: "1" if case.bad else "0",
        _ID: str(case.decision_id),
        _BORROWER: str(case.borrower_id),
        _DATE: case.decided_on.isoformat(),
    }


def _text(value: float | str | None) -> str:
    return "" if value is None else str(value)


def _recipe(name: str, settings: Settings) -> Recipe:
    if not RECIPE_FILE.fullmatch(name):
        return load_recipe(name)
    with fsspec.open(_find(name, settings), "r", encoding="utf-8") as file:
        return read_recipe(file.read())


def _find(name: str, settings: Settings) -> str:
    local = settings.home / DATASETS / name
    if local.is_file():
        return local.as_uri()
    shared = f"{settings.artefacts_url.rstrip('/')}/{DATASETS}/{name}"
    fs, path = fsspec.core.url_to_fs(shared)
    if fs.isfile(path):
        return shared
    raise Refused(
        [
            Problem(
                ErrorCode.NOT_FOUND,
                ("csv",),
                f"There is no file {name} among the datasets. Put it into {DATASETS}/ of "
                "LIUDAI_HOME, or of the model artefacts.",
                f"数据集中没有文件 {name}，请将其放入 LIUDAI_HOME 或模型存储的 {DATASETS}/ 目录。",
            )
        ]
    )
