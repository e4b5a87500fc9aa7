"""From a loan's terms, as rows keep them, to what the rules take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from domain.models.lending.loan import Loan
from domain.models.lending.loan_rows import LoanRow
from domain.rules.lending.allocation import AllocationAxis, AllocationRule, Bucket
from domain.rules.lending.business_days import (
    MAX_ROLL_DAYS,
    WEEKENDS_ONLY,
    BusinessCalendar,
    RollConvention,
)
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.fees import Fee, FeeKind
from domain.rules.lending.periods import LAST_DATE, PeriodUnit
from domain.rules.lending.schedule_terms import PlanRow, RepaymentMethod, ScheduleTerms
from domain.rules.money import Rounding
from domain.stored_json import read_json


def schedule_terms(loan: Loan | LoanRow) -> ScheduleTerms:
    """The terms by which the schedule of the disbursement was built."""
    return ScheduleTerms(
        principal=loan.principal,
        annual_rate=Decimal(loan.annual_rate),
        method=RepaymentMethod(loan.method),
        day_count=DayCount(loan.day_count),
        start_date=loan.start_date,
        installments=loan.installment_count,
        every=loan.every,
        unit=PeriodUnit(loan.period_unit),
        rounding=Rounding(loan.rounding),
        settlement_day=loan.settlement_day,
        roll=RollConvention(loan.roll),
        calendar=read_calendar(loan.calendar),
        plan=read_plan(loan.plan),
    )


def read_plan(stored: Any) -> tuple[PlanRow, ...]:
    """The custom plan of the JSON that :func:`stored_plan` makes, as text or read already."""
    if not stored:
        return ()
    rows = read_json(stored)
    return tuple(
        PlanRow(
            due_date=date.fromisoformat(row["due_date"]),
            principal=row["principal"],
            total=row["total"],
        )
        for row in rows
    )


def stored_plan(plan: Sequence[PlanRow]) -> list[dict[str, Any]] | None:
    """A custom plan as JSON; none where there is no plan."""
    rows = [
        {"due_date": row.due_date.isoformat(), "principal": row.principal, "total": row.total}
        for row in plan
    ]
    return rows or None


def read_fees(stored: Any) -> tuple[Fee, ...]:
    """The fees of the JSON that :func:`stored_fees` makes, as text or read already."""
    if not stored:
        return ()
    return tuple(
        Fee(
            FeeKind(fee["kind"]),
            amount=fee["amount"],
            rate=None if fee["rate"] is None else Decimal(fee["rate"]),
        )
        for fee in read_json(stored)
    )


def stored_fees(fees: Sequence[Fee]) -> list[dict[str, Any]] | None:
    """The fees of a product or loan as JSON, amounts in minor units; none where there are none."""
    rows = [
        {
            "kind": str(fee.kind),
            "amount": fee.amount,
            "rate": None if fee.rate is None else str(fee.rate),
        }
        for fee in fees
    ]
    return rows or None


def read_calendar(stored: Any) -> BusinessCalendar:
    """The calendar of the JSON that :func:`stored_calendar` makes, as text or read already."""
    if not stored:
        return WEEKENDS_ONLY
    days = read_json(stored)
    return BusinessCalendar(
        holidays=frozenset(map(date.fromisoformat, days["holidays"])),
        working_days=frozenset(map(date.fromisoformat, days["working_days"])),
    )


def stored_calendar(
    calendar: BusinessCalendar, *, since: date, until: date = LAST_DATE
) -> dict[str, list[str]]:
    """What of a calendar decides how due dates from `since` to `until` roll, as JSON: a loan and an
    event keep it, so that no later change of the calendar changes their dates."""
    near = timedelta(days=2 * MAX_ROLL_DAYS)  # as far as a date may be looked at from a rolled one

    def kept(days: frozenset[date]) -> list[str]:
        return [day.isoformat() for day in sorted(days) if since <= day <= until + near]

    return {"holidays": kept(calendar.holidays), "working_days": kept(calendar.working_days)}


@lru_cache(maxsize=256)
def allocation_rule(text: str) -> AllocationRule:
    """The order of a product or loan: the JSON of what :func:`stored_allocation_rule` gives."""
    stored = orjson.loads(text)
    order, axis = stored["order"], stored["axis"]
    beyond = stored["principal_first_beyond_days"]
    if not isinstance(order, list) or not (beyond is None or isinstance(beyond, int)):
        raise TypeError(f"not a stored allocation rule: {stored}")
    return AllocationRule(
        order=tuple(Bucket(bucket) for bucket in order),
        axis=AllocationAxis(str(axis)),
        principal_first_beyond_days=beyond,
    )


def stored_allocation_rule(rule: AllocationRule) -> dict[str, object]:
    """The order as the JSON column keeps it."""
    return {
        "order": [str(bucket) for bucket in rule.order],
        "axis": str(rule.axis),
        "principal_first_beyond_days": rule.principal_first_beyond_days,
    }
