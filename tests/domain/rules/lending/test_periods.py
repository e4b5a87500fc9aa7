"""When periods begin and fall due."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.lending.day_count import DayCount
from domain.rules.lending.periods import (
    Period,
    PeriodUnit,
    due_date,
    regular_periods,
    settlement_periods,
    whole_term,
)


def ends(periods):
    return [period.end for period in periods]


def test_due_dates_count_from_the_original_first_date():
    periods = regular_periods(
        start=date(2026, 1, 31), installments=4, every=1, unit=PeriodUnit.MONTH
    )
    assert ends(periods) == [
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 31),
    ]
    assert {period.days(DayCount.THIRTY_360) for period in periods} == {30}
    assert [period.days(DayCount.ACT_360) for period in periods] == [28, 31, 30, 31]


@pytest.mark.parametrize(
    ("unit", "every", "due", "days"),
    [
        (PeriodUnit.DAY, 10, [date(2026, 2, 10), date(2026, 2, 20)], 10),
        (PeriodUnit.WEEK, 2, [date(2026, 2, 14), date(2026, 2, 28)], 14),
        (PeriodUnit.MONTH, 3, [date(2026, 4, 30), date(2026, 7, 31)], 90),
    ],
)
def test_each_unit_counts_its_own_days_under_30_day_months(unit, every, due, days):
    periods = regular_periods(start=date(2026, 1, 31), installments=2, every=every, unit=unit)
    assert ends(periods) == due
    assert {period.days(DayCount.THIRTY_365) for period in periods} == {days}


def test_leap_day_comes_back_each_leap_year():
    periods = regular_periods(
        start=date(2024, 2, 29), installments=4, every=12, unit=PeriodUnit.MONTH
    )
    assert ends(periods) == [date(y, 2, 29 if y == 2028 else 28) for y in range(2025, 2029)]


def test_settlement_periods_end_the_day_after_the_settlement_day():
    periods = settlement_periods(
        start=date(2026, 1, 15), installments=4, every=3, settlement_day=20
    )
    assert [period.days(DayCount.ACT_360) for period in periods] == [65, 92, 92, 91, 25]
    assert [period.days(DayCount.THIRTY_360) for period in periods] == [66, 90, 90, 90, 24]
    assert ends(periods) == [
        date(2026, 3, 21),
        date(2026, 6, 21),
        date(2026, 9, 21),
        date(2026, 12, 21),
        date(2027, 1, 15),
    ]


def test_a_loan_drawn_on_the_payment_day_has_no_stub():
    periods = settlement_periods(
        start=date(2026, 3, 21), installments=4, every=3, settlement_day=20
    )
    assert ends(periods) == [
        date(2026, 6, 21),
        date(2026, 9, 21),
        date(2026, 12, 21),
        date(2027, 3, 21),
    ]


def test_a_loan_drawn_on_the_settlement_day_has_a_first_period_of_one_day():
    periods = settlement_periods(
        start=date(2026, 3, 20), installments=1, every=3, settlement_day=20
    )
    assert periods == (
        Period(date(2026, 3, 20), date(2026, 3, 21), 1),
        Period(date(2026, 3, 21), date(2026, 6, 20), 89),
    )


def test_a_short_first_period_joins_the_next():
    periods = settlement_periods(
        start=date(2026, 3, 15),
        installments=2,
        every=1,
        settlement_day=20,
        min_first_period_days=7,
    )
    assert ends(periods) == [date(2026, 4, 21), date(2026, 5, 15)]


def test_a_settlement_day_the_month_has_not_is_its_last_day():
    periods = settlement_periods(
        start=date(2026, 1, 10), installments=3, every=1, settlement_day=31
    )
    assert ends(periods) == [
        date(2026, 2, 1),
        date(2026, 3, 1),
        date(2026, 4, 1),
        date(2026, 4, 10),
    ]
    clamped = settlement_periods(
        start=date(2026, 1, 10), installments=2, every=1, settlement_day=30
    )
    assert ends(clamped) == [date(2026, 1, 31), date(2026, 3, 1), date(2026, 3, 10)]


def test_december_settles_into_the_next_year():
    periods = settlement_periods(
        start=date(2026, 12, 31), installments=1, every=1, settlement_day=31
    )
    assert ends(periods) == [date(2027, 1, 1), date(2027, 1, 31)]


def test_the_whole_term_counts_whole_months():
    period = whole_term(start=date(2026, 1, 31), installments=2, every=1, unit=PeriodUnit.MONTH)
    assert (period.end, period.thirty_days) == (date(2026, 3, 31), 60)
    days = whole_term(start=date(2026, 1, 31), installments=9, every=10, unit=PeriodUnit.DAY)
    assert (days.end, days.thirty_days) == (date(2026, 5, 1), 90)


@pytest.mark.parametrize("unit", list(PeriodUnit))
def test_absurdly_late_dates_are_refused(unit):
    with pytest.raises(OverflowError):
        due_date(first=date(2200, 1, 1), count=10**9, every=10**9, unit=unit)


@given(
    st.dates(date(1900, 1, 1), date(2150, 1, 1)),
    st.integers(1, 40),
    st.integers(1, 12),
    st.integers(1, 31),
    st.integers(1, 40),
)
def test_settlement_periods_join_up_and_end_at_maturity(start, installments, every, day, least):
    periods = settlement_periods(
        start=start,
        installments=installments,
        every=every,
        settlement_day=day,
        min_first_period_days=least,
    )
    assert periods[0].start == start
    assert periods[-1].end == due_date(
        first=start, count=installments, every=every, unit=PeriodUnit.MONTH
    )
    assert all(a.end == b.start for a, b in pairwise(periods))
    assert all(period.start < period.end for period in periods)
    for period in periods[:-1]:
        last = period.end - timedelta(days=1)
        assert last.month % every == 0
        assert last.day == day or (last.day < day and period.end.day == 1)
    if 12 % every == 0:
        assert len(periods) <= installments + 1
