"""The scalars of the API: strict on the way in, exact on the way out.

Money and Rate have one GraphQL type and two Python faces: a resolver returns `Money`, which the
domain has already written with the scale of its currency, and an input field is a `MoneyInput`, a
Decimal that the operation turns into minor units of the currency beside it.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Final, NewType

import strawberry

from api.errors import ApiError, bad_input
from domain.rules.money import MAX_MAJOR_UNITS, AmountOutOfRange, parse_decimal

Money = NewType("Money", str)
MoneyInput = NewType("MoneyInput", Decimal)
Rate = NewType("Rate", Decimal)

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def _parse_money(value: Any) -> Decimal:
    return _parse_decimal(
        value,
        'Write the amount as a string with digits and at most one point, such as "1200.50".',
        '金额须为字符串，由数字和至多一个小数点组成，例如 "1200.50"。',
    )


def _parse_rate(value: Any) -> Decimal:
    return _parse_decimal(
        value,
        'Write the rate as a decimal fraction in a string: "0.0360" is 3.60 % a year.',
        '利率须为字符串形式的小数："0.0360" 即年利率 3.60%。',
    )


def _parse_decimal(value: Any, en: str, zh: str) -> Decimal:
    try:
        return parse_decimal(value)
    except AmountOutOfRange:
        raise bad_input(
            f"The number lies beyond ±{MAX_MAJOR_UNITS}. Send a smaller one.",
            f"数值超出 ±{MAX_MAJOR_UNITS} 的范围，请改小。",
        ) from None
    except ValueError:
        raise bad_input(en, zh) from None


def _show_money(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"an amount is written by the domain, with its currency; got {value!r}")


def _show_rate(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return value
    raise TypeError(f"a rate is a Decimal or its text; got {value!r}")


def _parse_date(value: Any) -> dt.date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise bad_input(
        'Write the date as "YYYY-MM-DD", a day that exists, such as "2026-01-31".',
        '日期须为 "YYYY-MM-DD" 格式且真实存在，例如 "2026-01-31"。',
    )


def _show_date(value: Any) -> str:
    if isinstance(value, dt.datetime):
        raise TypeError("a date field was given a moment")
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"not a date: {value!r}")


def _parse_date_time(value: Any) -> dt.datetime:
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            return dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
    raise _moment_error()


def _moment_error() -> ApiError:
    return bad_input(
        'Write the moment in ISO 8601 with its offset, such as "2026-01-31T08:00:00Z".',
        '时间须为带时区的 ISO 8601 格式，例如 "2026-01-31T08:00:00Z"。',
    )


def _show_date_time(value: Any) -> str:
    if not isinstance(value, dt.datetime):
        raise TypeError(f"not a moment: {value!r}")
    # Databases hand out naive moments; everything we store is UTC.
    moment = value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return moment.isoformat().removesuffix("+00:00") + "Z"


_MONEY = strawberry.scalar(
    name="Money",
    description=(
        "An amount in major units of the currency beside it, as a decimal string with exactly that "
        'currency\'s decimals: "1200.50" CNY, "1200" JPY. Inputs must be strings of digits with '
        "at most one point, within ±10¹³; no exponent, no separators."
    ),
    specified_by_url="https://www.w3.org/TR/xmlschema-2/#decimal",
    serialize=_show_money,
    parse_value=_parse_money,
)
_RATE = strawberry.scalar(
    name="Rate",
    description='A rate as a decimal fraction in a string: "0.0360" is 3.60 %, of interest a year.',
    specified_by_url="https://www.w3.org/TR/xmlschema-2/#decimal",
    serialize=_show_rate,
    parse_value=_parse_rate,
)
_DATE_SCALAR = strawberry.scalar(
    name="Date",
    description='A calendar day in ISO 8601: "2026-01-31".',
    specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
    serialize=_show_date,
    parse_value=_parse_date,
)
_DATE_TIME_SCALAR = strawberry.scalar(
    name="DateTime",
    description='A moment in ISO 8601, given out in UTC: "2026-01-31T08:00:00Z".',
    specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
    serialize=_show_date_time,
    parse_value=_parse_date_time,
)

SCALARS: Final[dict[object, Any]] = {
    Money: _MONEY,
    MoneyInput: _MONEY,
    Rate: _RATE,
    dt.date: _DATE_SCALAR,
    dt.datetime: _DATE_TIME_SCALAR,
}
"""Python annotation → GraphQL scalar, for the schema's configuration."""
