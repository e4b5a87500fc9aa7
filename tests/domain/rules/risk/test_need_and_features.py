"""The need as a case has it, and the features that follow from what is on record."""

import dataclasses
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.rules.lending.application import ApplicationTerms
from domain.rules.risk.derived_features import (
    BorrowerRecord,
    decimal_year,
    derive_features,
    merge_features,
)
from domain.rules.risk.need import NeedEstimate, NeedStatus, estimate_need
from domain.rules.risk.score import Score, is_usable
from domain.rules.risk.statement import StatementFigures, follows, whole_months
from ml.catalogue import CATALOGUE
from tests.risk_cases import TODAY, score

WAN = 10_000_00  # CNY 10,000 in minor units, the unit of docs/domain.md's vectors


def statement(**changes: Any) -> StatementFigures:
    values: dict[str, Any] = {
        "period_start": dt.date(2025, 1, 1),
        "period_end": dt.date(2025, 12, 31),
        "currency": "CNY",
        "revenue": 12000 * WAN,
        "cost_of_sales": 9600 * WAN,
        "profit": 720 * WAN,
        "average_inventory": Fraction(1600 * WAN),
        "average_receivables": Fraction(2000 * WAN),
        "average_prepayments": Fraction(400 * WAN),
        "average_payables": Fraction(1200 * WAN),
        "average_advance_receipts": Fraction(200 * WAN),
        "current_assets": 4000 * WAN,
        "total_assets": 9000 * WAN,
        "current_liabilities": 2500 * WAN,
        "total_liabilities": 4500 * WAN,
        **changes,
    }
    return StatementFigures(**values)


def terms(**changes: Any) -> ApplicationTerms:
    values: dict[str, Any] = {
        "borrower_id": 1,
        "currency": "CNY",
        "amount": 200 * WAN,
        "own_funds": 1500 * WAN,
        "other_funding": 300 * WAN,
        "expected_growth": Decimal("0.10"),
        **changes,
    }
    return ApplicationTerms(**values)


def estimate(**changes: Any) -> NeedEstimate:
    values: dict[str, Any] = {
        "terms": terms(),
        "statement": statement(),
        "existing_loans": {"CNY": 800 * WAN},
        **changes,
    }
    return estimate_need(**values)


def test_the_vector_of_the_annex() -> None:
    need = estimate()
    assert need.status is NeedStatus.ESTIMATED
    assert (need.need, need.capacity) == (289_520 * 10_000, 29_520 * 10_000)
    record = need.record()
    assert record["inputs"]["existing_loans"] == str(800 * WAN)
    assert record["days"]["day_sum"] == "84"


def test_funding_from_elsewhere_that_is_not_given_is_none() -> None:
    assert estimate(terms=terms(other_funding=None)).capacity == (29_520 + 30_000) * 10_000


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"statement": None}, NeedStatus.NO_STATEMENT),
        ({"terms": terms(expected_growth=None)}, NeedStatus.INPUTS_MISSING),
        ({"terms": terms(own_funds=None)}, NeedStatus.INPUTS_MISSING),
        ({"terms": terms(currency="USD")}, NeedStatus.CURRENCY_DIFFERS),
        ({"existing_loans": {"USD": 1}}, NeedStatus.CURRENCY_DIFFERS),
        ({"existing_loans": {"USD": 0}}, NeedStatus.ESTIMATED),
        ({"statement": statement(revenue=0)}, NeedStatus.NOT_APPLICABLE),
        (
            {"statement": statement(average_payables=Fraction(9600 * WAN))},
            NeedStatus.NOT_APPLICABLE,
        ),
        ({"statement": statement(cost_of_sales=-1)}, NeedStatus.NOT_APPLICABLE),
    ],
)
def test_why_a_need_is_not_estimated(changes: dict[str, Any], status: NeedStatus) -> None:
    need = estimate(**changes)
    assert need.status is status
    if status is not NeedStatus.ESTIMATED:
        assert need.capacity is None
        assert need.en
        assert need.zh
    assert need.record()["status"] == status


