"""Due dates on business days, and what rolling does to the interest of rows."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.accrual import accrued_interest, row_interest
from domain.rules.lending.business_days import (
    WEEKENDS_ONLY,
    BusinessCalendar,
    NoBusinessDay,
    RollConvention,
    roll_date,
)
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.overdue import (
    DueInstallment,
    OverdueTerms,
    days_past_due,
    penalty_interest,
)
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import RepaymentMethod, ScheduleTerms, build_schedule, validate

FOLLOWING, MODIFIED = RollConvention.FOLLOWING, RollConvention.MODIFIED_FOLLOWING
# A week off from Thursday 1 October, paid for with Sunday 20 September and Saturday 10 October.
OCTOBER = BusinessCalendar(
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    working_days=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
)


@pytest.mark.parametrize(
    ("day", "following", "modified"),
    [
        ("2026-09-30", "2026-09-30", "2026-09-30"),
        ("2026-10-01", "2026-10-08", "2026-10-08"),
        ("2026-10-04", "2026-10-08", "2026-10-08"),
        ("2026-10-10", "2026-10-10", "2026-10-10"),
        ("2026-10-11", "2026-10-12", "2026-10-12"),
        ("2026-09-19", "2026-09-20", "2026-09-20"),
        ("2026-10-31", "2026-11-02", "2026-10-30"),
        ("2026-02-28", "2026-03-02", "2026-02-27"),
    ],
)
def test_where_a_due_date_goes(day, following, modified):
    on = date.fromisoformat(day)
    moved = {
        convention: str(roll_date(on, calendar=OCTOBER, convention=convention))
        for convention in RollConvention
    }
    assert moved == {RollConvention.NONE: day, FOLLOWING: following, MODIFIED: modified}


def test_a_calendar_without_business_days_is_a_mistake():
    endless = BusinessCalendar(
        holidays=frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(60))
    )
    with pytest.raises(NoBusinessDay):
        roll_date(date(2026, 1, 10), calendar=endless, convention=FOLLOWING)


@settings(deadline=None)
@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sets(st.integers(0, 60), max_size=12),
    st.sets(st.integers(0, 60), max_size=12),
    st.sampled_from(RollConvention),
)
def test_a_rolled_date_is_a_business_day_and_never_falls(start, off, worked, convention):
    calendar = BusinessCalendar(
        holidays=frozenset(start + timedelta(days=n) for n in off),
        working_days=frozenset(start + timedelta(days=n) for n in worked - off),
    )
    days = [start + timedelta(days=n) for n in range(60)]
    try:
        moved = [roll_date(day, calendar=calendar, convention=convention) for day in days]
    except NoBusinessDay:
        return
    assert all(a <= b for a, b in pairwise(moved))
    if convention is not RollConvention.NONE:
        assert all(calendar.is_business_day(day) for day in moved)
    if convention is MODIFIED:
        assert [day.month for day in moved] == [day.month for day in days]


MONTHLY = ScheduleTerms(
    principal=1_000_000_00,
    annual_rate=Decimal("0.036"),
    method=RepaymentMethod.INTEREST_ONLY,
    day_count=DayCount.ACT_360,
    start_date=date(2026, 1, 15),
    installments=3,
    roll=FOLLOWING,
)


def rows_of(terms):
    return [(str(row.due_date), row.days, row.interest) for row in build_schedule(terms)]


def test_interest_goes_on_to_the_rolled_date_and_the_next_row_starts_there():
    # 15 February and 15 March 2026 are Sundays: 32, 28 and 30 days at 100.00 a day.
    assert rows_of(MONTHLY) == [
        ("2026-02-16", 32, 3_200_00),
        ("2026-03-16", 28, 2_800_00),
        ("2026-04-15", 30, 3_000_00),
    ]


def test_a_rolled_row_of_thirty_day_months_counts_what_it_was_moved_by():
    thirty = replace(MONTHLY, day_count=DayCount.THIRTY_360)
    assert rows_of(thirty) == [
        ("2026-02-16", 31, 3_100_00),
        ("2026-03-16", 30, 3_000_00),
        ("2026-04-15", 29, 2_900_00),
    ]
    # Month ends: 28 February goes back to the 27th, 31 May to the 29th.
    ends = replace(thirty, start_date=date(2026, 1, 31), installments=4, roll=MODIFIED)
    assert rows_of(ends) == [
        ("2026-02-27", 27, 2_700_00),
        ("2026-03-31", 33, 3_300_00),
        ("2026-04-30", 30, 3_000_00),
        ("2026-05-29", 29, 2_900_00),
    ]


def test_a_month_end_that_did_not_move_stands_for_its_whole_months():
    # 28 February 2025 is a Friday, 31 May a Saturday; counted from 31 January.
    terms = replace(
        MONTHLY, day_count=DayCount.THIRTY_360, start_date=date(2025, 1, 31), installments=4
    )
    assert rows_of(terms) == [
        ("2025-02-28", 30, 3_000_00),
        ("2025-03-31", 30, 3_000_00),
        ("2025-04-30", 30, 3_000_00),
        ("2025-06-02", 32, 3_200_00),
    ]


def test_rolled_weeks_count_actual_days_under_thirty_day_months():
    # Sunday 25 January 2026 to Monday 2 February, over the 31st.
    terms = replace(
        MONTHLY,
        day_count=DayCount.THIRTY_360,
        start_date=date(2026, 1, 25),
        unit=PeriodUnit.WEEK,
    )
    assert [days for _, days, _ in rows_of(terms)] == [8, 7, 7]


def test_nothing_is_late_before_the_rolled_date():
    first = build_schedule(MONTHLY)[0]
    owed = DueInstallment(first.due_date, 100_000_00, first.interest)
    terms = OverdueTerms(
        contract_rate=Decimal("0.036"),
        penalty_rate=Decimal("0.054"),
        day_count=DayCount.ACT_360,
        maturity=date(2026, 4, 15),
    )
    assert penalty_interest(owed, terms, date(2026, 2, 16)) == 0
    assert penalty_interest(owed, terms, date(2026, 2, 17)) == 15_00
    assert days_past_due(business_date=date(2026, 2, 16), unpaid_due_dates=[first.due_date]) == 0
    assert days_past_due(business_date=date(2026, 2, 17), unpaid_due_dates=[first.due_date]) == 1


def test_settlement_days_and_maturity_roll_too():
    # The 20th earns; paid on the 21st: 21 March and 21 June 2026 are a Saturday and a Sunday.
    terms = replace(MONTHLY, installments=2, every=3, settlement_day=20)
    assert rows_of(terms) == [
        ("2026-03-23", 67, 6_700_00),
        ("2026-06-22", 91, 9_100_00),
        ("2026-07-15", 23, 2_300_00),
    ]


def test_rows_that_would_end_on_one_day_become_one():
    # Thursday 15 January: due on Friday, three times on Monday, then Tuesday.
    daily = replace(MONTHLY, unit=PeriodUnit.DAY, installments=5)
    assert rows_of(daily) == [
        ("2026-01-16", 1, 100_00),
        ("2026-01-19", 3, 300_00),
        ("2026-01-20", 1, 100_00),
    ]


def test_a_loan_that_would_end_before_it_begins_is_refused():
    # Friday 30 January to Saturday 31 January, which goes back to the Friday.
    terms = replace(
        MONTHLY,
        unit=PeriodUnit.DAY,
        installments=1,
        start_date=date(2026, 1, 30),
        roll=MODIFIED,
    )
    assert [problem.path for problem in validate(terms)] == [("roll",)]
    assert rows_of(replace(terms, roll=FOLLOWING)) == [("2026-02-02", 3, 300_00)]


def test_mistakes_in_the_calendar_are_refused():
    day = date(2026, 2, 16)
    both = BusinessCalendar(holidays=frozenset({day}), working_days=frozenset({day}))
    assert [each.path for each in validate(replace(MONTHLY, calendar=both))] == [("workingDays",)]
    endless = BusinessCalendar(holidays=frozenset(day + timedelta(days=n) for n in range(20)))
    assert [each.path for each in validate(replace(MONTHLY, calendar=endless))] == [("holidays",)]


@settings(max_examples=100, deadline=None)
@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(1, 24),
    st.integers(1, 3),
    st.sampled_from(DayCount),
    st.sampled_from(PeriodUnit),
    st.sampled_from([FOLLOWING, MODIFIED]),
    st.sets(st.integers(0, 800), max_size=60),
    st.none() | st.integers(1, 31),
)
def test_rolled_rows_add_up(start, count, every, day_count, unit, roll, off, settlement):
    terms = replace(
        MONTHLY,
        start_date=start,
        installments=count,
        every=every,
        day_count=day_count,
        unit=unit,
        roll=roll,
        settlement_day=settlement if unit is PeriodUnit.MONTH else None,
        calendar=BusinessCalendar(holidays=frozenset(start + timedelta(days=n) for n in off)),
    )
    if validate(terms):
        return
    rows = build_schedule(terms)
    plain = build_schedule(replace(terms, roll=RollConvention.NONE))
    assert all(terms.calendar.is_business_day(row.due_date) for row in rows)
    assert len(rows) <= len(plain)
    assert all(row.days >= 0 for row in rows)
    # Rolling moves days between rows; the total moves with the last date alone.
    if rows[-1].due_date == plain[-1].due_date:
        assert sum(row.days for row in rows) == sum(row.days for row in plain)
    for row in rows:
        length = (row.end_date - row.start_date).days
        days = [row.start_date + timedelta(days=n) for n in range(length + 1)]
        accrued = [accrued_interest(row, terms, day) for day in days]
        assert accrued[0] == 0
        assert accrued[-1] == row.interest == row_interest(row, terms)
        assert all(a <= b for a, b in pairwise(accrued))


def test_weekends_alone_are_a_calendar():
    assert not WEEKENDS_ONLY.is_business_day(date(2026, 10, 10))
    assert WEEKENDS_ONLY.is_business_day(date(2026, 10, 1))
