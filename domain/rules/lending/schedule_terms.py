"""What a schedule is made from, and every mistake a caller can make in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.periods import (
    FIRST_DATE,
    LAST_DATE,
    Period,
    PeriodUnit,
    due_date,
    regular_periods,
    settlement_periods,
    whole_term,
)
from domain.rules.money import MAX_MAJOR_UNITS, Rounding
from domain.rules.refusal import ErrorCode, Problem

MAX_INSTALLMENTS: Final = 600
MAX_EVERY: Final = 3660
MAX_ANNUAL_RATE: Final = Decimal(10)
MAX_RATE_DECIMALS: Final = 18
_MAX_MINOR: Final = MAX_MAJOR_UNITS * 10**4


class RepaymentMethod(StrEnum):
    """How principal and interest come back."""

    EQUAL_INSTALLMENT = "EQUAL_INSTALLMENT"
    """等额本息: the same amount each period."""
    EQUAL_PRINCIPAL = "EQUAL_PRINCIPAL"
    """等额本金: the same principal each period, with the interest on what remained."""
    INTEREST_ONLY = "INTEREST_ONLY"
    """按期付息到期还本: interest each period, principal at maturity."""
    BULLET = "BULLET"
    """利随本清: principal and all interest at maturity, one row."""


@dataclass(frozen=True, slots=True)
class ScheduleTerms:
    """The terms of a schedule, as in `SchedulePreviewInput` of the API.

    `principal` and `installment_multiple` are minor units; `annual_rate` is a fraction (0.036 is
    3.60 % a year); `installments` periods of `every` × `unit`, of which the first
    `principal_grace` pay no principal; `settlement_day` (1-31) ends periods on that day, inclusive,
    of the calendar months divisible by `every`. BULLET is one row over the whole term.
    `installment_multiple` rounds the equal instalment and means nothing to the other methods.
    Each of `rate_changes`, in the order of their days, replaces the annual rate from its day on.
    """

    principal: int
    annual_rate: Decimal
    method: RepaymentMethod
    day_count: DayCount
    start_date: date
    installments: int
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH
    principal_grace: int = 0
    rounding: Rounding = Rounding.HALF_UP
    installment_multiple: int | None = None
    settlement_day: int | None = None
    min_first_period_days: int = 1
    rate_changes: tuple[DatedRate, ...] = ()


def validate(terms: ScheduleTerms) -> list[Problem]:
    """Every mistake in `terms`, by the API's field names; empty when they make a schedule."""
    problems = [*_amount_problems(terms), *_period_problems(terms)]
    if problems:
        return problems
    return list(_term_problems(terms))


def periods_of(terms: ScheduleTerms) -> tuple[Period, ...]:
    """The periods of valid `terms`, one a row."""
    if terms.method is RepaymentMethod.BULLET:
        return (
            whole_term(
                start=terms.start_date,
                installments=terms.installments,
                every=terms.every,
                unit=terms.unit,
            ),
        )
    if terms.settlement_day is not None:
        return settlement_periods(
            start=terms.start_date,
            installments=terms.installments,
            every=terms.every,
            settlement_day=terms.settlement_day,
            min_first_period_days=terms.min_first_period_days,
        )
    return regular_periods(
        start=terms.start_date,
        installments=terms.installments,
        every=terms.every,
        unit=terms.unit,
    )


def _amount_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    if terms.principal <= 0:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("principal",),
            "The principal must be more than 0.",
            "本金必须大于 0。",
        )
    elif terms.principal > _MAX_MINOR:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("principal",),
            f"The principal must be at most {MAX_MAJOR_UNITS}.",
            f"本金不得超过 {MAX_MAJOR_UNITS}。",
        )
    yield from _rate_problems(terms.annual_rate, ("annualRate",))
    for place, change in enumerate(terms.rate_changes):
        yield from _rate_problems(change.rate, ("rateChanges", str(place), "annualRate"))
    days = [change.effective_from for change in terms.rate_changes]
    if any(later <= earlier for earlier, later in pairwise(days)):
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("rateChanges",),
            "Give the rate changes in the order of their days, one a day.",
            "利率变动须按生效日先后排列，每日至多一条。",
        )
    if terms.installment_multiple is not None and terms.installment_multiple <= 0:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("installmentMultiple",),
            "The instalment multiple must be more than 0; leave it out to round to the cent.",
            "每期还款额的取整倍数必须大于 0；不填则精确到分。",
        )


