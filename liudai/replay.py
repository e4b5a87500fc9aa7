"""`liudai replay`: real loans with known outcomes, decided by the running system.

A model is trained on 70 % of a CSV through the API and the worker, put into service by the people
whose task that is, and the other 30 % are submitted as applications over HTTP. What was served is
then held against what happened, and against scikit-learn's own answer for the same rows.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from domain.queries.risk.models import find_champion
from domain.rules.refusal import Refused
from domain.rules.roles import Role
from domain.settings import Settings, get_settings
from liudai.applying import PROFILE, Answer, Batch, Case, Desk, in_parallel
from liudai.client import Client
from liudai.datasets import Names, keep, read_material, refused
from liudai.errors import EXIT_FAILED, EXIT_USAGE, LiudaiError
from liudai.following import counting, train
from liudai.replay_figures import Figures, Outcome, measure, show, show_median
from liudai.running import refuse_production, running_api, staff_tokens, with_database
from ml.artefact import HoldoutRow, load_holdout
from ml.catalogue import CATALOGUE
from ml.dataset import Dataset, read_csv
from ml.spec import ModelKind, TrainingSpec
from ml.split import split_rows

TEST_FRACTION = 0.3
ALGORITHM = ModelKind.RANDOM_FOREST
_SERVED_SECONDS = 15.0
_UNKNOWN_AMOUNT = Decimal(50_000)
_SEEDS = re.compile(r"(\d{1,6})-(\d{1,6})")
_SEEDS_MAX = 100


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """What one seed replays: rows of the data, of `all_rows` that the model is not trained on."""

    seed: int
    rows: Sequence[int]
    all_rows: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Stage:
    settings: Settings
    console: Console
    names: Names
    data: Dataset
    url: str
    tokens: Mapping[Role, str]
    clients: int


def run(
    *,
    recipe: str,
    csv: Path,
    seed: int,
    clients: int,
    rows: int | None,
    seeds: str | None = None,
    url: str | None = None,
) -> int:
    """Replay for `seed`, or for each of `seeds` ("0-4"), and print the figures.

    `rows` submits only so many of the held-out rows, drawn by the seed; `url` uses an API that
    runs on the same database. The exit code is 0 when every row was decided on and no served PD is
    further than 1e-5 from scikit-learn's.
    """
    settings = get_settings()
    console = Console(highlight=False, soft_wrap=True)
    refuse_production(settings)
    wanted = [seed] if seeds is None else parse_seeds(seeds)
    material = read_material(recipe=recipe, csv=csv)
    if material.recipe.profile != PROFILE:
        raise LiudaiError(
            f"the recipe {material.recipe.name} is of profile {material.recipe.profile}; "
            f"only {PROFILE} borrowers can be made from a file",
            exit_code=EXIT_USAGE,
        )
    try:
        data = read_csv(material.csv, material.recipe)
        held_out = [_hold_out(data, seed=each, most=rows) for each in wanted]
    except Refused as refusal:
        raise refused(refusal) from None
    names = keep(settings, material)
    with running_api(settings, url=url, say=console.print) as address:
        tokens = staff_tokens(settings)
        stage = _Stage(settings, console, names, data, address, tokens, clients)
        figures = [_replay(stage, each) for each in held_out]
    if len(figures) > 1:
        show_median(console, figures)
    return 0 if all(each.holds for each in figures) else EXIT_FAILED


def parse_seeds(text: str) -> list[int]:
    """Read "3" or "0-4" (both ends included). Raises LiudaiError for anything else."""
    found = _SEEDS.fullmatch(text if "-" in text else f"{text}-{text}")
    if found:
        first, last = int(found[1]), int(found[2])
        if 0 <= last - first < _SEEDS_MAX:
            return list(range(first, last + 1))
    raise LiudaiError(f"--seeds: write a range such as 0-4, not {text!r}", exit_code=EXIT_USAGE)


def _hold_out(data: Dataset, *, seed: int, most: int | None) -> _HeldOut:
    spec = TrainingSpec(kind=ALGORITHM, test_fraction=TEST_FRACTION, seed=seed)
    all_rows = split_rows(data, spec).test
    chosen = all_rows
    if most is not None and most < len(all_rows):
        chosen = np.sort(np.random.default_rng(seed).choice(all_rows, most, replace=False))
    return _HeldOut(seed, chosen.tolist(), all_rows.tolist())


def _replay(stage: _Stage, held_out: _HeldOut) -> Figures:
    console = stage.console
    console.print(
        f"seed {held_out.seed}: training a {ALGORITHM} on "
        f"{len(stage.data) - len(held_out.all_rows)} rows"
    )
    sha256 = _put_in_service(stage, held_out.seed)
    reference = _reference(stage.data, held_out, sha256)
    references = {f"replay-{secrets.token_hex(5)}-{row}": row for row in held_out.rows}
    cases = {name: _case(stage.data, row, name) for name, row in references.items()}
    answers, failures, seconds = _submit(stage, cases)
    outcomes = []
    for name, answer in answers.items():
        if answer.model_sha256 != sha256:
            failures[name] = "it was scored by another model than the one just promoted"
            continue
        row = references[name]
        outcomes.append(
            Outcome(
                bad=bool(stage.data.bad[row]),
                served_pd=answer.probability_of_default,
                reference_pd=reference[row].pd,
                recommendation=answer.recommendation,
                seconds=answer.seconds,
            )
        )
    figures = measure(
        outcomes,
        submitted=len(cases),
        failures=failures,
        seconds=seconds,
        clients=stage.clients,
    )
    show(console, figures)
    return figures


def _put_in_service(stage: _Stage, seed: int) -> str:
    """Train, validate, promote, and wait until the API serves the model; return its sha256."""
    model_id = train(
        Client(stage.url, stage.tokens[Role.OPERATOR]),
        stage.console,
        name="replay",
        source="CSV",
        algorithm=str(ALGORITHM),
        recipe=stage.names.recipe,
        csv=stage.names.csv,
        testFraction=TEST_FRACTION,
        seed=seed,
    )
    token = stage.tokens[Role.RISK_OFFICER]
    officer = Client(stage.url, token)
    form = {"modelId": model_id}
    officer.mutate("validateModel", "model { state }", **form)
    wanted = "model { name version sha256 }"
    model: dict[str, Any] = officer.mutate("promoteModel", wanted, **form)["model"]
    sha256 = str(model["sha256"])
    # The connection that Client keeps reaches one process; a new one each time may reach any.
    in_a_row = 1 if stage.settings.api_processes == 1 else 8 * stage.settings.api_processes
    deadline, seen = time.monotonic() + _SERVED_SECONDS, 0
    while seen < in_a_row:
        served = str(Client(stage.url, token).health().get("model") or "")
        seen = seen + 1 if served.endswith(f":{sha256[:12]}") else 0
        if not seen:
            if time.monotonic() > deadline:
                raise LiudaiError(f"the API does not serve the promoted model: it has {served}")
            time.sleep(0.1)
    stage.console.print(f"  model {model['name']} version {model['version']} is in service")
    return sha256


def _reference(data: Dataset, held_out: _HeldOut, sha256: str) -> dict[int, HoldoutRow]:
    """Return scikit-learn's PD for each held-out row, as the training left it."""
    champion = with_database(find_champion)
    if champion is None or champion.sha256 != sha256:
        raise LiudaiError("another model was promoted meanwhile: run the replay again")
    rows = load_holdout(champion.artefact_url, sha256)
    ids = [data.row_ids[row] for row in held_out.all_rows]
    if [row.row_id for row in rows] != ids:
        raise LiudaiError("the worker held other rows out: are all processes of one version?")
    return dict(zip(held_out.all_rows, rows, strict=True))


