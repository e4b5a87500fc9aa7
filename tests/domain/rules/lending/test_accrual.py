"""Interest day by day, landing on the row."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.accrual import accrued_interest
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import RepaymentMethod, ScheduleTerms, build_schedule
from domain.rules.money import Rounding

METHODS = [each for each in RepaymentMethod if each is not RepaymentMethod.CUSTOM_PLAN]
QUARTERLY = ScheduleTerms(
    principal=1_000_000_00,
    annual_rate=Decimal("0.036"),
    method=RepaymentMethod.INTEREST_ONLY,
    day_count=DayCount.ACT_360,
    start_date=date(2026, 1, 15),
    installments=4,
    every=3,
    settlement_day=20,
)


@pytest.mark.parametrize(
    ("on", "accrued"),
    [
        (date(2026, 1, 1), 0),
        (date(2026, 1, 15), 0),
        (date(2026, 1, 16), 100_00),
        (date(2026, 2, 1), 1_700_00),
        (date(2026, 3, 20), 6_400_00),
        (date(2026, 3, 21), 6_500_00),
        (date(2026, 9, 1), 6_500_00),
    ],
)
def test_one_hundred_a_day(on, accrued):
    first = build_schedule(QUARTERLY)[0]
    assert accrued_interest(first, QUARTERLY, on) == accrued


def test_a_month_of_thirty_days_stops_at_the_thirtieth():
    terms = replace(
        QUARTERLY,
        day_count=DayCount.THIRTY_360,
        start_date=date(2026, 1, 1),
        every=1,
        settlement_day=None,
    )
    january, february, *_ = build_schedule(terms)
    assert january.interest == february.interest == 3_000_00
    assert accrued_interest(january, terms, date(2026, 1, 30)) == 2_900_00
    assert accrued_interest(january, terms, date(2026, 1, 31)) == 2_900_00
    assert accrued_interest(january, terms, date(2026, 2, 1)) == 3_000_00
    assert accrued_interest(february, terms, date(2026, 2, 28)) == 2_700_00
    assert accrued_interest(february, terms, date(2026, 3, 1)) == 3_000_00


def test_rows_of_days_count_actual_days_under_30_day_months():
    terms = replace(
        QUARTERLY,
        day_count=DayCount.THIRTY_360,
        start_date=date(2026, 1, 30),
        unit=PeriodUnit.DAY,
        every=10,
        settlement_day=None,
    )
    first = build_schedule(terms)[0]
    assert accrued_interest(first, terms, date(2026, 1, 31)) == 100_00
    assert accrued_interest(first, terms, date(2026, 2, 8)) == 900_00


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 10**10),
    st.decimals(0, 10, places=5),
    st.sampled_from(METHODS),
    st.sampled_from(DayCount),
    st.sampled_from(Rounding),
    st.sampled_from(PeriodUnit),
    st.dates(date(2023, 1, 1), date(2028, 12, 31)),
)
def test_accrual_never_falls_and_lands_on_the_row(
    principal, rate, method, day_count, rounding, unit, start
):
    terms = ScheduleTerms(
        principal=principal,
        annual_rate=rate,
        method=method,
        day_count=day_count,
        start_date=start,
        installments=3,
        unit=unit,
        rounding=rounding,
    )
    for row in build_schedule(terms):
        days = [
            row.start_date + timedelta(days=n)
            for n in range((row.end_date - row.start_date).days + 1)
        ]
        accrued = [accrued_interest(row, terms, day) for day in days]
        assert accrued[0] == 0
        assert accrued[-1] == row.interest
        assert all(a <= b for a, b in pairwise(accrued))
