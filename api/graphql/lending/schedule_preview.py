"""`previewSchedule`: the loan calculator, open to every role. Nothing is read or written."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.lending.schedule_input import SchedulePreviewInput, read
from api.graphql.payloads import UserError, user_errors
from api.graphql.scalars import Money, Rate
from domain.rules.lending.effective_rate import effective_annual_rate
from domain.rules.lending.fees import schedule_fees
from domain.rules.lending.schedule import ScheduleRow, ScheduleTerms, rows_of
from domain.rules.money import format_minor
from domain.rules.refusal import Refused


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
    fees: Money = strawberry.field(description="Fees due with the row, in the input's currency.")
    due_with_fees: Money = strawberry.field(description="Principal, interest and fees together.")


@strawberry.type(description="An annual rate of a calculated schedule, from a day on.")
class SchedulePreviewRate:
    """A :class:`~domain.rules.lending.day_count.DatedRate` that the loan meets."""

    effective_from: dt.date = strawberry.field(description="First day of the rate.")
    annual_rate: Rate = strawberry.field(description='A fraction: "0.0360" is 3.60 % a year.')


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
        default=None, description="Sum of the rows' principal and interest, in that currency."
    )
    rates: list[SchedulePreviewRate] = strawberry.field(
        default_factory=list,
        description="The rates of the loan in order, the first from the start date.",
    )
    upfront_fees: Money | None = strawberry.field(
        default=None, description="Fees charged on the start date, deducted or due."
    )
    total_fees: Money | None = strawberry.field(
        default=None, description="All the fees, on the start date and with the rows."
    )
    paid_out: Money | None = strawberry.field(
        default=None, description="The principal less the fees deducted from it."
    )
    effective_annual_rate: Rate | None = strawberry.field(
        default=None,
        description="XIRR of the rows and all fees on ACT/365, to 6 decimals; null where no rate "
        "fits.",
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
    terms, fees = read(form)
    rows = rows_of(terms)
    charged = schedule_fees(fees, rows=rows, terms=terms)
    currency = form.currency

    def money(minor: int) -> Money:
        return Money(format_minor(minor, currency))

    return SchedulePreview(
        installments=[
            _installment(row, fee, currency) for row, fee in zip(rows, charged.of_row, strict=True)
        ],
        total_principal=money(sum(row.principal for row in rows)),
        total_interest=money(sum(row.interest for row in rows)),
        total_due=money(sum(row.due for row in rows)),
        rates=_rates(terms, rows[-1].due_date),
        upfront_fees=money(charged.upfront),
        total_fees=money(charged.total),
        paid_out=money(terms.principal - charged.deducted),
        effective_annual_rate=_rate(
            effective_annual_rate(rows, upfront=charged.upfront, fees=charged.of_row)
        ),
    )


def _installment(row: ScheduleRow, fee: int, currency: str) -> SchedulePreviewInstallment:
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
        fees=Money(format_minor(fee, currency)),
        due_with_fees=Money(format_minor(row.due + fee, currency)),
    )


def _rates(terms: ScheduleTerms, maturity: dt.date) -> list[SchedulePreviewRate]:
    """The rates that hold on some day from the start to maturity."""
    rates = {terms.start_date: terms.annual_rate}
    for change in terms.rate_changes:
        if change.effective_from < maturity:
            rates[max(change.effective_from, terms.start_date)] = change.rate
    return [
        SchedulePreviewRate(effective_from=day, annual_rate=Rate(rate))
        for day, rate in rates.items()
    ]


def _rate(rate: Decimal | None) -> Rate | None:
    return None if rate is None else Rate(rate)
