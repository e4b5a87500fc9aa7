"""Limitation, guarantee periods, and how long a loan may be extended."""

from datetime import date
from fractions import Fraction

import pytest

from domain.rules.lending.deadlines import guarantee_date, limitation_date
from domain.rules.lending.extension import (
    ExtensionCap,
    extension_problems,
    latest_maturity,
    parse_caps,
)

LAW = "12:1,60:1/2,*:36m"


@pytest.mark.parametrize(
    ("interruptions", "last_day"),
    [
        ([], date(2030, 2, 28)),
        ([date(2026, 5, 1)], date(2030, 2, 28)),  # before the last instalment fell due
        ([date(2028, 3, 1), date(2027, 6, 15)], date(2031, 3, 1)),
    ],
)
def test_limitation_runs_from_the_last_due_date_and_anew_from_each_demand(interruptions, last_day):
    found = limitation_date(maturity=date(2027, 2, 28), interruptions=interruptions, years=3)
    assert found == last_day


def test_a_guarantee_without_a_period_ends_months_after_the_debt_fell_due():
    assert guarantee_date(maturity=date(2026, 8, 31), months=6) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("start", "maturity", "latest"),
    [
        (date(2026, 1, 15), date(2026, 7, 15), date(2027, 1, 15)),  # 6 months: 6 more
        (date(2026, 1, 15), date(2027, 1, 15), date(2028, 1, 15)),  # 1 year: 1 more
        (date(2026, 1, 15), date(2027, 1, 16), date(2027, 7, 16)),  # a day over: half
        (date(2026, 1, 15), date(2031, 1, 15), date(2033, 7, 15)),  # 5 years: half
        (date(2026, 1, 15), date(2032, 1, 15), date(2035, 1, 15)),  # more: 3 years
        (date(2026, 1, 1), date(2026, 3, 2), date(2026, 5, 3)),  # 2 months and a day
    ],
)
def test_caps_of_the_law_count_from_the_original_term(start, maturity, latest):
    caps = parse_caps(LAW)
    assert latest_maturity(start=start, original_maturity=maturity, caps=caps) == latest


def test_caps_are_read_from_policy_and_nothing_else():
    assert parse_caps("12:1,*:36m") == (
        ExtensionCap(12, Fraction(1), None),
        ExtensionCap(None, None, 36),
    )
    for wrong in ("", "12", "x:1", "12:one", "*:m"):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            parse_caps(wrong)


def test_a_maturity_beyond_the_cap_is_named_in_both_languages():
    assert extension_problems(date(2027, 1, 15), date(2027, 1, 15)) == []
    assert extension_problems(date(2099, 1, 1), None) == []
    (problem,) = extension_problems(date(2027, 2, 15), date(2027, 1, 15))
    assert "2027-01-15" in problem.en
    assert "2027-01-15" in problem.zh
