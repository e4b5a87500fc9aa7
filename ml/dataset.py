"""Training data: a lender's CSV, read by a recipe into a float32 block and a string block.

Cleaning is part of reading: values that are missing by the recipe's codes, that cannot be read, or
that lie outside the catalogue's bounds become missing, and each kind is counted by feature.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import fsspec
import numpy as np
from numpy.typing import NDArray

from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if
from ml.catalogue import CATALOGUE
from ml.encoding import Floats, Strings
from ml.features import NO, YES, FeatureKind, FeatureValue, normalise_category
from ml.recipe import Recipe, Source, decimal_year, read_date

FEWEST_ROWS = 200
FEWEST_OF_A_CLASS = 20
MOST_UNREADABLE = 0.2
_GROUPED_DIGITS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """How many values of a feature became missing, and why."""

    feature: str
    missing: int
    unreadable: int
    out_of_range: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Rows × features with their outcome.

    `x_numbers` is float32 with NaN for missing, `x_categories` holds normalised texts with "" for
    missing; `bad` is 1 for a bad row. `groups` (borrowers) and `dates` are None without a column.
    """

    recipe: Recipe
    data_sha256: str
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    x_numbers: Floats
    x_categories: Strings
    bad: NDArray[np.int8]
    row_ids: tuple[str, ...]
    groups: NDArray[np.intp] | None
    dates: NDArray[np.datetime64] | None
    cleaned: tuple[Cleaned, ...]

    def __len__(self) -> int:
        return len(self.bad)

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Return the given rows, in that order."""
        return replace(
            self,
            x_numbers=self.x_numbers[rows],
            x_categories=self.x_categories[rows],
            bad=self.bad[rows],
            row_ids=tuple(self.row_ids[i] for i in rows.tolist()),
            groups=None if self.groups is None else self.groups[rows],
            dates=None if self.dates is None else self.dates[rows],
        )

    def column(self, feature: str) -> NDArray[Any]:
        """Return one feature's values."""
        if feature in self.numbers:
            return self.x_numbers[:, self.numbers.index(feature)]
        return self.x_categories[:, self.categories.index(feature)]

    def missing_share(self, feature: str) -> float:
        """Return the share of rows where the feature is missing."""
        values = self.column(feature)
        gone = np.isnan(values) if feature in self.numbers else values == ""
        return float(np.mean(gone))

    def features_of(self, row: int) -> dict[str, FeatureValue]:
        """Return one row as the typed features an application would supply; missing ones absent."""
        values: dict[str, FeatureValue] = {
            name: float(value)
            for name, value in zip(self.numbers, self.x_numbers[row].tolist(), strict=True)
            if not math.isnan(value)
        }
        for name, text in zip(self.categories, self.x_categories[row], strict=True):
            if text:
                values[name] = str(text)
        return values


def load_csv(url: str, recipe: Recipe) -> Dataset:
    """Read a CSV (UTF-8, with or without a byte-order mark) from a path or an fsspec URL.

    Raises:
        Refused: the file cannot be opened, or :func:`read_csv` refuses it.
    """
    try:
        with fsspec.open(url, "rb") as file:
            content: bytes = file.read()
    except (OSError, ValueError, ImportError) as error:
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_FOUND,
                    ("csv",),
                    f"The file cannot be opened ({type(error).__name__}). Check its path.",
                    f"无法打开文件（{type(error).__name__}），请检查路径。",
                )
            ]
        ) from error
    return read_csv(content, recipe)


