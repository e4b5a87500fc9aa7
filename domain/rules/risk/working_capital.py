"""The working-capital need (营运资金量) and the new loan it leaves room for.

The method of the annex to China's 2010 working-capital loan rules, as docs/domain.md §3 words it.
Intermediates are exact fractions and never rounded; the caller rounds the result it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if

_DAYS_IN_YEAR = 360


@dataclass(frozen=True, slots=True)
class WorkingCapitalInputs:
    """Last year's figures and year averages, all amounts in one unit (such as minor units).

    `expected_growth` is a fraction (0.10 is 10 %). `existing_loans` leaves out the loans that the
    new one repays. `other_funding` is working-capital funding from elsewhere.
    """

    revenue: int | Decimal
    cost_of_sales: int | Decimal
    profit: int | Decimal
    expected_growth: Decimal
    average_inventory: int | Decimal
    average_receivables: int | Decimal
    average_payables: int | Decimal
    average_prepayments: int | Decimal
    average_advance_receipts: int | Decimal
    own_funds: int | Decimal
    existing_loans: int | Decimal
    other_funding: int | Decimal


@dataclass(frozen=True, slots=True)
class WorkingCapitalNeed:
    """Exact results: days, turns a year, and amounts in the unit of the inputs.

    `capacity` (新增流动资金贷款额度) is at least 0.
    """

    inventory_days: Fraction
    receivable_days: Fraction
    payable_days: Fraction
    prepayment_days: Fraction
    advance_receipt_days: Fraction
    day_sum: Fraction
    turnover: Fraction
    need: Fraction
    capacity: Fraction


def working_capital_need(inputs: WorkingCapitalInputs) -> WorkingCapitalNeed:
    """Apply the formula of docs/domain.md §3.

    Raises :class:`~domain.rules.refusal.Refused`: with OUT_OF_RANGE for impossible figures, all of
    them at once, and with FORMULA_NOT_APPLICABLE where the formula has no answer, which sends the
    case to a manual estimate.
    """
    refuse_if(_impossible_figures(inputs))
    refuse_if(_formula_misfits(inputs))
    inventory = _days(inputs.average_inventory, inputs.cost_of_sales)
    receivable = _days(inputs.average_receivables, inputs.revenue)
    payable = _days(inputs.average_payables, inputs.cost_of_sales)
    prepayment = _days(inputs.average_prepayments, inputs.cost_of_sales)
    advance_receipt = _days(inputs.average_advance_receipts, inputs.revenue)
    day_sum = inventory + receivable - payable + prepayment - advance_receipt
    if day_sum <= 0:
        raise Refused(
            [
                _not_applicable(
                    (),
                    "The operating cycle comes to 0 days or fewer, so the need cannot be computed "
                    "by turnover. Estimate it by hand, with evidence.",
                    "营运资金周转天数合计不大于 0，周转公式不适用，请改用人工测算并附依据。",
                )
            ]
        )
    turnover = _DAYS_IN_YEAR / day_sum
    margin = Fraction(inputs.profit) / Fraction(inputs.revenue)
    need = (
        Fraction(inputs.revenue) * (1 - margin) * (1 + Fraction(inputs.expected_growth)) / turnover
    )
    funded = (
        Fraction(inputs.own_funds)
        + Fraction(inputs.existing_loans)
        + Fraction(inputs.other_funding)
    )
    return WorkingCapitalNeed(
        inventory_days=inventory,
        receivable_days=receivable,
        payable_days=payable,
        prepayment_days=prepayment,
        advance_receipt_days=advance_receipt,
        day_sum=day_sum,
        turnover=turnover,
        need=need,
        capacity=max(need - funded, Fraction(0)),
    )


def _days(balance: int | Decimal, flow: int | Decimal) -> Fraction:
    """360 ÷ (flow ÷ average balance); a zero balance is 0 days whatever the flow."""
    if balance == 0:
        return Fraction(0)
    return _DAYS_IN_YEAR * Fraction(balance) / Fraction(flow)


def _impossible_figures(inputs: WorkingCapitalInputs) -> Iterator[Problem]:
    for path, figure, en, zh in (
        ("revenue", inputs.revenue, "revenue", "营业收入"),
        ("costOfSales", inputs.cost_of_sales, "cost of sales", "营业成本"),
        ("averageInventory", inputs.average_inventory, "average inventory", "平均存货"),
        ("averageReceivables", inputs.average_receivables, "average receivables", "平均应收账款"),
        ("averagePayables", inputs.average_payables, "average payables", "平均应付账款"),
        ("averagePrepayments", inputs.average_prepayments, "average prepayments", "平均预付账款"),
        (
            "averageAdvanceReceipts",
            inputs.average_advance_receipts,
            "average advance receipts",
            "平均预收账款",
        ),
        ("ownFunds", inputs.own_funds, "borrower's own funds", "借款人自有资金"),
        ("existingLoans", inputs.existing_loans, "existing loans", "现有流动资金贷款"),
        ("otherFunding", inputs.other_funding, "other funding", "其他渠道营运资金"),
    ):
        if not _finite(figure) or figure < 0:
            yield Problem(
                ErrorCode.OUT_OF_RANGE,
                (path,),
                f"The {en} must be 0 or more.",
                f"{zh}不得为负。",
            )
    if not _finite(inputs.profit):
        yield Problem(
            ErrorCode.OUT_OF_RANGE, ("profit",), "The profit must be a number.", "利润须为数值。"
        )
    if not inputs.expected_growth.is_finite() or inputs.expected_growth < -1:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("expectedGrowth",),
            "The expected growth must be -1 or more, as a fraction: 0.10 is 10 %.",
            "预计销售增长率须不小于 -1，以小数表示：0.10 即 10%。",
        )


def _formula_misfits(inputs: WorkingCapitalInputs) -> Iterator[Problem]:
    if inputs.revenue == 0:
        yield _not_applicable(
            ("revenue",),
            "Without last year's revenue the formula does not apply. Estimate the need by hand.",
            "无上年度营业收入，公式不适用，请改用人工测算。",
        )
    elif inputs.profit > inputs.revenue:
        yield _not_applicable(
            ("profit",),
            "With a profit above revenue the formula would give a need below 0. Estimate the need "
            "by hand.",
            "利润大于营业收入，公式结果为负而不适用，请改用人工测算。",
        )
    if inputs.cost_of_sales == 0 and any(
        (inputs.average_inventory, inputs.average_payables, inputs.average_prepayments)
    ):
        yield _not_applicable(
            ("costOfSales",),
            "Inventory, payables or prepayments have no turnover without cost of sales. Estimate "
            "the need by hand.",
            "无营业成本而有存货、应付或预付余额，无法计算周转天数，请改用人工测算。",
        )


def _finite(figure: int | Decimal) -> bool:
    return isinstance(figure, int) or figure.is_finite()


def _not_applicable(path: tuple[str, ...], en: str, zh: str) -> Problem:
    return Problem(ErrorCode.FORMULA_NOT_APPLICABLE, path, en, zh)
