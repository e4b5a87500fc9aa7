"""Financial statements (财务报表): one year's figures, read whole, all mistakes together.

Amounts are typed in; ratios and turnover days never are: they follow from the amounts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import Final, Generic, TypeVar

from domain.rules.form import Form
from domain.rules.money import CURRENCIES, format_minor
from domain.rules.refusal import ErrorCode

STATEMENT = ("financial statement", "财务报表")
YEARS_BACK_MAX = 10
# A calendar year, or a business year of 52 or 53 whole weeks.
DAYS_MIN, DAYS_MAX = 364, 371
DAYS_IN_TURNOVER_YEAR = 360

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAmounts(Generic[A]):
    """The amounts of a statement: of the year, at its opening and closing, and at its closing."""

    revenue: A
    cost_of_sales: A
    profit: A
    inventory_opening: A
    inventory_closing: A
    receivables_opening: A
    receivables_closing: A
    prepayments_opening: A
    prepayments_closing: A
    payables_opening: A
    payables_closing: A
    advance_receipts_opening: A
    advance_receipts_closing: A
    current_assets: A
    total_assets: A
    current_liabilities: A
    total_liabilities: A
    equity: A


AMOUNTS: Final = tuple(field.name for field in fields(StatementAmounts))
_MAY_BE_NEGATIVE: Final = frozenset({"profit", "equity"})

# No part is larger than its whole: en and zh of the parts, then of the whole.
_WITHIN: Final = (
    (
        ("inventory_closing", "receivables_closing", "prepayments_closing"),
        "current_assets",
        ("Closing inventory, receivables and prepayments", "期末存货、应收与预付账款合计"),
        ("current assets", "流动资产"),
    ),
    (
        ("payables_closing", "advance_receipts_closing"),
        "current_liabilities",
        ("Closing payables and advance receipts", "期末应付与预收账款合计"),
        ("current liabilities", "流动负债"),
    ),
    (("current_assets",), "total_assets", ("Current assets", "流动资产"), ("assets", "资产总计")),
    (
        ("current_liabilities",),
        "total_liabilities",
        ("Current liabilities", "流动负债"),
        ("liabilities", "负债合计"),
    ),
)


def check_period(form: Form, *, start: dt.date, end: dt.date, today: dt.date) -> None:
    """Note a period that is not one year, has not ended by `today`, or ended long ago."""
    seen = len(form.problems)
    form.date("periodEnd", end, earliest=_years_before(today, YEARS_BACK_MAX), latest=today)
    days = (end - start).days + 1
    if len(form.problems) == seen and not DAYS_MIN <= days <= DAYS_MAX:
        form.add(
            ErrorCode.DATE_OUT_OF_RANGE,
            "periodStart",
            f"A statement covers one year; from {start} to {end} are {days} days. "
            "Give the year's first and last day.",
            f"报表期间须为一年，{start} 至 {end} 共 {days} 天，请填写年度首日与末日。",
        )


def read_amounts(
    form: Form, amounts: StatementAmounts[Decimal], currency: str
) -> StatementAmounts[int] | None:
    """Return the amounts in minor units of `currency`; None, all mistakes noted, if there are any.

    Amounts are 0 or more (profit and equity may be negative), total assets are total liabilities
    and equity to the last unit, and no part is larger than its whole. A rule whose figures could
    not be read is left out.
    """
    if currency not in CURRENCIES:
        return None  # the currency's own problem is noted already
    seen = len(form.problems)
    good: dict[str, int] = {}
    for name in AMOUNTS:
        before = len(form.problems)
        minor = form.money(
            camel(name),
            getattr(amounts, name),
            currency,
            zero=True,
            negative=name in _MAY_BE_NEGATIVE,
        )
        if len(form.problems) == before:
            good[name] = minor
    _check_identity(form, good, currency)
    _check_parts(form, good, currency)
    return None if len(form.problems) > seen else StatementAmounts(**good)


def _check_identity(form: Form, good: Mapping[str, int], currency: str) -> None:
    names = ("total_assets", "total_liabilities", "equity")
    if not good.keys() >= set(names):
        return
    assets, liabilities, equity = (good[name] for name in names)
    if assets == liabilities + equity:
        return
    left, right, gap = (
        format_minor(minor, currency)
        for minor in (assets, liabilities + equity, assets - liabilities - equity)
    )
    form.add(
        ErrorCode.INVALID_VALUE,
        "totalAssets",
        f"Assets must equal liabilities plus equity; {left} differs from {right} by {gap} "
        f"{currency}. Correct the balance sheet.",
        f"资产总计须等于负债合计加所有者权益：{left} 与 {right} 相差 {gap} {currency}，"
        "请更正资产负债表。",
    )


def _check_parts(form: Form, good: Mapping[str, int], currency: str) -> None:
    for parts, whole, (parts_en, parts_zh), (whole_en, whole_zh) in _WITHIN:
        if not good.keys() >= {*parts, whole}:
            continue
        total = sum(good[part] for part in parts)
        if total <= good[whole]:
            continue
        of, has = format_minor(total, currency), format_minor(good[whole], currency)
        form.add(
            ErrorCode.OUT_OF_RANGE,
            camel(whole),
            f"{parts_en} of {of} {currency} exceed {whole_en} of {has}, which they are part of. "
            "Correct one of the figures.",
            f"{parts_zh} {of} {currency} 超过{whole_zh} {has}，部分不得大于整体，请更正。",
        )


def ratio(dividend: int, divisor: int) -> Fraction | None:
    """Return one figure over another, or None over nothing."""
    return Fraction(dividend, divisor) if divisor else None


def turnover_days(opening: int, closing: int, flow: int) -> Fraction | None:
    """Return 360 ÷ (flow ÷ average balance), docs/domain.md §3: 0 days without a balance, None when
    there is a balance and no flow."""
    balance = opening + closing
    if not balance:
        return Fraction(0)
    return Fraction(DAYS_IN_TURNOVER_YEAR * balance, 2 * flow) if flow else None


def camel(name: str) -> str:
    """Return the GraphQL name of an amount: cost_of_sales → costOfSales."""
    return "".join(_words(name))


def _words(name: str) -> Iterator[str]:
    head, *rest = name.split("_")
    yield head
    yield from (word.title() for word in rest)


def _years_before(day: dt.date, years: int) -> dt.date:
    return dt.date(day.year - years, day.month, min(day.day, 28))
