"""Benchmark rates: which fixing a reset finds, and when resets come."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.benchmark import (
    BenchmarkTerms,
    Fixing,
    RepricingRule,
    benchmark_rates,
    fixing_problems,
    reset_dates,
)
from domain.rules.lending.day_count import DatedRate
from domain.rules.refusal import ErrorCode, Refused

ONE, FIVE = "1Y", "5Y"


def fixing(day, rate, tenor=ONE):
    return Fixing(tenor, date.fromisoformat(day), Decimal(rate))


SERIES = [
    fixing("2026-03-20", "0.0290"),
    fixing("2025-11-20", "0.0300"),
    fixing("2025-12-22", "0.0300"),
    fixing("2025-12-22", "0.0350", FIVE),
    fixing("2026-12-21", "0.0280"),
    fixing("2027-01-20", "0.0270"),
]


def rates(rule, *, start, maturity, known="2030-01-01", spread=60, tenor=ONE, series=SERIES):
    found = benchmark_rates(
        BenchmarkTerms(tenor, spread, rule),
        series,
        start=date.fromisoformat(start),
        maturity=date.fromisoformat(maturity),
        known_until=date.fromisoformat(known),
    )
    return [(str(each.effective_from), str(each.rate)) for each in found]


def test_a_fixed_rate_keeps_the_fixing_of_the_first_day():
    assert rates(RepricingRule.FIXED, start="2026-01-15", maturity="2028-01-15") == [
        ("2026-01-15", "0.0360")
    ]


def test_each_first_of_january_takes_the_last_fixing_before_it():
    assert rates(RepricingRule.JANUARY_FIRST, start="2026-01-15", maturity="2028-01-15") == [
        ("2026-01-15", "0.0360"),
        ("2027-01-01", "0.0340"),
        ("2028-01-01", "0.0330"),
    ]


def test_a_fixing_of_the_reset_day_itself_counts():
    assert rates(RepricingRule.FIXED, start="2026-03-20", maturity="2027-03-20") == [
        ("2026-03-20", "0.0350")
    ]
    assert rates(RepricingRule.FIXED, start="2026-03-19", maturity="2027-03-19") == [
        ("2026-03-19", "0.0360")
    ]


def test_anniversaries_and_quarters_count_from_the_first_day():
    assert rates(RepricingRule.ANNIVERSARY, start="2026-01-20", maturity="2028-01-20") == [
        ("2026-01-20", "0.0360"),
        ("2027-01-20", "0.0330"),
    ]
    assert rates(RepricingRule.QUARTERLY, start="2025-11-30", maturity="2026-11-30") == [
        ("2025-11-30", "0.0360"),
        ("2026-02-28", "0.0360"),
        ("2026-05-30", "0.0350"),
        ("2026-08-30", "0.0350"),
    ]


def test_what_is_not_published_yet_is_not_known():
    known = {"start": "2026-01-15", "maturity": "2029-01-15", "known": "2026-12-25"}
    assert rates(RepricingRule.JANUARY_FIRST, **known) == [("2026-01-15", "0.0360")]
    assert rates(RepricingRule.JANUARY_FIRST, **{**known, "known": "2027-01-01"}) == [
        ("2026-01-15", "0.0360"),
        ("2027-01-01", "0.0340"),
    ]
    # A loan of next month takes today's rate for the time being.
    assert rates(
        RepricingRule.QUARTERLY, start="2027-02-01", maturity="2028-02-01", known="2026-12-25"
    ) == [("2027-02-01", "0.0340")]


def test_tenors_are_apart_and_a_spread_may_be_negative():
    assert rates(
        RepricingRule.FIXED, start="2026-01-15", maturity="2032-01-15", tenor=FIVE, spread=-15
    ) == [("2026-01-15", "0.0335")]


@pytest.mark.parametrize(
    ("start", "known", "tenor", "series"),
    [
        ("2025-11-19", "2030-01-01", ONE, SERIES),
        ("2025-12-01", "2030-01-01", FIVE, SERIES),
        ("2026-01-15", "2025-11-19", ONE, SERIES),
        ("2026-01-15", "2030-01-01", ONE, []),
    ],
)
def test_without_a_fixing_on_or_before_the_first_day_it_is_refused(start, known, tenor, series):
    with pytest.raises(Refused) as refusal:
        rates(
            RepricingRule.FIXED,
            start=start,
            maturity="2027-01-15",
            known=known,
            tenor=tenor,
            series=series,
        )
    (problem,) = refusal.value.problems
    assert (problem.code, problem.path) == (ErrorCode.NOT_FOUND, ("benchmark", "fixings"))
    assert start in problem.en
    assert start in problem.zh


def test_a_rate_below_zero_is_refused():
    with pytest.raises(Refused) as refusal:
        rates(RepricingRule.FIXED, start="2026-01-15", maturity="2027-01-15", spread=-301)
    (problem,) = refusal.value.problems
    assert problem.path == ("benchmark", "spreadBasisPoints")


def test_two_fixings_of_one_day_are_a_mistake():
    twice = [fixing("2026-03-20", "0.029"), fixing("2026-03-20", "0.03")]
    (problem,) = fixing_problems(twice)
    assert problem.path == ("benchmark", "fixings", "1", "publishedOn")
    assert not list(fixing_problems(SERIES))


def test_a_leap_day_comes_back_in_leap_years():
    days = reset_dates(
        RepricingRule.ANNIVERSARY, start=date(2024, 2, 29), maturity=date(2029, 2, 28)
    )
    assert [str(day) for day in days] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(1, 4_000),
    st.sampled_from(RepricingRule),
    st.lists(st.tuples(st.integers(-900, 20_000), st.integers(0, 999)), max_size=20),
    st.integers(-100, 20_000),
)
def test_every_reset_has_the_fixing_a_slow_look_finds(start, length, rule, published, known):
    fixings = [
        Fixing(ONE, start + timedelta(days=n), Decimal(rate) / 10_000)
        for n, rate in dict([(-1000, 310), *published]).items()
    ]
    maturity, known_until = start + timedelta(days=length), start + timedelta(days=known)
    found = benchmark_rates(
        BenchmarkTerms(ONE, 25, rule),
        fixings,
        start=start,
        maturity=maturity,
        known_until=known_until,
    )
    slow = []
    for day in [start, *(start + timedelta(days=n) for n in range(1, length))]:
        resets = {
            RepricingRule.FIXED: day == start,
            RepricingRule.JANUARY_FIRST: day == start or (day.month, day.day) == (1, 1),
            RepricingRule.ANNIVERSARY: is_reset(start, day, 12),
            RepricingRule.QUARTERLY: is_reset(start, day, 3),
        }
        if resets[rule] and (day == start or day <= known_until):
            seen = [each for each in fixings if each.published_on <= min(day, known_until)]
            last = max(seen, key=lambda each: each.published_on)
            slow.append(DatedRate(day, last.rate + Decimal("0.0025")))
    assert list(found) == slow


def is_reset(start, day, months):
    """Whether `day` is a multiple of `months` after `start`, or stands for a day that is none."""
    apart = (day.year - start.year) * 12 + day.month - start.month
    last_of_month = (day + timedelta(days=1)).day == 1
    same_day = day.day == start.day or (last_of_month and start.day > day.day)
    return apart % months == 0 and same_day
