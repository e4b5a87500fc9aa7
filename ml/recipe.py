"""A recipe says how a lender's CSV becomes training data: column → feature, target, what to drop.

Recipes are TOML. Those shipped stand in `ml/recipes/`; a lender's own has the same form.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from typing import Any

from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if
from ml.catalogue import CATALOGUE

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SAS_EPOCH = dt.date(1960, 1, 1)


class DateFormat(StrEnum):
    """How a date column is written: 2026-01-31, or days since 1960-01-01 as SAS counts."""

    ISO = "ISO"
    SAS = "SAS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a feature comes from and how its text is read.

    Numbers: `year` reads a date as a decimal year, `per` divides by another column, `scale`
    multiplies (10000 for a file in 万元). Categories: `prefix` keeps that many characters, `levels`
    renames values, and `other` is the name of all values `levels` does not have.
    """

    feature: str
    column: str
    missing: frozenset[str]
    year: bool = False
    per: str = ""
    scale: float = 1.0
    prefix: int = 0
    levels: Mapping[str, str] = field(default_factory=dict)
    other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A recipe as read; `sha256` is of its text. `dropped` gives the reason for each column."""

    name: str
    title: str
    profile: str
    currency: str
    cutoff: float
    target: str
    bad: frozenset[str]
    good: frozenset[str]
    sources: tuple[Source, ...]
    dropped: Mapping[str, str]
    row_id: str
    group: str
    date: str
    date_format: DateFormat
    sha256: str

    def columns(self) -> set[str]:
        """Return every column the file must have."""
        used = {self.target, self.row_id, self.group, self.date}
        used |= {source.column for source in self.sources}
        used |= {source.per for source in self.sources}
        return used - {""}


def shipped_recipes() -> tuple[str, ...]:
    """Return the names of the recipes in `ml/recipes/`."""
    files = (resources.files("ml") / "recipes").iterdir()
    return tuple(sorted(f.name[:-5] for f in files if f.name.endswith(".toml")))


def load_recipe(name: str) -> Recipe:
    """Return a shipped recipe.

    Raises:
        Refused: there is none of that name.
    """
    if name not in shipped_recipes():
        known = ", ".join(shipped_recipes())
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_FOUND,
                    ("recipe",),
                    f"There is no recipe {name[:40]!r}. Recipes: {known}.",
                    f"没有名为“{name[:40]}”的配方。现有配方：{known}。",
                )
            ]
        )
    return read_recipe((resources.files("ml") / "recipes" / f"{name}.toml").read_text("utf-8"))


def read_recipe(text: str) -> Recipe:
    """Read a recipe from TOML.

    Raises:
        Refused: every mistake found, with the TOML key as path under `recipe`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused([_bad((), f"it is not TOML: {error}", f"不是有效的 TOML：{error}")]) from None
    reader = _Reader()
    recipe = reader.recipe(data, hashlib.sha256(text.encode()).hexdigest())
    refuse_if(reader.problems)
    return recipe


def read_date(text: str, form: DateFormat) -> dt.date:
    """Read a date of the file. Raises ValueError or OverflowError for anything else."""
    if form is DateFormat.ISO:
        return dt.date.fromisoformat(text)
    return _SAS_EPOCH + dt.timedelta(days=int(text))


def decimal_year(date: dt.date) -> float:
    """Return the year with the share of it that has passed; 2006-07-02 is 2006.498…"""
    first = dt.date(date.year, 1, 1)
    days = 366 if date.year % 4 == 0 and (date.year % 100 != 0 or date.year % 400 == 0) else 365
    return date.year + (date - first).days / days


