"""The working-capital need as one case has it: estimated, or why it could not be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from domain.rules.lending.application import ApplicationTerms
from domain.rules.money import Rounding, round_half
from domain.rules.refusal import Refused
from domain.rules.risk.statement import StatementFigures
from domain.rules.risk.working_capital import (
    WorkingCapitalInputs,
    WorkingCapitalNeed,
    working_capital_need,
)


class NeedStatus(StrEnum):
    """How far the estimate of the need came."""

    ESTIMATED = "ESTIMATED"
    NO_STATEMENT = "NO_STATEMENT"
    INPUTS_MISSING = "INPUTS_MISSING"
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedEstimate:
    """`need` and `capacity` in minor units, rounded HALF_UP from exact results; None unless
    ESTIMATED. `en` and `zh` say why it could not be, and what to do."""

    status: NeedStatus
    need: int | None = None
    capacity: int | None = None
    exact: WorkingCapitalNeed | None = None
    inputs: WorkingCapitalInputs | None = None
    en: str = ""
    zh: str = ""

    def record(self) -> dict[str, Any]:
        """Return all of it as JSON values, for the decision's row."""
        inputs, exact = self.inputs, self.exact
        return {
            "status": self.status,
            "need": self.need,
            "capacity": self.capacity,
            "inputs": {n: str(getattr(inputs, n)) for n in _INPUTS} if inputs else None,
            "days": {n: str(getattr(exact, n)) for n in _DAYS} if exact else None,
            "en": self.en,
            "zh": self.zh,
        }


_DAYS = (
    "inventory_days",
    "receivable_days",
    "payable_days",
    "prepayment_days",
    "advance_receipt_days",
    "day_sum",
    "turnover",
)
_INPUTS = (
    "revenue",
    "cost_of_sales",
    "profit",
    "expected_growth",
    "average_inventory",
    "average_receivables",
    "average_payables",
    "average_prepayments",
    "average_advance_receipts",
    "own_funds",
    "existing_loans",
    "other_funding",
)


def estimate_need(
    *,
    terms: ApplicationTerms,
    statement: StatementFigures | None,
    existing_loans: dict[str, int],
) -> NeedEstimate:
    """Estimate the need from the latest statement; never raises for what the case lacks.

    `existing_loans` is the principal outstanding at this lender by currency, minor units.
    """
    if statement is None:
        return NeedEstimate(
            status=NeedStatus.NO_STATEMENT,
            en="There is no financial statement. Record last year's and submit again.",
            zh="尚无财务报表，请录入上年度报表后重新提交。",
        )
    others = {code for code, owed in existing_loans.items() if owed} - {terms.currency}
    if statement.currency != terms.currency or others:
        return NeedEstimate(
            status=NeedStatus.CURRENCY_DIFFERS,
            en="The statement or an existing loan is in another currency than the application. "
            "Estimate the need by hand.",
            zh="财务报表或现有贷款与申请币种不同，请改用人工测算。",
        )
    if terms.expected_growth is None or terms.own_funds is None:
        return NeedEstimate(
            status=NeedStatus.INPUTS_MISSING,
            en="The expected growth or the borrower's own funds are not given. Fill both in and "
            "submit again.",
            zh="缺少预计销售增长率或借款人自有资金，请补充后重新提交。",
        )
    inputs = _inputs(terms, statement, terms.expected_growth, terms.own_funds, existing_loans)
    try:
        exact = working_capital_need(inputs)
    except Refused as refusal:
        return NeedEstimate(
            status=NeedStatus.NOT_APPLICABLE,
            inputs=inputs,
            en=" ".join(problem.en for problem in refusal.problems),
            zh="".join(problem.zh for problem in refusal.problems),
        )
    return NeedEstimate(
        status=NeedStatus.ESTIMATED,
        need=round_half(exact.need, Rounding.HALF_UP),
        capacity=round_half(exact.capacity, Rounding.HALF_UP),
        exact=exact,
        inputs=inputs,
    )


def _inputs(
    terms: ApplicationTerms,
    statement: StatementFigures,
    growth: Decimal,
    own_funds: int,
    existing_loans: dict[str, int],
) -> WorkingCapitalInputs:
    return WorkingCapitalInputs(
        revenue=statement.revenue,
        cost_of_sales=statement.cost_of_sales,
        profit=statement.profit,
        expected_growth=growth,
        average_inventory=_decimal(statement.average_inventory),
        average_receivables=_decimal(statement.average_receivables),
        average_payables=_decimal(statement.average_payables),
        average_prepayments=_decimal(statement.average_prepayments),
        average_advance_receipts=_decimal(statement.average_advance_receipts),
        own_funds=own_funds,
        existing_loans=existing_loans.get(terms.currency, 0),
        # Not given means none: the form asks for funding from elsewhere only where there is some.
        other_funding=terms.other_funding or 0,
    )


def _decimal(average: Fraction) -> Decimal:
    """Exact: the mean of two whole numbers ends in .0 or .5."""
    return Decimal(average.numerator) / Decimal(average.denominator)
