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


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A CSV and its recipe as read; `own_recipe` is the TOML of one that is not shipped."""

    recipe: Recipe
    own_recipe: bytes | None
    recipe_stem: str
    csv: bytes
    csv_stem: str


@dataclass(frozen=True, slots=True)
class Names:
    """By what names `trainModel` knows the recipe and the CSV."""

    recipe: str
    csv: str


def read_material(*, recipe: str, csv: Path) -> Material:
    """Read a CSV and its recipe: a shipped one, or the path of a TOML file.

    Raises LiudaiError for a file that cannot be read or a recipe that is wrong.
    """
    own = _read(Path(recipe)) if recipe.endswith(".toml") else None
    try:
        known = load_recipe(recipe) if own is None else read_recipe(_text(own, recipe))
    except Refused as refusal:
        raise refused(refusal) from None
    return Material(
        recipe=known,
        own_recipe=own,
        recipe_stem=recipe if own is None else Path(recipe).stem,
        csv=_read(csv),
        csv_stem=csv.stem,
    )


def keep(settings: Settings, material: Material) -> Names:
    """Copy the CSV (and a recipe of one's own) into the datasets of LIUDAI_HOME."""
    recipe = material.recipe_stem
    if material.own_recipe is not None:
        recipe = _keep(settings, material.own_recipe, stem=recipe, suffix=".toml")
    return Names(recipe, _keep(settings, material.csv, stem=material.csv_stem, suffix=".csv"))


def refused(refusal: Refused) -> LiudaiError:
    """Return the refusal's sentences as the one line of the command."""
    said = " ".join(problem.en for problem in refusal.problems)
    return LiudaiError(said, exit_code=EXIT_USAGE)


def _text(content: bytes, path: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise LiudaiError(f"{path} is not UTF-8: save it as UTF-8", exit_code=EXIT_USAGE) from None


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
