"""The sentences of reason codes, in English and Chinese. Serving module: standard library only.

A sentence names the feature, its value, and what is typical in the training data, and says only
that it raises the estimated risk: which way the model found that to be is read off the values.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml.catalogue import CATALOGUE
from ml.features import NO, YES, Feature, FeatureValue, Unit

_UNITS_EN = {Unit.DAYS: " days", Unit.MONTHS: " months", Unit.YEARS: " years", Unit.TIMES: "×"}
_UNITS_ZH = {Unit.DAYS: "天", Unit.MONTHS: "个月", Unit.YEARS: "年", Unit.TIMES: "倍"}
_YES_NO_ZH = {YES: "是", NO: "否"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A reason's code and its two sentences."""

    code: str
    en: str
    zh: str


def sentence(
    name: str, value: FeatureValue | None, *, typical: FeatureValue | None, known: bool = True
) -> Sentence:
    """Say that the feature's value raises the risk.

    The code is the feature's name with _MISSING, _HIGH, _LOW (against `typical`), _UNKNOWN (a level
    the model does not know) or _VALUE.
    """
    feature = CATALOGUE[name]
    code = name.upper()
    if value is None:
        return Sentence(
            f"{code}_MISSING",
            f"{feature.en} was not supplied, which raises the estimated risk.",
            f"未提供{feature.zh}，推高风险估计。",
        )
    if isinstance(value, str):
        return _of_category(feature, value, known=known)
    shown, shown_zh = _shown(feature, value), _shown_zh(feature, value)
    if not isinstance(typical, str) and typical is not None and value != typical:
        high = value > typical
        usual, usual_zh = _shown(feature, typical), _shown_zh(feature, typical)
        return Sentence(
            f"{code}_{'HIGH' if high else 'LOW'}",
            f"{feature.en} of {shown} is {'above' if high else 'below'} the typical {usual} "
            "and raises the estimated risk.",
            f"{feature.zh}为{shown_zh}，{'高于' if high else '低于'}一般水平{usual_zh}，"
            "推高风险估计。",
        )
    return Sentence(
        f"{code}_VALUE",
        f"{feature.en} of {shown} raises the estimated risk.",
        f"{feature.zh}为{shown_zh}，推高风险估计。",
    )


def _of_category(feature: Feature, value: str, *, known: bool) -> Sentence:
    code = feature.name.upper()
    if not known:
        return Sentence(
            f"{code}_UNKNOWN",
            f"{feature.en} {value} is not known to the model, which raises the estimated risk.",
            f"{feature.zh}“{value}”为模型未知取值，推高风险估计。",
        )
    shown = {YES: "yes", NO: "no"}.get(value, value)
    return Sentence(
        f"{code}_VALUE",
        f"{feature.en}: {shown} raises the estimated risk.",
        f"{feature.zh}为“{_YES_NO_ZH.get(value, value)}”，推高风险估计。",
    )


def _shown(feature: Feature, value: float) -> str:
    return _digits(feature.unit, value) + _UNITS_EN.get(feature.unit, "")


def _shown_zh(feature: Feature, value: float) -> str:
    return _digits(feature.unit, value) + _UNITS_ZH.get(feature.unit, "")


def _digits(unit: Unit, value: float) -> str:
    if unit is Unit.SHARE:
        return f"{value * 100:.4g}%" if abs(value) < 10 else f"{value * 100:,.0f}%"
    if unit is Unit.CALENDAR_YEAR:
        return f"{int(value)}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
