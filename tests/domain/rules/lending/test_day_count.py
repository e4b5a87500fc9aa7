"""Days and year fractions, counted by hand."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.lending.day_count import (
    DayCount,
    counted_days,
    thirty_e_days,
    year_basis,
    year_parts,
)

DATES = st.dates(date(1900, 1, 1), date(2200, 12, 31))


def year_fraction(day_count, *, start, end):
    return Fraction(year_parts(day_count, start, end), year_basis(day_count))


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 1, 15), date(2026, 3, 21), 66),
        (date(2026, 1, 31), date(2026, 2, 28), 28),
        (date(2026, 2, 28), date(2026, 3, 31), 32),
        (date(2024, 2, 29), date(2024, 3, 31), 31),
        (date(2026, 1, 30), date(2026, 1, 31), 0),
        (date(2026, 12, 21), date(2027, 1, 15), 24),
        (date(2026, 3, 31), date(2026, 5, 31), 60),
    ],
)
def test_30e_counts_a_31st_as_the_30th(start, end, days):
    assert thirty_e_days(start, end) == days


@pytest.mark.parametrize(
    ("day_count", "fraction"),
    [
        (DayCount.ACT_360, Fraction(90, 360)),
        (DayCount.ACT_365, Fraction(90, 365)),
        (DayCount.THIRTY_360, Fraction(90, 360)),
        (DayCount.THIRTY_365, Fraction(90, 365)),
        (DayCount.ACT_ACT, Fraction(11, 365) + Fraction(79, 365)),
    ],
)
def test_a_quarter_over_new_year(day_count, fraction):
    assert year_fraction(day_count, start=date(2026, 12, 21), end=date(2027, 3, 21)) == fraction


def test_act_act_splits_at_new_year_and_knows_leap_years():
    # 2023-11-01 to 2024-05-01: 61 days of 365, 121 days of 366 (ISDA's own example).
    split = year_fraction(DayCount.ACT_ACT, start=date(2023, 11, 1), end=date(2024, 5, 1))
    assert split == Fraction(61, 365) + Fraction(121, 366)
    years = year_fraction(DayCount.ACT_ACT, start=date(2023, 7, 1), end=date(2026, 7, 1))
    assert years == Fraction(184, 365) + 2 + Fraction(181, 365)


@given(DATES, DATES, DATES, st.sampled_from(DayCount))
def test_fractions_of_adjoining_spans_add_up(first, second, third, day_count):
    start, middle, end = sorted((first, second, third))
    whole = year_fraction(day_count, start=start, end=end)
    parts = [
        year_fraction(day_count, start=start, end=middle),
        year_fraction(day_count, start=middle, end=end),
    ]
    assert sum(parts) == whole
    assert min(parts) >= 0
    assert counted_days(day_count, start=start, end=end) >= 0