def _submit(
    stage: _Stage, cases: Mapping[str, Case]
) -> tuple[Mapping[str, Answer], dict[str, str], float]:
    """Open a file for each case, then submit them all; return also the seconds of the second."""
    desk = Desk(stage.url, stage.tokens, currency=stage.data.recipe.currency)
    console, clients = stage.console, stage.clients
    with counting(console, "borrowers and facilities", total=len(cases)) as done:
        files = in_parallel(desk.open_file, cases, clients=clients, done=done)
    with counting(console, "applications", total=len(files.results)) as done:
        batch: Batch[Answer] = in_parallel(desk.apply, files.results, clients=clients, done=done)
    return batch.results, {**files.failures, **batch.failures}, batch.seconds


def _case(data: Dataset, row: int, reference: str) -> Case:
    """Return a row as an application. A feature the file lacks is given as missing: left out, it
    might be derived from what the lender has on record of the new borrower."""
    known = data.features_of(row)
    features: list[dict[str, Any]] = []
    for name in (*data.numbers, *data.categories):
        value = known.get(name)
        kind = "number" if CATALOGUE[name].numeric else "text"
        features.append({"name": name} if value is None else {"name": name, kind: value})
    asked = known.get("requested_amount")
    amount = _UNKNOWN_AMOUNT if asked is None else Decimal(str(asked))
    return Case(reference, amount, features)
