"""What a feature is, and how a caller's typed features are read.

A feature is what the lender knew about borrower, application or statements on the decision date.
Its value is a number or a category; a value that is not there is *missing*, which is a fact of its
own and never a zero. Serving module: standard library only.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.rules.refusal import ErrorCode, Problem, refuse_if

FeatureValue = float | str  # a number, or a normalised category
FLOAT32_MAX = 3.4028234663852886e38
LONGEST_CATEGORY = 64
YES, NO = "YES", "NO"


class FeatureKind(StrEnum):
    """How a feature is measured. A BOOLEAN is kept as the category YES or NO."""

    NUMBER = "NUMBER"
    CATEGORY = "CATEGORY"
    BOOLEAN = "BOOLEAN"


class Unit(StrEnum):
    """What one unit of a number is; MONEY is major units of the model's currency."""

    MONEY = "MONEY"
    SHARE = "SHARE"
    TIMES = "TIMES"
    DAYS = "DAYS"
    MONTHS = "MONTHS"
    YEARS = "YEARS"
    CALENDAR_YEAR = "CALENDAR_YEAR"
    COUNT = "COUNT"
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One entry of the catalogue; `least` and `most` bound a number, both inclusive."""

    name: str
    kind: FeatureKind
    unit: Unit
    en: str
    zh: str
    meaning: str
    least: float = -FLOAT32_MAX
    most: float = FLOAT32_MAX

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.kind is FeatureKind.NUMBER


def normalise_category(text: str) -> str:
    """Return the one spelling of a category: NFKC, trimmed, upper case; "" means missing."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def parse_features(
    raw: Mapping[str, object],
    *,
    catalogue: Mapping[str, Feature],
    path: tuple[str, ...] = ("features",),
) -> dict[str, FeatureValue]:
    """Read a caller's features, or refuse all that is wrong with them at once.

    `None` (and an empty category) means missing and is left out of the answer. Numbers come as
    int, float or Decimal, categories as str, booleans as bool or YES/NO.

    Raises:
        Refused: an unknown name, a wrong type, a number that is not finite or out of its bounds,
            or a category longer than 64 characters.
    """
    problems: list[Problem] = []
    values: dict[str, FeatureValue] = {}
    for name, value in raw.items():
        feature = catalogue.get(name)
        where = (*path, name)
        if feature is None:
            problems.append(_unknown(name, where, catalogue))
        elif value is not None:
            read = _read(feature, value, where)
            if isinstance(read, Problem):
                problems.append(read)
            elif read != "":
                values[name] = read
    refuse_if(problems)
    return values


def _read(feature: Feature, value: object, where: tuple[str, ...]) -> FeatureValue | Problem:
    if isinstance(value, tuple):
        return Problem(
            ErrorCode.INVALID_VALUE,
            where,
            f"{feature.en} was given more than one value. Give just one.",
            f"{feature.zh}给出了多个值，请只填写一个。",
        )
    if feature.kind is FeatureKind.NUMBER:
        return _read_number(feature, value, where)
    if feature.kind is FeatureKind.BOOLEAN and isinstance(value, bool):
        return YES if value else NO
    if not isinstance(value, str):
        wanted = "true or false" if feature.kind is FeatureKind.BOOLEAN else "a text"
        wanted_zh = "true 或 false" if feature.kind is FeatureKind.BOOLEAN else "文本"
        return _wrong_type(feature, where, wanted, wanted_zh)
    text = normalise_category(value)
    if feature.kind is FeatureKind.BOOLEAN and text not in {"", YES, NO}:
        return _wrong_type(feature, where, "true or false", "true 或 false")
    if len(text) > LONGEST_CATEGORY or not text.isprintable():
        return Problem(
            ErrorCode.INVALID_VALUE,
            where,
            f"{feature.en} must be at most {LONGEST_CATEGORY} printable characters.",
            f"{feature.zh}最多 {LONGEST_CATEGORY} 个可见字符。",
        )
    return text


def _read_number(feature: Feature, value: object, where: tuple[str, ...]) -> float | Problem:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return _wrong_type(feature, where, "a number", "数字")
    try:
        number = float(value)
    except (OverflowError, ValueError):  # an int beyond double precision, a signalling NaN
        number = math.inf
    if not math.isfinite(number):
        return Problem(
            ErrorCode.INVALID_VALUE,
            where,
            f"{feature.en} must be a finite number. Leave it out if it is not known.",
            f"{feature.zh}须为有限数值；如未知请留空。",
        )
    if not feature.least <= number <= feature.most:
        return Problem(
            ErrorCode.OUT_OF_RANGE,
            where,
            f"{feature.en} must be from {feature.least:g} to {feature.most:g}; this is {number:g}.",
            f"{feature.zh}须在 {feature.least:g} 至 {feature.most:g} 之间，当前为 {number:g}。",
        )
    return number


def _wrong_type(feature: Feature, where: tuple[str, ...], en: str, zh: str) -> Problem:
    return Problem(
        ErrorCode.INVALID_VALUE,
        where,
        f"{feature.en} must be {en}. Leave it out if it is not known.",
        f"{feature.zh}须为{zh}；如未知请留空。",
    )


def _unknown(name: str, where: tuple[str, ...], catalogue: Iterable[str]) -> Problem:
    stem = name.partition("_")[0]
    near = [known for known in catalogue if known.partition("_")[0] == stem]
    hint = f" Near it: {', '.join(near[:4])}." if near else ""
    hint_zh = f"相近的有：{'、'.join(near[:4])}。" if near else ""
    return Problem(
        ErrorCode.NOT_FOUND,
        where,
        f"The feature catalogue has no {name[:LONGEST_CATEGORY]!r}.{hint}",
        f"特征目录中没有“{name[:LONGEST_CATEGORY]}”。{hint_zh}",
    )