class _Reader:
    """Reads tables strictly: an unknown key is a mistake, since it would silently do nothing."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def recipe(self, data: dict[str, Any], sha256: str) -> Recipe:
        target = self._table(data, "target")
        rows = self._table(data, "rows")
        features = self._table(data, "features")
        dropped = self._table(data, "drop")
        missing = self._texts(data, ("missing",), optional=True)
        name = self._text(data, ("name",))
        if not _NAME.fullmatch(name):
            self._note(
                ("name",), "use lower-case letters, digits and _", "请用小写字母、数字和下划线"
            )
        cutoff = data.pop("cutoff", 0.5)
        if not isinstance(cutoff, float) or not 0 < cutoff < 1:
            self._note(("cutoff",), "give a number between 0 and 1", "请给出 0 与 1 之间的数")
            cutoff = 0.5
        bad, good = (frozenset(self._texts(target, ("target", key))) for key in ("bad", "good"))
        if bad & good:
            self._note(("target",), "a value is both bad and good", "同一取值既为坏又为好")
        recipe = Recipe(
            name=name,
            title=self._text(data, ("title",)),
            profile=self._text(data, ("profile",)),
            currency=self._text(data, ("currency",)),
            cutoff=cutoff,
            target=self._text(target, ("target", "column")),
            bad=bad,
            good=good,
            sources=tuple(self._source(n, t, missing) for n, t in features.items()),
            dropped={column: str(reason) for column, reason in dropped.items()},
            row_id=self._text(rows, ("rows", "id"), optional=True),
            group=self._text(rows, ("rows", "group"), optional=True),
            date=self._text(rows, ("rows", "date"), optional=True),
            date_format=self._date_format(rows),
            sha256=sha256,
        )
        for where, table in (((), data), (("target",), target), (("rows",), rows)):
            self._no_more(where, table)
        self._check(recipe)
        return recipe

    def _check(self, recipe: Recipe) -> None:
        if not recipe.sources:
            self._note(("features",), "name at least one feature", "至少需要一个特征")
        for source in recipe.sources:
            where = ("features", source.feature)
            for column in {source.column, source.per} & set(recipe.dropped):
                self._note(where, f"column {column} is also dropped", f"列 {column} 同时被剔除")
            if recipe.target in {source.column, source.per}:
                self._note(where, "it reads the target itself", "该特征读取了目标列本身")

    def _source(self, name: str, table: Any, missing: list[str]) -> Source:
        where = ("features", name)
        feature = CATALOGUE.get(name)
        if feature is None:
            self._note(where, "the feature catalogue has no such name", "特征目录中没有此名称")
        if not isinstance(table, dict):
            self._note(where, "give a table with the column", "请给出含 column 的表")
            table = {"column": "?"}
        table = dict(table)
        levels = self._table(table, "levels", where)
        source = Source(
            feature=name,
            column=self._text(table, (*where, "column")),
            missing=frozenset([*missing, *self._texts(table, (*where, "missing"), optional=True)]),
            year=table.pop("year", False) is True,
            per=self._text(table, (*where, "per"), optional=True),
            scale=self._scale(table, where),
            prefix=self._prefix(table, where),
            levels={key: str(value) for key, value in levels.items()},
            other=self._text(table, (*where, "other")) if "other" in table else None,
        )
        self._no_more(where, table)
        text_only = bool(source.prefix or source.levels or source.other is not None)
        number_only = bool(source.year or source.per or source.scale != 1.0)
        if feature is not None and (text_only if feature.numeric else number_only):
            kind = feature.kind
            self._note(where, f"a transform does not suit a {kind}", f"变换不适用于 {kind} 类特征")
        return source

    def _scale(self, table: dict[str, Any], where: tuple[str, ...]) -> float:
        scale = table.pop("scale", 1.0)
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < 1e12:
            self._note((*where, "scale"), "give a positive number", "请给出正数")
            return 1.0
        return float(scale)

    def _prefix(self, table: dict[str, Any], where: tuple[str, ...]) -> int:
        prefix = table.pop("prefix", 0)
        if isinstance(prefix, bool) or not isinstance(prefix, int) or prefix < 0:
            self._note((*where, "prefix"), "give a whole number", "请给出整数")
            return 0
        return prefix

    def _date_format(self, rows: dict[str, Any]) -> DateFormat:
        form = rows.pop("date_format", "ISO")
        if form in list(DateFormat):
            return DateFormat(form)
        self._note(("rows", "date_format"), "use ISO or SAS", "请使用 ISO 或 SAS")
        return DateFormat.ISO

    def _table(
        self, table: dict[str, Any], key: str, where: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        found = table.pop(key, {})
        if isinstance(found, dict):
            return dict(found)
        self._note((*where, key), "it must be a table", "必须是表")
        return {}

    def _text(self, table: dict[str, Any], where: tuple[str, ...], optional: bool = False) -> str:
        found = table.pop(where[-1], "" if optional else None)
        if isinstance(found, str) and (found or optional):
            return found
        self._note(where, "give a text", "请给出文本")
        return "?"

    def _texts(
        self, table: dict[str, Any], where: tuple[str, ...], optional: bool = False
    ) -> list[str]:
        found = table.pop(where[-1], [] if optional else None)
        texts = isinstance(found, list) and all(isinstance(text, str) for text in found)
        if texts and (found or optional):
            return list(found)
        self._note(where, "give a list of texts", "请给出文本列表")
        return []

    def _no_more(self, where: tuple[str, ...], table: dict[str, Any]) -> None:
        for key in table:
            self._note((*where, key), "no recipe has this key", "配方没有此键")

    def _note(self, where: tuple[str, ...], en: str, zh: str) -> None:
        self.problems.append(_bad(where, en, zh))


def _bad(where: tuple[str, ...], en: str, zh: str) -> Problem:
    key = ".".join(where) or "the file"
    return Problem(
        ErrorCode.INVALID_VALUE, ("recipe", *where), f"Recipe, {key}: {en}.", f"配方 {key}：{zh}。"
    )