def read_csv(content: bytes, recipe: Recipe) -> Dataset:
    """Read the bytes of a CSV.

    Raises:
        Refused: not UTF-8, not a CSV, or what :func:`from_rows` refuses.
    """
    try:
        text = content.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        header = list(reader.fieldnames or [])
        rows = list(reader)
    except UnicodeDecodeError:
        raise Refused(
            [_csv("it is not UTF-8; save it as UTF-8", "不是 UTF-8 编码，请另存为 UTF-8")]
        ) from None
    except csv.Error as error:
        raise Refused([_csv(f"it cannot be read: {error}", f"无法读取：{error}")]) from None
    problems = [
        _csv(f"column {name} appears {count} times", f"列 {name} 出现 {count} 次")
        for name, count in Counter(header).items()
        if count > 1
    ]
    ragged = sum(None in row or None in row.values() for row in rows)
    if ragged:
        problems.append(
            _csv(
                f"{ragged} rows have more or fewer fields than the header",
                f"{ragged} 行的字段数与表头不一致",
            )
        )
    refuse_if(problems)
    return from_rows(
        rows, header=header, recipe=recipe, data_sha256=hashlib.sha256(content).hexdigest()
    )


def from_rows(
    rows: Sequence[Mapping[str, str]],
    *,
    header: Iterable[str],
    recipe: Recipe,
    data_sha256: str,
) -> Dataset:
    """Build a dataset from rows of texts by column (a CSV, or the lender's own history).

    Raises:
        Refused: a column is absent, an outcome is neither good nor bad, a date cannot be read, a
            feature is mostly unreadable, or there are too few rows or too few of one outcome.
    """
    absent = sorted(recipe.columns() - set(header))
    refuse_if(
        _csv(f"column {name} of the recipe is absent", f"缺少配方所需的列 {name}")
        for name in absent
    )
    problems: list[Problem] = []
    bad = _outcomes(rows, recipe, problems)
    dates = _dates(rows, recipe, problems)
    if len(rows) < FEWEST_ROWS:
        problems.append(
            _csv(
                f"it has {len(rows)} rows; at least {FEWEST_ROWS} are needed",
                f"仅有 {len(rows)} 行，至少需要 {FEWEST_ROWS} 行",
            )
        )
    refuse_if(problems)
    bads = int(bad.sum())
    if min(bads, len(rows) - bads) < FEWEST_OF_A_CLASS:
        problems.append(
            _csv(
                f"it has {bads} bad and {len(rows) - bads} good rows; "
                f"at least {FEWEST_OF_A_CLASS} of each are needed",
                f"坏样本 {bads} 行、好样本 {len(rows) - bads} 行，"
                f"各至少需要 {FEWEST_OF_A_CLASS} 行",
            )
        )
    numbers = [s for s in recipe.sources if CATALOGUE[s.feature].numeric]
    categories = [s for s in recipe.sources if not CATALOGUE[s.feature].numeric]
    cleaned: list[Cleaned] = []
    x_numbers = np.full((len(rows), len(numbers)), np.nan, np.float32)
    for j, source in enumerate(numbers):
        x_numbers[:, j] = _number_column(rows, source, recipe, cleaned)
    x_categories = np.full((len(rows), len(categories)), "", dtype=object)
    for j, source in enumerate(categories):
        x_categories[:, j] = _category_column(rows, source, cleaned)
    problems += _mostly_unreadable(cleaned, len(rows))
    refuse_if(problems)
    return Dataset(
        recipe=recipe,
        data_sha256=data_sha256,
        numbers=tuple(source.feature for source in numbers),
        categories=tuple(source.feature for source in categories),
        x_numbers=x_numbers,
        x_categories=x_categories,
        bad=bad,
        row_ids=tuple(
            row[recipe.row_id] if recipe.row_id else str(i + 1) for i, row in enumerate(rows)
        ),
        groups=_groups(rows, recipe),
        dates=dates,
        cleaned=tuple(cleaned),
    )


def _mostly_unreadable(cleaned: Iterable[Cleaned], rows: int) -> list[Problem]:
    return [
        _csv(
            f"{found.unreadable} values of {found.feature} cannot be read; is it the right column?",
            f"{found.feature} 有 {found.unreadable} 个值无法读取，请检查列是否正确",
        )
        for found in cleaned
        if found.unreadable > MOST_UNREADABLE * rows
    ]


