"""The custom plan that comes with a drawdown: read from its form, and held against its contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.models.lending.contract import LoanContract
from domain.models.lending.product import LoanProduct
from domain.queries.lending.benchmarks import business_calendar
from domain.rules.form import Form
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.schedule_checks import validate_loan_plan
from domain.rules.lending.schedule_terms import PlanRow, RepaymentMethod, ScheduleTerms
from domain.rules.money import Rounding
from domain.rules.refusal import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A row of a plan as given: `principal` or `total`, in major units; the last may have none."""

    due_date: dt.date
    principal: Decimal | None = None
    total: Decimal | None = None


def read_lines(form: Form, lines: Sequence[PlanLine], contract: LoanContract) -> list[PlanRow]:
    """The rows in minor units. Notes a plan that the contract does not call for, or is missing, and
    amounts that are none."""
    planned = contract.method == RepaymentMethod.CUSTOM_PLAN
    if lines and not planned:
        form.add(
            ErrorCode.INVALID_VALUE,
            "plan",
            f"This contract is repaid by {contract.method}: leave the plan out.",
            f"该合同的还款方式为 {contract.method}，请勿填写还款计划。",
        )
        return []
    if planned and not 1 <= len(lines) <= contract.installments:
        form.add(
            ErrorCode.OUT_OF_RANGE if lines else ErrorCode.REQUIRED,
            "plan",
            "This contract is repaid by a custom plan: give it, with at most "
            f"{contract.installments} rows.",
            f"该合同按自定义计划还款，请填写还款计划，最多 {contract.installments} 期。",
        )
        return []

    def minor(place: int, name: str, amount: Decimal | None) -> int | None:
        if amount is None:
            return None
        return form.money(f"plan.{place}.{name}", amount, contract.currency, zero=True)

    return [
        PlanRow(
            due_date=line.due_date,
            principal=minor(place, "principal", line.principal),
            total=minor(place, "total", line.total),
        )
        for place, line in enumerate(lines)
    ]


async def check_plan(
    form: Form,
    plan: Sequence[PlanRow],
    contract: LoanContract,
    product: LoanProduct,
    *,
    amount: int,
    today: dt.date,
) -> None:
    """Note what keeps a loan of `amount` (minor units), paid out today, from being repaid by the
    plan under the contract."""
    last = len(plan) - 1
    if plan[last].due_date > contract.ends_on:
        form.add(
            ErrorCode.DATE_OUT_OF_RANGE,
            f"plan.{last}.dueDate",
            f"The last row must fall due by {contract.ends_on}, when the contract ends.",
            f"最后一期须在合同到期日 {contract.ends_on} 或之前到期。",
        )
    form.extend(
        validate_loan_plan(
            ScheduleTerms(
                principal=amount,
                annual_rate=Decimal(contract.annual_rate),
                method=RepaymentMethod.CUSTOM_PLAN,
                day_count=DayCount(product.day_count),
                start_date=today,
                installments=len(plan),
                every=product.every,
                rounding=Rounding(product.rounding),
                roll=RollConvention(product.roll),
                calendar=await business_calendar(product.calendar),
                plan=tuple(plan),
            )
        )
    )