def _rate_problems(rate: Decimal, path: tuple[str, ...]) -> Iterator[Problem]:
    if not rate.is_finite() or not 0 <= rate <= MAX_ANNUAL_RATE:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            path,
            "The annual rate must be from 0 to 10, as a fraction: 0.0360 is 3.60 % a year.",
            "年利率须在 0 至 10 之间，以小数表示：0.0360 即年利率 3.60%。",
        )
    elif _decimals(rate) > MAX_RATE_DECIMALS:
        yield Problem(
            ErrorCode.WRONG_SCALE,
            path,
            f"The annual rate may have at most {MAX_RATE_DECIMALS} decimals.",
            f"年利率最多 {MAX_RATE_DECIMALS} 位小数。",
        )


def _period_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    if not 1 <= terms.installments <= MAX_INSTALLMENTS:
        yield _whole_number("installments", "number of instalments", "期数", 1, MAX_INSTALLMENTS)
    if not 1 <= terms.every <= MAX_EVERY:
        yield _whole_number("every", "units in a period", "每期的单位数", 1, MAX_EVERY)
    if terms.principal_grace < 0:
        yield _negative_grace()
    elif 1 <= terms.installments <= terms.principal_grace:
        yield _grace_too_long(terms.installments)
    if not FIRST_DATE <= terms.start_date <= LAST_DATE:
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            ("startDate",),
            f"The start date must be from {FIRST_DATE} to {LAST_DATE}.",
            f"起息日须在 {FIRST_DATE} 至 {LAST_DATE} 之间。",
        )
    if terms.settlement_day is None:
        return
    if not 1 <= terms.settlement_day <= 31:
        yield _whole_number("settlementDay", "settlement day", "结息日", 1, 31)
    if terms.unit is not PeriodUnit.MONTH:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("unit",),
            "With a settlement day the unit must be MONTH. Choose MONTH or leave out the day.",
            "设有结息日时，期间单位须为 MONTH；请改为按月，或不填结息日。",
        )
    elif terms.every > 12:
        yield _whole_number("every", "months between settlement days", "结息间隔月数", 1, 12)
    if not 1 <= terms.min_first_period_days <= 366:
        yield _whole_number(
            "minFirstPeriodDays", "shortest first period in days", "首期最短天数", 1, 366
        )


def _term_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    """What can only be seen once each field is sound by itself."""
    try:
        maturity = due_date(
            first=terms.start_date, count=terms.installments, every=terms.every, unit=terms.unit
        )
    except OverflowError:
        maturity = date.max
    if maturity > LAST_DATE:
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            ("installments",),
            f"The loan would run past {LAST_DATE}. Choose fewer or shorter periods.",
            f"贷款到期日将晚于 {LAST_DATE}，请减少期数或缩短期间。",
        )
        return
    # Settlement days can make fewer rows than `installments`; one row at least must amortise.
    if terms.principal_grace and terms.method is not RepaymentMethod.BULLET:
        rows = len(periods_of(terms))
        if terms.principal_grace >= rows:
            yield _grace_too_long(rows)


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _negative_grace() -> Problem:
    return Problem(
        ErrorCode.OUT_OF_RANGE,
        ("principalGrace",),
        "The periods without principal cannot be fewer than 0.",
        "本金宽限期数不得小于 0。",
    )


def _grace_too_long(rows: int) -> Problem:
    return Problem(
        ErrorCode.OUT_OF_RANGE,
        ("principalGrace",),
        f"Of {rows} periods at least one must pay principal: choose a grace of at most {rows - 1}.",
        f"{rows} 期中至少一期须还本，本金宽限期最多 {rows - 1} 期。",
    )


def _whole_number(field: str, en: str, zh: str, low: int, high: int) -> Problem:
    return Problem(
        ErrorCode.OUT_OF_RANGE,
        (field,),
        f"The {en} must be a whole number from {low} to {high}.",
        f"{zh}须为 {low} 至 {high} 的整数。",
    )
