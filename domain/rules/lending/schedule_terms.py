"""What a schedule is made from. `schedule_checks.py` finds the mistakes in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Final

from domain.rules.lending.business_days import (
    WEEKENDS_ONLY,
    BusinessCalendar,
    RollConvention,
    roll_date,
)
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.periods import (
    Period,
    PeriodUnit,
    periods_between,
    regular_periods,
    rolled_periods,
    settlement_periods,
    whole_term,
)
from domain.rules.money import Rounding

MAX_INSTALLMENTS: Final = 600
MAX_EVERY: Final = 3660
MAX_ANNUAL_RATE: Final = Decimal(10)
MAX_RATE_DECIMALS: Final = 18


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
    CUSTOM_PLAN = "CUSTOM_PLAN"
    """自定义还款计划: the due dates and amounts of a list."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row of a custom plan: `principal` to pay beside the interest, or the `total` of both.

    Minor units. The last row may have neither: it pays what is left.
    """

    due_date: date
    principal: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduleTerms:
    """The terms of a schedule, as in `SchedulePreviewInput` of the API.

    `principal` and `installment_multiple` are minor units; `annual_rate` is a fraction (0.036 is
    3.60 % a year); `installments` periods of `every` × `unit`, of which the first
    `principal_grace` pay no principal; `settlement_day` (1-31) ends periods on that day, inclusive,
    of the calendar months divisible by `every`. BULLET is one row over the whole term.
    `installment_multiple` rounds the equal instalment and means nothing to the other methods.
    Each of `rate_changes`, in the order of their days, replaces the annual rate from its day on.
    `first_due_date`, without a settlement day, ends the first period and is where the other due
    dates are counted from. `roll` moves due dates to business days of `calendar`: the row ends on
    the rolled date, the next starts there, and rows that would end on one day become one. `plan` is
    the list of CUSTOM_PLAN, `installments` long; its `unit` is MONTH, `every` means nothing to it.
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
    first_due_date: date | None = None
    roll: RollConvention = RollConvention.NONE
    calendar: BusinessCalendar = WEEKENDS_ONLY
    plan: tuple[PlanRow, ...] = ()


def periods_of(terms: ScheduleTerms) -> tuple[Period, ...]:
    """The periods of valid `terms`, one a row; due dates are rolled to business days.

    Empty where rolling leaves no day between the start and maturity.
    Raises :class:`~domain.rules.lending.business_days.NoBusinessDay`.
    """
    periods = _nominal_periods(terms)
    if terms.roll is RollConvention.NONE:
        return periods
    return rolled_periods(
        periods,
        roll=partial(roll_date, calendar=terms.calendar, convention=terms.roll),
        in_months=terms.unit is PeriodUnit.MONTH,
    )


def _nominal_periods(terms: ScheduleTerms) -> tuple[Period, ...]:
    if terms.method is RepaymentMethod.CUSTOM_PLAN:
        return periods_between([terms.start_date, *(row.due_date for row in terms.plan)])
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
        first_due_date=terms.first_due_date,
    )
