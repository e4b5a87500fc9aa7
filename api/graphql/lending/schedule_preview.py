"""`previewSchedule`: the loan calculator, open to every role. Nothing is read or written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.lending import enums  # noqa: F401 - describes the enums used here
from api.graphql.payloads import UserError, user_errors
from api.graphql.scalars import Money, MoneyInput, Rate
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.effective_rate import effective_annual_rate
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import (
    RepaymentMethod,
    ScheduleRow,
    ScheduleTerms,
    build_schedule,
    validate,
)
from domain.rules.money import (
    AmountOutOfRange,
    Rounding,
    UnknownCurrency,
    WrongScale,
    format_minor,
    scale,
    to_minor,
)
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if


@strawberry.input(description="The terms of the loan to calculate.")
class SchedulePreviewInput:
    """Arguments of `previewSchedule`."""

    principal: MoneyInput = strawberry.field(description="Amount lent, in `currency`.")
    currency: str = strawberry.field(default="CNY", description="ISO 4217 code.")
    annual_rate: Rate = strawberry.field(
        description='Contract rate a year as a fraction: "0.0360" is 3.60 %.'
    )
    method: RepaymentMethod = strawberry.field(description="How it is repaid.")
    day_count: DayCount = strawberry.field(description="How interest days are counted.")
    start_date: dt.date = strawberry.field(description="Day the money goes out; it earns interest.")
    installments: int = strawberry.field(
        description="Number of periods, 1 to 600, those of `principalGrace` included."
    )
    every: int = strawberry.field(default=1, description="Length of a period, in `unit`s.")
    unit: PeriodUnit = strawberry.field(description="Unit of `every`.")
    principal_grace: int = strawberry.field(
        default=0, description="How many first periods pay interest alone."
    )
    rounding: Rounding = strawberry.field(
        default=Rounding.HALF_UP, description="How half a minor unit is rounded."
    )
    installment_multiple: MoneyInput | None = strawberry.field(
        description="Round the equal instalment to a multiple of this amount, in `currency`.",
    )
    settlement_day: int | None = strawberry.field(
        description="Day of the month, 1 to 31, on which periods end, inclusive; due the day "
        "after. The unit is then MONTH.",
    )


@strawberry.type(description="One row of a calculated schedule.")
class SchedulePreviewInstallment:
    """A :class:`~domain.rules.lending.schedule.ScheduleRow`, amounts written out."""

    number: int = strawberry.field(description="1 for the first row.")
    start_date: dt.date = strawberry.field(description="First day of the period.")
    end_date: dt.date = strawberry.field(
        description="Day after the last day of the period: the period's exclusive end."
    )
    due_date: dt.date = strawberry.field(description="Day the row falls due.")
    days: int = strawberry.field(description="Interest days of the period, as counted.")
    principal: Money = strawberry.field(description="Principal due, in the input's currency.")
    interest: Money = strawberry.field(description="Interest due, in the input's currency.")
    due: Money = strawberry.field(description="Principal plus interest.")
    balance: Money = strawberry.field(description="Principal that remains after the row.")


@strawberry.type(description="A calculated schedule, or what is wrong with the terms.")
class SchedulePreview:
    """Answer of `previewSchedule`; without a schedule everything but `errors` is empty."""

    installments: list[SchedulePreviewInstallment] = strawberry.field(
        default_factory=list,
        description="The rows in order. With a settlement day, stubs may add one.",
        metadata={"rows": 60},
    )
    total_principal: Money | None = strawberry.field(
        default=None, description="Sum of the principal, in the input's currency."
    )
    total_interest: Money | None = strawberry.field(
        default=None, description="Sum of the interest, in the input's currency."
    )
    total_due: Money | None = strawberry.field(
        default=None, description="Sum of all that is due, in the input's currency."
    )
    effective_annual_rate: Rate | None = strawberry.field(
        default=None,
        description="XIRR of the rows on ACT/365, to 6 decimals; null where no rate fits.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the terms; empty when nothing is."
    )


@strawberry.type
class SchedulePreviewQueries:
    """`previewSchedule`."""

    @strawberry.field(description="Calculate a repayment schedule. Nothing is stored.")
    def preview_schedule(
        self,
        info: Info,
        input: Annotated[
            SchedulePreviewInput, strawberry.argument(description="Terms of the loan.")
        ],
    ) -> SchedulePreview:
        try:
            return _preview(input)
        except Refused as refusal:
            return SchedulePreview(errors=user_errors(refusal, info.context.language))


def _preview(form: SchedulePreviewInput) -> SchedulePreview:
    currency = form.currency
    rows = build_schedule(_terms(form))

    def money(minor: int) -> Money:
        return Money(format_minor(minor, currency))

    return SchedulePreview(
        installments=[_installment(row, currency) for row in rows],
        total_principal=money(sum(row.principal for row in rows)),
        total_interest=money(sum(row.interest for row in rows)),
        total_due=money(sum(row.due for row in rows)),
        effective_annual_rate=_rate(effective_annual_rate(rows)),
    )


def _installment(row: ScheduleRow, currency: str) -> SchedulePreviewInstallment:
    return SchedulePreviewInstallment(
        number=row.number,
        start_date=row.start_date,
        end_date=row.end_date,
        due_date=row.due_date,
        days=row.days,
        principal=Money(format_minor(row.principal, currency)),
        interest=Money(format_minor(row.interest, currency)),
        due=Money(format_minor(row.due, currency)),
        balance=Money(format_minor(row.balance, currency)),
    )


def _rate(rate: Decimal | None) -> Rate | None:
    return None if rate is None else Rate(rate)


def _terms(form: SchedulePreviewInput) -> ScheduleTerms:
    """Return the terms in minor units. Raises Refused with the mistakes of all fields at once."""
    problems = list(_money_problems(form))
    wrong = {problem.path for problem in problems}
    known = ("currency",) not in wrong

    def minor(amount: Decimal, field: str) -> int:
        # An amount that could not be read is refused already; 1 keeps the other checks going.
        return 1 if not known or (field,) in wrong else to_minor(amount, form.currency)

    multiple = form.installment_multiple
    terms = ScheduleTerms(
        principal=minor(form.principal, "principal"),
        annual_rate=form.annual_rate,
        method=form.method,
        day_count=form.day_count,
        start_date=form.start_date,
        installments=form.installments,
        every=form.every,
        unit=form.unit,
        principal_grace=form.principal_grace,
        rounding=form.rounding,
        installment_multiple=None if multiple is None else minor(multiple, "installmentMultiple"),
        settlement_day=form.settlement_day,
    )
    refuse_if([*problems, *validate(terms)])
    return terms


def _money_problems(form: SchedulePreviewInput) -> Iterator[Problem]:
    try:
        decimals = scale(form.currency)
    except UnknownCurrency:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("currency",),
            "The currency must be an active ISO 4217 code in capitals, such as CNY.",
            "币种须为有效的 ISO 4217 大写代码，例如 CNY。",
        )
        return
    amounts = {"principal": form.principal, "installmentMultiple": form.installment_multiple}
    for name, amount in amounts.items():
        if amount is None:
            continue
        try:
            to_minor(amount, form.currency)
        except WrongScale:
            yield Problem(
                ErrorCode.WRONG_SCALE,
                (name,),
                f"An amount in {form.currency} has at most {decimals} decimals.",
                f"{form.currency} 金额最多 {decimals} 位小数。",
            )
        except AmountOutOfRange:
            yield Problem(ErrorCode.OUT_OF_RANGE, (name,), "The amount is too large.", "金额过大。")
