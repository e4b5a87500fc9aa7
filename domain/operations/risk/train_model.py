"""Start the training of a model: a job for a worker, in the name of the person who asked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from domain.actor import Actor
from domain.operations.jobs import create_job
from domain.operations.perform import Done, Result, Step, perform
from domain.rules.form import Form
from domain.rules.jobs import JobKind
from domain.rules.refusal import ErrorCode, Problem

SYNTHETIC_ROWS_LEAST, SYNTHETIC_ROWS_MOST = 500, 200_000
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
# A bare file name: no separator, no leading dot, so it cannot leave the folder of datasets.
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.csv")


class TrainingSource(StrEnum):
    """Where the training rows come from."""

    CSV = "CSV"
    """A file in the folder `datasets` of LIUDAI_HOME, or beside the model artefacts."""
    HISTORY = "HISTORY"
    """The lender's own decisions and how they turned out."""
    SYNTHETIC = "SYNTHETIC"
    """A portfolio drawn from a seed, whose truth is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """What the form gives. None stands for the default of the model line.

    `recipe` names how a CSV is read (none with HISTORY), `csv` its file, `currency` the loans that
    HISTORY looks at. `test_from` (an out-of-time split) excludes `test_fraction`.
    """

    name: str
    source: TrainingSource
    algorithm: str
    recipe: str = ""
    csv: str = ""
    currency: str = ""
    synthetic_rows: int | None = None
    test_fraction: float | None = None
    test_from: dt.date | None = None
    seed: int = 0
    cutoff: float | None = None
    correlation_cut: float | None = None
    information_floor: float | None = None


def _stored(request: TrainingRequest) -> dict[str, Any]:
    test_from = request.test_from.isoformat() if request.test_from else None
    return asdict(request) | {"source": str(request.source), "test_from": test_from}


def read_request(stored: Mapping[str, Any]) -> TrainingRequest:
    """Return the request as a job's `input` keeps it."""
    values = dict(stored)
    values["source"] = TrainingSource(values["source"])
    if values["test_from"] is not None:
        values["test_from"] = dt.date.fromisoformat(values["test_from"])
    return TrainingRequest(**values)


CheckTraining = Callable[[TrainingRequest], list[Problem]]


async def train_model(
    *, actor: Actor, key: str, request: TrainingRequest, check: CheckTraining
) -> Done:
    """Queue the training and return at once; the caller then sends the message.

    `check` is the model line's own say on recipe, algorithm and numbers
    (`ml.training_request.training_problems`). Result: `job`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        _read(request, check)
        job = await create_job(step, kind=JobKind.TRAIN_MODEL, arguments=_stored(request))
        return {"job": job.id}

    return await perform(
        actor=actor, action="trainModel", key=key, arguments=asdict(request), work=work
    )


def _read(request: TrainingRequest, check: CheckTraining) -> None:
    form = Form()
    name = form.text("name", request.name, longest=60)
    if name and not _NAME.fullmatch(request.name):
        form.add(
            ErrorCode.INVALID_VALUE,
            "name",
            "The model's name has lower-case letters, digits, - and _, and starts with a letter.",
            "模型名称只能用小写字母、数字、- 和 _，并以字母开头。",
        )
    if request.source is TrainingSource.CSV:
        _read_csv(form, request)
    if request.source is TrainingSource.HISTORY:
        form.currency("currency", request.currency)
    if request.synthetic_rows is not None:
        form.whole(
            "syntheticRows",
            request.synthetic_rows,
            least=SYNTHETIC_ROWS_LEAST,
            most=SYNTHETIC_ROWS_MOST,
        )
    if request.test_from is not None:
        form.date("testFrom", request.test_from)
        if request.test_fraction is not None:
            form.add(
                ErrorCode.INVALID_VALUE,
                "testFraction",
                "Give testFraction or testFrom, not both.",
                "testFraction 与 testFrom 只能填写其一。",
            )
    form.extend(check(request))
    form.refuse()


def _read_csv(form: Form, request: TrainingRequest) -> None:
    if not form.text("csv", request.csv, longest=104):
        return
    if not _FILE.fullmatch(request.csv) or ".." in request.csv:
        form.add(
            ErrorCode.INVALID_VALUE,
            "csv",
            "Give the name of a .csv file in the folder of datasets, without any path.",
            "请填写数据集目录中的 .csv 文件名，不含路径。",
        )
