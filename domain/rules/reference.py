"""Dated reference data: what a row may say, and that what is in effect stays as it is."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from domain.rules.form import LATEST, Form
from domain.rules.refusal import ErrorCode
from domain.rules.risk.grade import BadScale, parse_scale

_NAME = re.compile(r"[A-Z][A-Z0-9_-]*", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,13}(\.[0-9]{1,12})?", re.ASCII)
_SWITCH = ("true", "false")

SCALES = frozenset({"master_scale"})
"""Policy values that are master scales; the others are read by the form of the value in force."""


class DayKind(StrEnum):
    """How a day differs from what its weekday says."""

    HOLIDAY = "HOLIDAY"
    WORKDAY = "WORKDAY"


def read_code(form: Form, path: str, value: str, *, longest: int) -> str:
    """Read a name in capitals, such as LPR or CN-EQUAL."""
    text = form.text(path, value, longest=longest)
    if text and not _NAME.fullmatch(text):
        form.add(
            ErrorCode.INVALID_VALUE,
            path,
            f"{path} must be capital letters, digits, hyphens and underscores, beginning with a "
            "letter.",
            f"{path} 须为大写字母、数字、连字符或下划线，并以字母开头。",
        )
    return text


def read_later_day(form: Form, path: str, value: dt.date, *, today: dt.date) -> dt.date:
    """Read the first day of a row: after today, since what is in effect was used and stays."""
    if today < value <= LATEST:
        return value
    form.add(
        ErrorCode.DATE_OUT_OF_RANGE,
        path,
        f"{path} must be after the business date {today}: what is in effect never changes. This is "
        f"{value}.",
        f"{path} 须晚于当前业务日期 {today}：已生效的内容不得更改。当前为 {value}。",
    )
    return value


def read_past_day(
    form: Form, path: str, value: dt.date, *, today: dt.date, last: dt.date | None = None
) -> dt.date:
    """Read the day of something that was published: not after today, and after the `last` one,
    since what came later may have been used already."""
    form.date(path, value, latest=today)
    if last is not None and value <= last:
        form.add(
            ErrorCode.DUPLICATE if value == last else ErrorCode.DATE_OUT_OF_RANGE,
            path,
            f"{path} must be after {last}, the day of the last one on record; this is {value}.",
            f"{path} 须晚于已登记的最近日期 {last}，当前为 {value}。",
        )
    return value


def read_policy_value(form: Form, path: str, *, name: str, value: str, before: str) -> str:
    """Read the value of a policy: it must be of the form of the one `before` it, whole number,
    decimal, switch, or text."""
    text = form.text(path, value, longest=200)
    if not text:
        return text
    wrong: tuple[str, str] | None = None
    if name in SCALES:
        try:
            parse_scale(text)
        except BadScale:
            wrong = ("a master scale such as A:0.01,B:0.05,C:1", "主标尺，例如 A:0.01,B:0.05,C:1")
    elif before in _SWITCH:
        wrong = None if text in _SWITCH else ("true or false", "true 或 false")
    elif _WHOLE.fullmatch(before):
        wrong = None if _WHOLE.fullmatch(text) else ("a whole number", "整数")
    elif _DECIMAL.fullmatch(before):
        wrong = None if _DECIMAL.fullmatch(text) else ("a decimal number", "小数")
    if wrong:
        en, zh = wrong
        form.add(
            ErrorCode.INVALID_VALUE,
            path,
            f"The value of {name} must be {en}, as the one in force is; this is {text!r}.",
            f"{name} 的值须为{zh}，与现行值形式一致，当前为“{text}”。",
        )
    return text


def read_positive(
    form: Form, path: str, value: Decimal, *, most: Decimal, decimals: int = 12
) -> Decimal:
    """Read a number above 0 and up to `most` with at most `decimals`."""
    try:
        exact = value.is_finite() and value == round(value, decimals)
    except InvalidOperation:  # more digits than the context holds
        exact = False
    if not exact or not 0 < value <= most:
        form.add(
            ErrorCode.OUT_OF_RANGE,
            path,
            f"{path} must be above 0 and up to {most}, with at most {decimals} decimals; this is "
            f"{value}.",
            f"{path} 须大于 0 且不超过 {most}，最多 {decimals} 位小数，当前为 {value}。",
        )
    return value