def _outcomes(
    rows: Sequence[Mapping[str, str]], recipe: Recipe, problems: list[Problem]
) -> NDArray[np.int8]:
    texts = [row[recipe.target].strip() for row in rows]
    strange = sorted(set(texts) - recipe.good - recipe.bad)
    if strange:
        shown = ", ".join(repr(text[:20]) for text in strange[:5])
        problems.append(
            _csv(
                f"the target {recipe.target} is neither good nor bad where it is {shown}",
                f"目标列 {recipe.target} 的取值 {shown} 既非好也非坏",
            )
        )
    return np.array([text in recipe.bad for text in texts], np.int8)


def _dates(
    rows: Sequence[Mapping[str, str]], recipe: Recipe, problems: list[Problem]
) -> NDArray[np.datetime64] | None:
    if not recipe.date:
        return None
    found = []
    wrong = 0
    for row in rows:
        try:
            found.append(
                np.datetime64(read_date(row[recipe.date].strip(), recipe.date_format), "D")
            )
        except (ValueError, OverflowError):
            wrong += 1
    if wrong:
        problems.append(
            _csv(
                f"{wrong} dates in {recipe.date} cannot be read as {recipe.date_format}",
                f"列 {recipe.date} 有 {wrong} 个日期不符合 {recipe.date_format} 格式",
            )
        )
    return np.array(found, "datetime64[D]")


def _groups(rows: Sequence[Mapping[str, str]], recipe: Recipe) -> NDArray[np.intp] | None:
    """Number the groups by name; a row without a name is a group of its own."""
    if not recipe.group:
        return None
    names = [normalise_category(row[recipe.group]) or f"\x00{i}" for i, row in enumerate(rows)]
    return np.unique(np.array(names, dtype=object), return_inverse=True)[1]


def _number_column(
    rows: Sequence[Mapping[str, str]], source: Source, recipe: Recipe, cleaned: list[Cleaned]
) -> list[float]:
    feature = CATALOGUE[source.feature]
    missing = unreadable = outside = 0
    values = []
    for row in rows:
        texts = [row[source.column].strip()]
        if source.per:
            texts.append(row[source.per].strip())
        value = math.nan
        if any(text in source.missing for text in texts):
            missing += 1
        else:
            read = _number(texts, source, recipe)
            if read is None:
                unreadable += 1
            elif not feature.least <= read <= feature.most:
                outside += 1
            else:
                value = read
        values.append(value)
    cleaned.append(
        Cleaned(
            feature=source.feature, missing=missing, unreadable=unreadable, out_of_range=outside
        )
    )
    return values


def _number(texts: list[str], source: Source, recipe: Recipe) -> float | None:
    if source.year:
        try:
            return decimal_year(read_date(texts[0], recipe.date_format))
        except (ValueError, OverflowError):
            return None
    parts = [_parse(text) for text in texts]
    if None in parts:
        return None
    value = (parts[0] or 0.0) * source.scale
    if len(parts) == 2:
        return value / parts[1] if parts[1] else math.inf
    return value


def _parse(text: str) -> float | None:
    if _GROUPED_DIGITS.fullmatch(text):
        return float(text.replace(",", ""))
    return float(text) if _NUMBER.fullmatch(text) and text.isascii() else None


def _category_column(
    rows: Sequence[Mapping[str, str]], source: Source, cleaned: list[Cleaned]
) -> list[str]:
    boolean = CATALOGUE[source.feature].kind is FeatureKind.BOOLEAN
    missing = unreadable = 0
    values = []
    for row in rows:
        text = row[source.column].strip()
        if text in source.missing:
            missing += 1
            values.append("")
            continue
        if source.levels or source.other is not None:
            text = source.levels.get(text, text if source.other is None else source.other)
        text = normalise_category(text)
        text = text[: source.prefix] if source.prefix else text
        if boolean and text not in {YES, NO}:
            unreadable += 1
            text = ""
        values.append(text)
    cleaned.append(
        Cleaned(feature=source.feature, missing=missing, unreadable=unreadable, out_of_range=0)
    )
    return values


def _csv(en: str, zh: str) -> Problem:
    return Problem(ErrorCode.INVALID_VALUE, ("csv",), f"The file: {en}.", f"文件：{zh}。")
