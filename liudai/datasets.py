"""Files for a training: a CSV and its recipe, put where the worker looks for them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from domain.rules.refusal import Refused
from domain.settings import Settings
from liudai.errors import EXIT_USAGE, LiudaiError
from ml.recipe import Recipe, load_recipe, read_recipe
from ml.training_data import DATASETS

_STEM = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Material:
    """A recipe as read, and the names by which `trainModel` knows recipe and CSV."""

    recipe: Recipe
    recipe_name: str
    csv_name: str
    content: bytes


def place(settings: Settings, *, recipe: str, csv: Path) -> Material:
    """Copy the CSV (and a recipe of one's own) into the datasets of LIUDAI_HOME.

    Raises LiudaiError for a file that cannot be read or a recipe that is wrong.
    """
    content = _read(csv)
    try:
        read, recipe_name = _recipe(settings, recipe)
    except Refused as refusal:
        raise refused(refusal) from None
    csv_name = _keep(settings, content, stem=csv.stem, suffix=".csv")
    return Material(read, recipe_name, csv_name, content)


def refused(refusal: Refused) -> LiudaiError:
    """Return the refusal's sentences as the one line of the command."""
    said = " ".join(problem.en for problem in refusal.problems)
    return LiudaiError(said, exit_code=EXIT_USAGE)


def _recipe(settings: Settings, recipe: str) -> tuple[Recipe, str]:
    if not recipe.endswith(".toml"):
        return load_recipe(recipe), recipe
    content = _read(Path(recipe))
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise LiudaiError(f"{recipe} is not UTF-8: save it as UTF-8", exit_code=2) from None
    read = read_recipe(text)
    return read, _keep(settings, content, stem=Path(recipe).stem, suffix=".toml")


def _keep(settings: Settings, content: bytes, *, stem: str, suffix: str) -> str:
    """Write the file under a name that holds its hash, so that no other is overwritten."""
    short = _STEM.sub("-", stem).strip("-")[:30] or "data"
    name = f"{short}-{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
    folder = settings.home / DATASETS
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{name}.part"
    fresh.write_bytes(content)
    fresh.replace(folder / name)
    return name


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LiudaiError(f"{path}: {error.strerror}", exit_code=EXIT_USAGE) from None
