"""XIRR against closed forms, a published example and a naive bisection."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.day_count import DayCount
from domain.rules.lending.effective_rate import effective_annual_rate, internal_rate
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import RepaymentMethod, ScheduleTerms, build_schedule

YEAR = ScheduleTerms(
    principal=1_000_000_00,
    annual_rate=Decimal("0.036"),
    method=RepaymentMethod.BULLET,
    day_count=DayCount.ACT_365,
    start_date=date(2026, 1, 15),
    installments=365,
    unit=PeriodUnit.DAY,
)


def bisected(outlay, flows):
    """The rate by halving an interval, an algorithm unlike the one under test."""
    with localcontext(prec=40):
        low, high = Decimal("-0.999999"), Decimal(10) ** 12
        for _ in range(150):
            middle = (low + high) / 2
            worth = sum(amount / (1 + middle) ** (Decimal(d) / 365) for d, amount in flows)
            low, high = (middle, high) if worth > outlay else (low, middle)
        return low.quantize(Decimal("1E-15")).quantize(Decimal("1E-6"), ROUND_HALF_UP)


@pytest.mark.parametrize("rate", ["0", "0.036", "0.1234565", "0.0000005", "10"])
def test_a_bullet_over_365_days_has_its_own_rate(rate):
    rows = build_schedule(replace(YEAR, annual_rate=Decimal(rate)))
    expected = Decimal(rate).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert effective_annual_rate(rows) == expected


def test_exactly_half_of_the_last_decimal_rounds_up():
    assert internal_rate(outlay=10**7, flows=[(365, 10_123_455)]) == Decimal("0.012346")
    assert internal_rate(outlay=10**7, flows=[(365, 10_123_454)]) == Decimal("0.012345")


def test_a_published_example():
    # The example of Microsoft's page on XIRR: 37.3362535 %.
    flows = [(60, 2750), (303, 4250), (411, 3250), (456, 2750)]
    assert internal_rate(outlay=10_000, flows=flows) == Decimal("0.373363")


def test_interest_paid_through_the_year_is_worth_more_than_its_rate():
    quarterly = replace(
        YEAR,
        method=RepaymentMethod.INTEREST_ONLY,
        day_count=DayCount.ACT_360,
        unit=PeriodUnit.MONTH,
        every=3,
        installments=4,
        settlement_day=20,
    )
    rows = build_schedule(quarterly)
    flows = [((row.due_date - date(2026, 1, 15)).days, row.due) for row in rows]
    assert effective_annual_rate(rows) == bisected(1_000_000_00, flows) == Decimal("0.037019")


@pytest.mark.parametrize(
    ("outlay", "flows"),
    [
        (100, []),
        (0, [(1, 1)]),
        (-5, [(1, 1)]),
        (100, [(0, 100)]),
        (100, [(1, -3)]),
        (100, [(9, 0)]),
        (1, [(1, 2)]),
    ],
)
def test_where_there_is_no_rate_there_is_none(outlay, flows):
    assert internal_rate(outlay=outlay, flows=flows) is None


def test_no_rows_have_no_rate():
    assert effective_annual_rate([]) is None


def test_a_loss_has_a_negative_rate():
    assert internal_rate(outlay=100, flows=[(365, 50)]) == Decimal("-0.5")


def test_a_fiftieth_instalment_of_zero_changes_nothing():
    tiny = replace(
        YEAR,
        principal=1_00,
        method=RepaymentMethod.EQUAL_INSTALLMENT,
        unit=PeriodUnit.MONTH,
        installments=60,
    )
    assert effective_annual_rate(build_schedule(tiny)) == Decimal(0)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 10**9),
    st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 10**9)), min_size=1, max_size=5),
)
def test_the_naive_way_agrees(outlay, flows):
    rate = internal_rate(outlay=outlay, flows=flows)
    if rate is not None and Decimal("-0.99") < rate < 10**6:
        assert rate == bisected(outlay, flows)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 10**13), st.decimals(0, 10, places=6), st.integers(1, 600))
def test_every_schedule_has_a_rate_not_below_zero(principal, rate, installments):
    terms = replace(
        YEAR,
        principal=principal,
        annual_rate=rate,
        method=RepaymentMethod.EQUAL_INSTALLMENT,
        unit=PeriodUnit.MONTH,
        installments=installments,
        start_date=date(2026, 1, 15) + timedelta(days=installments),
    )
    found = effective_annual_rate(build_schedule(terms))
    assert found is not None
    assert found >= 0
