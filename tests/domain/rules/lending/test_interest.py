"""Interest of a balance while it and its rate change, against the plain sum over spans."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.accrual import accrued_interest, row_interest
from domain.rules.lending.day_count import DatedRate, DayCount, year_basis
from domain.rules.lending.interest import BalanceChange, elapsed_between, factor, rate_steps
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import (
    RepaymentMethod,
    ScheduleTerms,
    build_schedule,
    validate,
)
from domain.rules.money import Rounding, round_half

METHODS = [each for each in RepaymentMethod if each is not RepaymentMethod.CUSTOM_PLAN]
OVER_NEW_YEAR = ScheduleTerms(
    principal=1_000_000_00,
    annual_rate=Decimal("0.036"),
    method=RepaymentMethod.INTEREST_ONLY,
    day_count=DayCount.ACT_360,
    start_date=date(2026, 12, 21),
    installments=1,
    every=3,
    rate_changes=(DatedRate(date(2027, 1, 1), Decimal("0.034")),),
)


def factor_of(start, end, rate, changes, day_count=DayCount.ACT_360):
    dated = [DatedRate(day, Decimal(new)) for day, new in changes]
    rates = rate_steps(Decimal(rate), dated)
    above = factor(rates, elapsed_between(day_count, start), end)
    return Fraction(above, rates.denominator * year_basis(day_count))


def test_a_rate_change_inside_a_row_takes_effect_on_its_day():
    # 1,000,000 × (11 days at 3.60 % + 79 days at 3.40 %) ÷ 360
    (row,) = build_schedule(OVER_NEW_YEAR)
    assert row.interest == row_interest(row, OVER_NEW_YEAR) == 8_561_11
    assert accrued_interest(row, OVER_NEW_YEAR, date(2027, 1, 1)) == 1_100_00
    assert accrued_interest(row, OVER_NEW_YEAR, date(2027, 1, 2)) == 1_194_44
    assert accrued_interest(row, OVER_NEW_YEAR, date(2027, 3, 21)) == 8_561_11


def test_changes_before_the_span_hold_and_those_after_it_do_not():
    changes = [
        (date(2026, 1, 31), "0.5"),
        (date(2025, 6, 1), "0.02"),
        (date(2026, 1, 1), "0.036"),
    ]
    found = factor_of(date(2026, 1, 1), date(2026, 1, 31), "0.9", changes)
    assert found == Fraction("0.036") * 30 / 360


def test_an_empty_span_earns_nothing():
    day = date(2026, 1, 1)
    assert factor_of(day, day, "0.036", [(day, "0.05")], DayCount.ACT_ACT) == 0


def test_a_prepayment_inside_a_row_lowers_its_interest_from_that_day():
    (row,) = build_schedule(replace(OVER_NEW_YEAR, rate_changes=()))
    assert row.interest == 9_000_00
    less = replace(row, balance_changes=(BalanceChange(date(2027, 1, 20), 400_000_00),))
    terms = replace(OVER_NEW_YEAR, rate_changes=())
    # 30 days on 1,000,000 and 60 days on 400,000 at 3.60 %
    assert row_interest(less, terms) == 3_000_00 + 2_400_00
    assert accrued_interest(less, terms, date(2027, 1, 20)) == 3_000_00
    assert accrued_interest(less, terms, date(2027, 1, 21)) == 3_040_00
    # and with the rate down to 3.40 % from 1 January:
    # 11 × 100 + 19 × 94.444… + 60 × 37.777… = 1100 + 1794.444… + 2266.666…
    assert row_interest(less, OVER_NEW_YEAR) == 5_161_11


def test_parts_of_a_month_of_thirty_days_add_up_to_thirty():
    terms = replace(
        OVER_NEW_YEAR,
        day_count=DayCount.THIRTY_360,
        start_date=date(2026, 1, 31),
        every=1,
        rate_changes=(),
    )
    (row,) = build_schedule(terms)
    assert (row.end_date, row.days) == (date(2026, 2, 28), 30)
    # Half of it repaid on 10 February: 10 days (30E) before, the other 20 after.
    less = replace(row, balance_changes=(BalanceChange(date(2026, 2, 10), 500_000_00),))
    assert row_interest(less, terms) == 1_000_00 + 1_000_00
    # Two changes on one day: the later holds.
    twice = replace(
        row,
        balance_changes=(
            BalanceChange(date(2026, 2, 10), 700_000_00),
            BalanceChange(date(2026, 2, 10), 500_000_00),
        ),
    )
    assert row_interest(twice, terms) == 2_000_00


def slow_days(row, terms, on):
    """Day counts as docs/domain.md §5 words them, in the simplest way."""
    if on >= row.end_date:
        return row.days
    if terms.day_count.has_thirty_day_months and terms.unit is PeriodUnit.MONTH:
        start = row.start_date
        days = (
            (on.year * 360 + on.month * 30 + min(on.day, 30))
            - (start.year * 360 + start.month * 30)
            - min(start.day, 30)
        )
        return min(days, row.days)
    return (on - row.start_date).days


def slow_interest(row, terms, until):
    """Day by day: the day's balance × the day's rate × its part of a year; rounded once."""
    total, day = Fraction(0), row.start_date
    while day < until:
        after = day + timedelta(days=1)
        balance, rate = row.opening, terms.annual_rate
        for change in row.balance_changes:
            balance = change.balance if change.on <= day else balance
        for change in terms.rate_changes:
            rate = change.rate if change.effective_from <= day else rate
        if terms.day_count is DayCount.ACT_ACT:
            year = date(day.year, 1, 1)
            part = Fraction(1, (date(day.year + 1, 1, 1) - year).days)
        else:
            in_365 = terms.day_count in (DayCount.ACT_365, DayCount.THIRTY_365)
            counted = slow_days(row, terms, after) - slow_days(row, terms, day)
            part = Fraction(counted, 365 if in_365 else 360)
        total += balance * Fraction(rate) * part
        day = after
    return round_half(total, terms.rounding)


RATES = st.decimals(0, 10, places=6) | st.decimals(0, Decimal("0.24"), places=4)


@st.composite
def loans(draw):
    start = draw(st.dates(date(2019, 11, 1), date(2028, 12, 31)))
    changed = sorted(draw(st.sets(st.integers(-5, 200), max_size=4)))
    return ScheduleTerms(
        principal=draw(st.integers(1, 10**5) | st.integers(1, 10**15)),
        annual_rate=draw(RATES),
        method=draw(st.sampled_from(METHODS)),
        day_count=draw(st.sampled_from(DayCount)),
        start_date=start,
        installments=draw(st.integers(1, 5)),
        unit=draw(st.sampled_from(PeriodUnit)),
        rounding=draw(st.sampled_from(Rounding)),
        rate_changes=tuple(DatedRate(start + timedelta(days=n), draw(RATES)) for n in changed),
    )


@settings(max_examples=150, deadline=None)
@given(loans())
def test_a_built_row_has_the_interest_of_its_days(terms):
    rows = build_schedule(terms)
    assert sum(row.principal for row in rows) == terms.principal
    assert rows[-1].balance == 0
    for row in rows:
        assert min(row.principal, row.interest, row.balance) >= 0
        assert row.interest == row_interest(row, terms) == slow_interest(row, terms, row.end_date)


@settings(max_examples=150, deadline=None)
@given(loans(), st.data())
def test_accrual_with_changes_never_falls_and_lands_on_the_row(terms, data):
    row = data.draw(st.sampled_from(build_schedule(terms)))
    offsets = data.draw(st.lists(st.integers(0, 400), max_size=4).map(sorted))
    changes = tuple(
        BalanceChange(row.start_date + timedelta(days=n), data.draw(st.integers(0, row.opening)))
        for n in offsets
    )
    row = replace(row, balance_changes=changes)
    row = replace(row, interest=row_interest(row, terms))
    length = (row.end_date - row.start_date).days
    days = [row.start_date + timedelta(days=n) for n in range(-1, length + 2)]
    accrued = [accrued_interest(row, terms, day) for day in days]
    assert accrued[0] == accrued[1] == 0
    assert accrued[-1] == row.interest
    assert all(earlier <= later for earlier, later in pairwise(accrued))
    some = data.draw(st.sampled_from(days[1:-1]))
    assert accrued_interest(row, terms, some) == slow_interest(row, terms, some)


@settings(max_examples=100, deadline=None)
@given(loans(), st.data())
def test_a_change_that_changes_nothing_changes_nothing(terms, data):
    plain = replace(terms, rate_changes=())
    row = data.draw(st.sampled_from(build_schedule(plain)))
    on = row.start_date + timedelta(days=data.draw(st.integers(0, 40)))
    same = replace(row, balance_changes=(BalanceChange(on, row.opening),))
    again = replace(plain, rate_changes=(DatedRate(on, plain.annual_rate),))
    for day in (on, on + timedelta(days=9), row.end_date):
        assert accrued_interest(same, again, day) == accrued_interest(row, plain, day)
    assert build_schedule(again) == build_schedule(plain)


def equal(**changes):
    terms = ScheduleTerms(
        principal=1_200_000_00,
        annual_rate=Decimal("0.036"),
        method=RepaymentMethod.EQUAL_INSTALLMENT,
        day_count=DayCount.THIRTY_360,
        start_date=date(2026, 1, 15),
        installments=12,
    )
    return replace(terms, **changes)


def test_the_row_with_the_change_keeps_its_instalment_and_the_next_has_a_new_one():
    # 3.60 % to 3.00 % on 1 May, in the row from 15 April to 15 May: 16 days (30E), then 14.
    rows = build_schedule(equal(rate_changes=(DatedRate(date(2026, 5, 1), Decimal("0.03")),)))
    before = build_schedule(equal())
    assert rows[:3] == before[:3]
    assert rows[3].due == before[3].due == 101_960_71
    opening = before[3].opening
    mixed = Fraction(opening) * (Fraction("0.036") * 16 + Fraction("0.03") * 14) / 360
    assert rows[3].interest == round_half(mixed, Rounding.HALF_UP)
    assert rows[3].principal == 101_960_71 - rows[3].interest
    # From there on it is the schedule of a new loan over 8 months at 3.00 %.
    rest = equal(
        principal=rows[3].balance,
        annual_rate=Decimal("0.03"),
        start_date=date(2026, 5, 15),
        installments=8,
    )
    assert [(row.principal, row.interest) for row in rows[4:]] == [
        (row.principal, row.interest) for row in build_schedule(rest)
    ]


def test_a_change_on_a_due_date_holds_for_the_row_that_begins():
    rows = build_schedule(equal(rate_changes=(DatedRate(date(2026, 5, 15), Decimal("0.03")),)))
    assert rows[:4] == build_schedule(equal())[:4]
    assert rows[4].due != rows[3].due
    assert rows[4].interest == round_half(Fraction(rows[4].opening, 400), Rounding.HALF_UP)


def test_a_rate_set_anew_at_what_it_was_leaves_the_instalment():
    # Worked out anew from here, the rounded balance would give 0.86.
    terms = equal(principal=10_03, day_count=DayCount.ACT_360)
    assert build_schedule(terms)[6].due == 85
    again = replace(terms, rate_changes=(DatedRate(date(2026, 7, 15), Decimal("0.0360")),))
    assert build_schedule(again) == build_schedule(terms)


def test_a_change_inside_a_period_of_grace_pays_no_principal():
    change = DatedRate(date(2026, 3, 1), Decimal("0.03"))
    rows = build_schedule(equal(principal_grace=3, rate_changes=(change,)))
    assert [row.principal for row in rows[:3]] == [0, 0, 0]
    # 16 days (30E) at 3.60 % and 14 at 3.00 % in the second month, 3.00 % from then on
    assert [row.interest for row in rows[:3]] == [3_600_00, 3_320_00, 3_000_00]
    assert rows[3].due == rows[4].due


@settings(max_examples=80, deadline=None)
@given(
    st.integers(10**4, 10**12),
    st.integers(2, 40),
    st.lists(st.tuples(st.integers(0, 1300), st.decimals(0, 1, places=4)), max_size=4),
    st.sampled_from(DayCount),
    st.integers(0, 3),
)
def test_repricing_recomputes_only_the_future(principal, installments, changes, day_count, grace):
    start = date(2026, 1, 31)
    dated = tuple(
        DatedRate(start + timedelta(days=days), rate)
        for days, rate in sorted(dict(changes).items())
    )
    terms = equal(
        principal=principal,
        installments=installments,
        day_count=day_count,
        start_date=start,
        principal_grace=min(grace, installments - 1),
        rate_changes=dated,
    )
    rows = build_schedule(terms)
    assert sum(row.principal for row in rows) == principal
    assert not any(row.principal for row in rows[: terms.principal_grace])
    for known in range(len(dated)):
        earlier = build_schedule(replace(terms, rate_changes=dated[:known]))
        change = dated[known].effective_from
        kept = [row for row in rows if row.end_date <= change]
        assert kept == list(earlier[: len(kept)])
        # The row with the change inside: another interest, the same amount to pay.
        for new, old in zip(rows, earlier, strict=True):
            inside = new.start_date < change < new.end_date
            pays = terms.principal_grace < new.number < installments
            if inside and pays and min(new.principal, old.principal, new.balance, old.balance) > 0:
                assert new.due == old.due


@settings(max_examples=60, deadline=None)
@given(
    st.integers(10**6, 10**12),
    st.decimals("0.0001", "0.5", places=4),
    st.integers(2, 30),
    st.dates(date(2019, 1, 1), date(2027, 12, 31)).filter(lambda day: day.day <= 28),
    st.lists(
        st.tuples(st.integers(1, 1000), st.decimals("0.0001", "0.5", places=4)),
        max_size=5,
        unique_by=lambda change: change[0],
    ).map(sorted),
    st.sampled_from(DayCount),
)
def test_a_repriced_loan_is_a_chain_of_new_loans(principal, rate, count, start, steps, day_count):
    changes = [DatedRate(start + timedelta(days=days), new) for days, new in steps]
    terms = equal(
        principal=principal,
        annual_rate=rate,
        installments=count,
        start_date=start,
        day_count=day_count,
        rate_changes=tuple(changes),
    )
    rows = build_schedule(terms)
    balance, installment = principal, None
    for place, row in enumerate(rows):
        if installment is None:
            # A new loan of what is left, from here, at the rate in force here.
            now = [rate, *(each.rate for each in changes if each.effective_from <= row.start_date)]
            new = equal(
                principal=balance,
                annual_rate=now[-1],
                installments=count - place,
                start_date=row.start_date,
                day_count=day_count,
            )
            installment = build_schedule(new)[0].due
        interest = slow_interest(replace(row, opening=balance), terms, row.end_date)
        paid = balance if place == count - 1 else min(max(installment - interest, 0), balance)
        assert (row.opening, row.interest, row.principal) == (balance, interest, paid)
        balance -= paid
        before = now[-1]
        for change in changes:
            if row.start_date < change.effective_from <= row.end_date:
                installment = None if change.rate != before else installment
                before = change.rate


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ([("2027-01-01", "11")], [("rateChanges", "0", "annualRate")]),
        ([("2027-01-01", "-0.01")], [("rateChanges", "0", "annualRate")]),
        ([("2027-02-01", "0.03"), ("2027-01-01", "0.02")], [("rateChanges",)]),
        ([("2027-01-01", "0.03"), ("2027-01-01", "0.02")], [("rateChanges",)]),
    ],
)
def test_rate_changes_that_make_no_sense_are_refused(changes, paths):
    dated = tuple(DatedRate(date.fromisoformat(day), Decimal(rate)) for day, rate in changes)
    problems = validate(replace(OVER_NEW_YEAR, rate_changes=dated))
    assert [problem.path for problem in problems] == paths
