"""The two checked sheets of docs/domain.md §3, and where the formula has no answer."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.money import Rounding, round_half
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.risk.working_capital import WorkingCapitalInputs, working_capital_need

SHEET = WorkingCapitalInputs(
    revenue=12000,
    cost_of_sales=9600,
    profit=720,
    expected_growth=Decimal("0.10"),
    average_inventory=1600,
    average_receivables=2000,
    average_payables=1200,
    average_prepayments=400,
    average_advance_receipts=200,
    own_funds=1500,
    existing_loans=800,
    other_funding=300,
)


def cents(amount):
    return round_half(amount * 100, Rounding.HALF_UP)


def refusal(inputs):
    with pytest.raises(Refused) as refused:
        working_capital_need(inputs)
    return [(problem.code, problem.path) for problem in refused.value.problems]


def test_the_first_sheet():
    result = working_capital_need(SHEET)
    assert (
        result.inventory_days,
        result.receivable_days,
        result.payable_days,
        result.prepayment_days,
        result.advance_receipt_days,
        result.day_sum,
    ) == (60, 60, 45, 15, 6, 84)
    assert result.turnover == Fraction(360, 84)
    assert cents(result.need) == 2895_20
    assert cents(result.capacity) == 295_20


def test_the_second_sheet_is_never_rounded_on_the_way():
    result = working_capital_need(
        WorkingCapitalInputs(
            revenue=Decimal("20315.74"),
            cost_of_sales=Decimal("19178.09"),
            profit=Decimal("903.123"),
            expected_growth=Decimal("0.7966365"),
            average_inventory=Decimal("1029.665"),
            average_receivables=Decimal("1222.433"),
            average_payables=Decimal("1.00"),
            average_prepayments=Decimal("1845.397"),
            average_advance_receipts=Decimal("79.553"),
            own_funds=Decimal("4187.60"),
            existing_loans=0,
            other_funding=0,
        )
    )
    assert cents(result.need) == 7188_85
    assert cents(result.capacity) == 3001_25


def test_enough_funds_leave_no_capacity():
    assert working_capital_need(replace(SHEET, own_funds=10**9)).capacity == 0


def test_a_zero_balance_is_zero_days():
    services = replace(
        SHEET,
        cost_of_sales=0,
        average_inventory=0,
        average_payables=0,
        average_prepayments=0,
    )
    result = working_capital_need(services)
    assert (result.inventory_days, result.day_sum) == (0, 54)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"average_payables": 10**6}, ()),
        ({"average_payables": Decimal("3440")}, ()),
        ({"revenue": 0, "profit": -5}, ("revenue",)),
        ({"revenue": 0}, ("revenue",)),
        ({"profit": 12001}, ("profit",)),
        ({"cost_of_sales": 0}, ("costOfSales",)),
    ],
)
def test_where_the_formula_does_not_apply_it_says_so(changes, path):
    assert refusal(replace(SHEET, **changes)) == [(ErrorCode.FORMULA_NOT_APPLICABLE, path)]


def test_impossible_figures_are_refused_together():
    wrong = replace(
        SHEET,
        revenue=-1,
        average_inventory=Decimal("NaN"),
        profit=Decimal("Infinity"),
        existing_loans=-1,
        expected_growth=Decimal("-1.01"),
    )
    assert refusal(wrong) == [
        (ErrorCode.OUT_OF_RANGE, (field,))
        for field in ("revenue", "averageInventory", "existingLoans", "profit", "expectedGrowth")
    ]


@given(st.integers(1, 10**6))
def test_the_unit_of_the_amounts_does_not_matter(unit):
    amounts = {
        field: getattr(SHEET, field) * unit
        for field in SHEET.__slots__
        if field != "expected_growth"
    }
    scaled = working_capital_need(replace(SHEET, **amounts))
    assert scaled.capacity == working_capital_need(SHEET).capacity * unit
