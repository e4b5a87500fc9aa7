"""`liudai train`: a training as `trainModel` starts it, watched to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from domain.rules.roles import Role
from domain.settings import get_settings
from liudai.client import Client
from liudai.datasets import keep, read_material
from liudai.errors import EXIT_USAGE, LiudaiError
from liudai.following import train
from liudai.running import refuse_production, running_api, staff_tokens
from ml.spec import ModelKind

_SYNTHETIC = "synthetic"
_MODEL = (
    "query($id: ID!) { node(id: $id) "
    "{ ... on ModelVersion { name version state algorithm sha256 metrics } } }"
)


def run(*, recipe: str, csv: Path | None, algorithm: str, seed: int) -> int:
    """Train, print how the model does on held-out rows, and say what comes next; the exit code."""
    settings = get_settings()
    refuse_production(settings)
    if algorithm not in list(ModelKind):
        known = ", ".join(ModelKind)
        raise LiudaiError(
            f"no algorithm {algorithm!r}; algorithms are {known}", exit_code=EXIT_USAGE
        )
    form: dict[str, Any] = {"algorithm": algorithm, "seed": seed}
    if csv is not None:
        names = keep(settings, read_material(recipe=recipe, csv=csv))
        form |= {"source": "CSV", "recipe": names.recipe, "csv": names.csv}
    elif recipe == _SYNTHETIC:
        form |= {"source": "SYNTHETIC"}
    else:
        raise LiudaiError(
            f"the recipe {recipe} reads a CSV: name it with --csv", exit_code=EXIT_USAGE
        )
    console = Console(highlight=False, soft_wrap=True)
    with running_api(settings, say=console.print) as url:
        operator = Client(url, staff_tokens(settings)[Role.OPERATOR])
        model_id = train(operator, console, **form)
        _show(console, operator.query(_MODEL, id=model_id)["node"])
    return 0


def _show(console: Console, model: dict[str, Any]) -> None:
    report = model["metrics"]
    test, rows = report["test"], report["rows"]
    console.print(f"model {model['name']} version {model['version']} is {model['state']}")
    console.print(f"rows {rows['train']} trained on, {rows['test']} held out")
    console.print(f"accuracy {test['accuracy']:.4f} at cut-off {test['cutoff']:g}")
    console.print(f"AUC {test['auc']:.4f}")
    console.print(f"KS {test['ks']:.4f}")
    console.print(f"sha256 {model['sha256']}")
    console.print(
        "next: a risk officer validates it (validateModel) and promotes it (promoteModel)"
    )