RECORD = BorrowerRecord(
    registered_on=dt.date(2020, 1, 15),
    industry_code="C13",
    region="330100",
    enterprise_size="SMALL",
    customer_since=dt.date(2024, 1, 15),
    late_instalments=2,
)
BLANK = BorrowerRecord(
    registered_on=None,
    industry_code="",
    region="",
    enterprise_size="",
    customer_since=None,
    late_instalments=None,
)


def derive(**changes: Any) -> dict[str, Fraction | str]:
    values: dict[str, Any] = {
        "today": TODAY,
        "terms": terms(),
        "term_months": Fraction(12),
        "revolving": True,
        "borrower": RECORD,
        "statement": statement(),
        "previous": statement(
            period_start=dt.date(2024, 1, 1),
            period_end=dt.date(2024, 12, 31),
            revenue=10000 * WAN,
        ),
        "need": estimate(),
        **changes,
    }
    return derive_features(**values)


def test_every_derived_name_is_in_the_catalogue_and_within_its_bounds() -> None:
    found = merge_features(derive(), {})
    for name, value in found.items():
        feature = CATALOGUE[name]
        if feature.numeric:
            assert isinstance(value, float)
            assert feature.least <= value <= feature.most
        else:
            assert isinstance(value, str)


def test_derived_values_by_hand() -> None:
    found = derive()
    assert found["requested_amount"] == 2_000_000
    assert found["amount_to_revenue"] == Fraction(200, 12000)
    assert found["amount_to_need"] == Fraction(200 * 10_000, 28_952_000)
    assert found["revenue_growth"] == Fraction(1, 5)
    assert found["profit_margin"] == Fraction(6, 100)
    assert found["gross_margin"] == Fraction(1, 5)
    assert found["current_ratio"] == Fraction(8, 5)
    assert found["debt_ratio"] == Fraction(1, 2)
    assert (found["inventory_days"], found["receivable_days"], found["payable_days"]) == (
        60,
        60,
        45,
    )
    assert found["annual_revenue"] == 120_000_000
    assert found["new_business"] == "NO"
    assert found["prior_overdue_count"] == 2
    assert round(found["years_in_business"]) == 6


def test_what_is_not_known_is_left_out() -> None:
    found = derive(borrower=BLANK, statement=None, previous=None, need=estimate(statement=None))
    assert set(found) == {
        "requested_amount",
        "requested_term_months",
        "revolving_line",
        "application_year",
    }
    assert "revenue_growth" not in derive(previous=None)
    gap = statement(period_start=dt.date(2022, 1, 1), period_end=dt.date(2022, 12, 31))
    assert "revenue_growth" not in derive(previous=gap)
    assert "current_ratio" not in derive(statement=statement(current_liabilities=0))


def test_what_is_given_wins_even_when_given_as_missing() -> None:
    merged = merge_features(derive(), {"revolving_line": None, "employees": 12.0})
    assert merged["revolving_line"] is None
    assert merged["employees"] == 12.0
    assert merged["requested_amount"] == 2_000_000.0


def test_calendar() -> None:
    assert decimal_year(dt.date(2026, 1, 1)) == 2026
    assert float(decimal_year(dt.date(2006, 7, 1))) == pytest.approx(2006.5, abs=0.01)
    assert whole_months(dt.date(2025, 1, 31), dt.date(2025, 2, 28)) == 0
    assert whole_months(dt.date(2025, 1, 15), dt.date(2026, 1, 15)) == 12
    assert whole_months(dt.date(2025, 1, 16), dt.date(2026, 1, 15)) == 11
    later = statement()
    assert not follows(later, later)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.01, 1.01])
def test_numbers_that_are_no_score(bad: float) -> None:
    sound: Score = score()
    assert is_usable(sound)
    assert not is_usable(dataclasses.replace(sound, probability_of_default=bad))
    assert not is_usable(dataclasses.replace(sound, missing_share=bad))
