"""From a loan's terms, as rows keep them, to what the rules take."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import orjson

from domain.models.lending.loan import Loan
from domain.models.lending.loan_rows import LoanRow
from domain.rules.lending.allocation import AllocationAxis, AllocationRule, Bucket
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule_terms import RepaymentMethod, ScheduleTerms
from domain.rules.money import Rounding


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
    )


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
