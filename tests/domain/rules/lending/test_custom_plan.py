"""Custom plans: rows by principal, rows by total, and every mistake at once."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.accrual import accrued_interest, row_interest
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import RepaymentMethod, ScheduleTerms, build_schedule, validate
from domain.rules.lending.schedule_terms import PlanRow

SEASON = ScheduleTerms(
    principal=300_000_00,
    annual_rate=Decimal("0.036"),
    method=RepaymentMethod.CUSTOM_PLAN,
    day_count=DayCount.ACT_360,
    start_date=date(2026, 1, 15),
    installments=3,
    plan=(
        PlanRow(date(2026, 3, 16), principal=100_000_00),
        PlanRow(date(2026, 6, 14), total=101_800_00),
        PlanRow(date(2026, 7, 14)),
    ),
)


def table(terms):
    return [(row.days, row.principal, row.interest, row.balance) for row in build_schedule(terms)]


def plan(*rows):
    return replace(SEASON, plan=rows, installments=len(rows))


def paths(terms):
    return [problem.path for problem in validate(terms)]


def test_rows_by_principal_by_total_and_the_rest():
    assert table(SEASON) == [
        (60, 100_000_00, 1_800_00, 200_000_00),
        (90, 100_000_00, 1_800_00, 100_000_00),
        (30, 100_000_00, 300_00, 0),
    ]


def test_thirty_day_months_count_30e_between_any_two_dates():
    terms = replace(SEASON, day_count=DayCount.THIRTY_360)
    # 15 Jan to 16 Mar: 61; to 14 Jun: 88; to 14 Jul: 30.
    assert [row.days for row in build_schedule(terms)] == [61, 88, 30]
    first = build_schedule(terms)[0]
    assert accrued_interest(first, terms, date(2026, 1, 31)) == 450_00
    assert row_interest(first, terms) == first.interest == 1_830_00


def test_a_rate_change_and_a_rolled_date_reach_custom_rows():
    terms = replace(
        SEASON,
        rate_changes=(DatedRate(date(2026, 2, 14), Decimal("0.018")),),
        roll=RollConvention.FOLLOWING,
        plan=(
            PlanRow(date(2026, 3, 15), principal=100_000_00),
            PlanRow(date(2026, 6, 15), principal=0),
            PlanRow(date(2026, 7, 14), principal=200_000_00),
        ),
    )
    rows = build_schedule(terms)
    assert str(rows[0].due_date) == "2026-03-16"
    # 30 days at 3.60 % and 30 at 1.80 %
    assert rows[0].interest == 900_00 + 450_00
    assert [row.principal for row in rows] == [100_000_00, 0, 200_000_00]


def test_all_the_mistakes_of_shape_at_once():
    terms = replace(
        SEASON,
        installments=4,
        unit=PeriodUnit.WEEK,
        settlement_day=20,
        principal_grace=1,
        installment_multiple=100,
        first_due_date=date(2026, 2, 1),
        plan=(
            PlanRow(date(2026, 1, 15), principal=-1),
            PlanRow(date(2026, 3, 1)),
            PlanRow(date(2026, 2, 1), principal=1, total=2),
        ),
    )
    assert set(paths(terms)) == {
        ("installments",),
        ("unit",),
        ("settlementDay",),
        ("principalGrace",),
        ("installmentMultiple",),
        ("firstDueDate",),
        ("plan", "0", "dueDate"),
        ("plan", "0", "principal"),
        ("plan", "1"),
        ("plan", "2", "dueDate"),
        ("plan", "2"),
    }
    assert all(problem.en and problem.zh for problem in validate(terms))


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([("2026-02-14", "principal", 300_000_01)], [("plan", "0", "principal")]),
        ([("2026-02-14", "principal", 299_999_99)], [("plan", "0", "principal")]),
        ([("2026-02-14", "total", 300_899_99)], [("plan", "0", "total")]),
        (
            [("2026-02-14", "total", 899_99), ("2026-03-16", "total", 0)],
            [("plan", "0", "total"), ("plan", "1", "total")],
        ),
        # what follows from a mistake is not another
        (
            [("2026-02-14", "total", 899_99), ("2026-03-16", "principal", 299_000_00)],
            [("plan", "0", "total")],
        ),
        (
            [("2026-02-14", "principal", 400_000_00), ("2026-03-16", "principal", 1)],
            [("plan", "0", "principal"), ("plan", "1", "principal")],
        ),
    ],
)
def test_amounts_that_do_not_pay_the_loan_back(rows, wrong):
    terms = plan(*(PlanRow(date.fromisoformat(day), **{name: n}) for day, name, n in rows))
    assert paths(terms) == wrong


def test_an_exact_last_amount_is_taken():
    terms = plan(PlanRow(date(2026, 2, 14), total=300_900_00))
    assert table(terms) == [(30, 300_000_00, 900_00, 0)]


def test_two_rows_rolled_to_one_day_are_refused():
    terms = replace(
        plan(PlanRow(date(2026, 2, 14), principal=1), PlanRow(date(2026, 2, 15))),
        roll=RollConvention.FOLLOWING,
    )
    assert paths(terms) == [("plan",)]


def test_a_plan_for_another_method_is_refused():
    assert paths(replace(SEASON, method=RepaymentMethod.INTEREST_ONLY)) == [("plan",)]
    assert paths(replace(SEASON, plan=())) == [("installments",)]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 10**12),
    st.lists(st.tuples(st.integers(1, 200), st.integers(0, 100)), min_size=1, max_size=12),
    st.sampled_from(DayCount),
    st.decimals(0, 1, places=4),
)
def test_a_plan_pays_what_it_says_and_the_rest_last(principal, steps, day_count, rate):
    day, left, rows = date(2026, 1, 31), principal, []
    for place, (days, share) in enumerate(steps):
        day += timedelta(days=days)
        part = left * share // 100
        last = place == len(steps) - 1
        rows.append(PlanRow(day) if last else PlanRow(day, principal=part))
        left -= part
    terms = replace(
        plan(*rows),
        principal=principal,
        day_count=day_count,
        annual_rate=rate,
        start_date=date(2026, 1, 31),
    )
    built = build_schedule(terms)
    assert [row.due_date for row in built] == [row.due_date for row in rows]
    assert all(
        row.principal == wanted.principal for row, wanted in zip(built[:-1], rows[:-1], strict=True)
    )
    assert sum(row.principal for row in built) == principal
    assert all(row.interest == row_interest(row, terms) for row in built)
    # The same plan by its totals is the same schedule.
    totals = [PlanRow(row.due_date, total=row.due) for row in built]
    assert build_schedule(replace(terms, plan=tuple(totals))) == built
