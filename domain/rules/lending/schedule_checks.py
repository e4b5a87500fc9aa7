"""Every mistake a caller can make in the terms of a schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from domain.rules.lending.business_days import MAX_ROLL_DAYS, NoBusinessDay
from domain.rules.lending.custom_plan import (
    idle_row_problems,
    plan_problems,
    shape_problems,
)
from domain.rules.lending.periods import FIRST_DATE, LAST_DATE, PeriodUnit, due_date
from domain.rules.lending.schedule_terms import (
    MAX_ANNUAL_RATE,
    MAX_EVERY,
    MAX_INSTALLMENTS,
    MAX_RATE_DECIMALS,
    RepaymentMethod,
    ScheduleTerms,
    periods_of,
)
from domain.rules.money import MAX_MAJOR_UNITS
from domain.rules.refusal import ErrorCode, Problem

_MAX_MINOR: Final = MAX_MAJOR_UNITS * 10**4


def validate(terms: ScheduleTerms) -> list[Problem]:
    """Every mistake in `terms`, by the API's field names; empty when they make a schedule."""
    problems = [
        *_amount_problems(terms),
        *_period_problems(terms),
        *_due_date_problems(terms),
        *shape_problems(terms),
    ]
    # What can only be seen once each field is sound by itself.
    problems = problems or list(_maturity_problems(terms))
    return problems or list(_row_problems(terms))


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
    yield from rate_problems(terms.annual_rate, ("annualRate",))
    for place, change in enumerate(terms.rate_changes):
        yield from rate_problems(change.rate, ("rateChanges", str(place), "annualRate"))
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


def rate_problems(
    rate: Decimal, path: tuple[str, ...], *, en: str = "annual rate", zh: str = "年利率"
) -> Iterator[Problem]:
    """What is wrong with a rate at `path`, which people call `en` and `zh`."""
    if not rate.is_finite() or not 0 <= rate <= MAX_ANNUAL_RATE:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            path,
            f"The {en} must be from 0 to {MAX_ANNUAL_RATE}, as a fraction: 0.0360 is 3.60 %.",
            f"{zh}须在 0 至 {MAX_ANNUAL_RATE} 之间，以小数表示：0.0360 即 3.60%。",
        )
    elif _decimals(rate) > MAX_RATE_DECIMALS:
        yield Problem(
            ErrorCode.WRONG_SCALE,
            path,
            f"The {en} may have at most {MAX_RATE_DECIMALS} decimals.",
            f"{zh}最多 {MAX_RATE_DECIMALS} 位小数。",
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


def _due_date_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    first, plan = terms.first_due_date, terms.method is RepaymentMethod.CUSTOM_PLAN
    if first is not None and not plan:
        if terms.settlement_day is not None or terms.method is RepaymentMethod.BULLET:
            yield Problem(
                ErrorCode.INVALID_VALUE,
                ("firstDueDate",),
                "A first due date goes with periods counted from it: leave it out with a "
                "settlement day and with BULLET.",
                "首个到期日用于按其推算各期；设有结息日或方式为 BULLET 时请勿填写。",
            )
        if not terms.start_date < first <= LAST_DATE:
            yield Problem(
                ErrorCode.DATE_OUT_OF_RANGE,
                ("firstDueDate",),
                f"The first due date must be after the start date and by {LAST_DATE}.",
                f"首个到期日须晚于起息日且不晚于 {LAST_DATE}。",
            )
    both = terms.calendar.holidays & terms.calendar.working_days
    if both:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("workingDays",),
            f"{min(both)} is given as a holiday and as a working day. Leave it in one list.",
            f"{min(both)} 同时列为节假日和工作日，请只保留其一。",
        )


def _maturity_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    if terms.method is RepaymentMethod.CUSTOM_PLAN:
        return
    first = terms.first_due_date
    try:
        due_date(first=terms.start_date, count=1, every=terms.every, unit=terms.unit)
        maturity = due_date(
            first=first or terms.start_date,
            count=terms.installments - (first is not None),
            every=terms.every,
            unit=terms.unit,
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


def _row_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    try:
        rows = len(periods_of(terms))
    except NoBusinessDay:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("holidays",),
            f"A due date has no business day within {MAX_ROLL_DAYS} days. Check the holidays.",
            f"有到期日在 {MAX_ROLL_DAYS} 天内没有工作日，请检查节假日。",
        )
        return
    if rows == 0:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("roll",),
            "Rolled to business days, the loan would end by its start date. Choose FOLLOWING or a "
            "longer term.",
            "顺延后贷款将不晚于起息日到期，请选择 FOLLOWING 或延长期限。",
        )
    elif terms.method is RepaymentMethod.CUSTOM_PLAN:
        yield from plan_problems(terms)
    # Settlement days and rolled days can make fewer rows than `installments`; one row at least must
    # amortise.
    elif terms.principal_grace >= rows and terms.method is not RepaymentMethod.BULLET:
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


def validate_loan_plan(terms: ScheduleTerms) -> list[Problem]:
    """Every reason why a real loan cannot be repaid by the custom plan of `terms`."""
    return list(validate(terms)) or list(idle_row_problems(terms))
