"""Schedules worked by hand, row by row. Amounts in cents, written 1_234_56 for 1,234.56."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.rules.lending.day_count import DayCount
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import (
    RepaymentMethod,
    ScheduleTerms,
    build_schedule,
    validate,
)
from domain.rules.money import Rounding
from domain.rules.refusal import ErrorCode, Refused

YEAR = ScheduleTerms(
    principal=1_200_000_00,
    annual_rate=Decimal("0.036"),
    method=RepaymentMethod.EQUAL_INSTALLMENT,
    day_count=DayCount.THIRTY_360,
    start_date=date(2026, 1, 15),
    installments=12,
)
ACTUAL = replace(
    YEAR,
    principal=100_000_00,
    day_count=DayCount.ACT_360,
    start_date=date(2026, 1, 31),
    installments=3,
)


def table(rows):
    return [(row.days, row.principal, row.interest, row.due, row.balance) for row in rows]


def test_the_equal_instalments_of_the_domain():
    rows = build_schedule(YEAR)
    assert {row.due for row in rows} == {101_960_71}
    assert sum(row.interest for row in rows) == 23_528_52
    assert [rows[month - 1].interest for month in (1, 2, 12)] == [3_600_00, 3_304_92, 304_97]
    assert {row.days for row in rows} == {30}
    assert rows[-1].due_date == date(2027, 1, 15)


def test_the_equal_principal_of_the_domain():
    rows = build_schedule(replace(YEAR, method=RepaymentMethod.EQUAL_PRINCIPAL))
    assert rows[0].due == 103_600_00
    assert sum(row.interest for row in rows) == 23_400_00
    assert {row.principal for row in rows} == {100_000_00}


def test_the_quarterly_interest_of_the_domain():
    rows = build_schedule(
        replace(
            YEAR,
            principal=1_000_000_00,
            method=RepaymentMethod.INTEREST_ONLY,
            day_count=DayCount.ACT_360,
            installments=4,
            every=3,
            settlement_day=20,
        )
    )
    assert [(row.due_date, row.days, row.interest) for row in rows] == [
        (date(2026, 3, 21), 65, 6_500_00),
        (date(2026, 6, 21), 92, 9_200_00),
        (date(2026, 9, 21), 92, 9_200_00),
        (date(2026, 12, 21), 91, 9_100_00),
        (date(2027, 1, 15), 25, 2_500_00),
    ]
    assert [row.principal for row in rows] == [0, 0, 0, 0, 1_000_000_00]
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]


def test_equal_instalments_over_uneven_months():
    # f = 0.0028, 0.0031, 0.0030; EMI = 100,000 × 1.00892640604 ÷ 3.0091093 = 33,529.07
    assert table(build_schedule(ACTUAL)) == [
        (28, 33_249_07, 280_00, 33_529_07, 66_750_93),
        (31, 33_322_14, 206_93, 33_529_07, 33_428_79),
        (30, 33_428_79, 100_29, 33_529_08, 0),
    ]


def test_grace_pays_interest_alone_and_comes_out_of_the_instalments():
    # Three rows of which two amortise: f = 0.003, EMI = 100,000 × 1.006009 ÷ 2.003 = 50,225.11
    terms = replace(ACTUAL, day_count=DayCount.THIRTY_360, principal_grace=1)
    assert table(build_schedule(terms)) == [
        (30, 0, 300_00, 300_00, 100_000_00),
        (30, 49_925_11, 300_00, 50_225_11, 50_074_89),
        (30, 50_074_89, 150_22, 50_225_11, 0),
    ]


def test_equal_principal_gives_the_last_row_the_remainder():
    terms = replace(ACTUAL, method=RepaymentMethod.EQUAL_PRINCIPAL, principal_grace=0)
    assert table(build_schedule(terms)) == [
        (28, 33_333_33, 280_00, 33_613_33, 66_666_67),
        (31, 33_333_33, 206_67, 33_540_00, 33_333_34),
        (30, 33_333_34, 100_00, 33_433_34, 0),
    ]


def test_a_bullet_is_one_row():
    (row,) = build_schedule(replace(ACTUAL, method=RepaymentMethod.BULLET, installments=6, every=2))
    assert (row.start_date, row.due_date, row.days) == (date(2026, 1, 31), date(2027, 1, 31), 365)
    assert (row.principal, row.interest, row.due) == (100_000_00, 3_650_00, 103_650_00)


@pytest.mark.parametrize(
    ("day_count", "days", "interest"),
    [
        (DayCount.ACT_360, 366, 3_660_00),
        (DayCount.ACT_365, 366, 3_609_86),
        (DayCount.ACT_ACT, 366, 3_604_99),  # 185 ÷ 365 + 181 ÷ 366, of 3,600
        (DayCount.THIRTY_360, 360, 3_600_00),
        (DayCount.THIRTY_365, 360, 3_550_68),
    ],
)
def test_each_day_count_over_a_year_with_a_leap_day(day_count, days, interest):
    terms = replace(
        ACTUAL,
        method=RepaymentMethod.BULLET,
        start_date=date(2027, 6, 30),
        installments=12,
        day_count=day_count,
    )
    (row,) = build_schedule(terms)
    assert (row.days, row.interest) == (days, interest)


def test_one_yuan_over_sixty_months_never_goes_negative():
    rows = build_schedule(replace(YEAR, principal=1_00, installments=60))
    assert [row.balance for row in rows] == [*range(98, -1, -2), *[0] * 10]
    assert {row.due for row in rows[50:]} == {0}
    assert sum(row.principal for row in rows) == 1_00


def test_a_zero_rate_divides_the_principal():
    rows = build_schedule(replace(ACTUAL, annual_rate=Decimal(0)))
    assert [row.due for row in rows] == [33_333_33, 33_333_33, 33_333_34]


def test_the_instalment_is_tried_again_once_where_cents_pile_up():
    # 251.88 would leave 251.85 to the last row, 3 cents off and more than ⌊4 ÷ 2⌋: try 251.87.
    rows = build_schedule(replace(YEAR, principal=999_99, installments=4))
    assert table(rows) == [
        (30, 248_87, 3_00, 251_87, 751_12),
        (30, 249_62, 2_25, 251_87, 501_50),
        (30, 250_37, 1_50, 251_87, 251_13),
        (30, 251_13, 75, 251_88, 0),
    ]


def test_the_second_try_is_dropped_where_it_is_no_better():
    # f = 1 ÷ 24, EMI 3.61, the last row 3.63; with 3.62 the last would be 3.60, as far off.
    rows = build_schedule(
        replace(YEAR, principal=10_00, annual_rate=Decimal("0.5"), installments=3)
    )
    assert table(rows) == [
        (30, 3_19, 42, 3_61, 6_81),
        (30, 3_33, 28, 3_61, 3_48),
        (30, 3_48, 15, 3_63, 0),
    ]


def test_a_multiple_rounds_the_instalment_and_the_last_row_takes_the_rest():
    rows = build_schedule(replace(ACTUAL, installment_multiple=100_00))
    assert table(rows) == [
        (28, 33_220_00, 280_00, 33_500_00, 66_780_00),
        (31, 33_292_98, 207_02, 33_500_00, 33_487_02),
        (30, 33_487_02, 100_46, 33_587_48, 0),
    ]


def test_a_multiple_that_rounds_up_ends_early():
    rows = build_schedule(replace(ACTUAL, annual_rate=Decimal(0), installment_multiple=60_000_00))
    assert [row.due for row in rows] == [60_000_00, 40_000_00, 0]


def test_interest_beyond_the_instalment_stays_due_and_is_not_capitalised():
    # The multiple rounds the instalment to 0, so each row owes its interest alone.
    rows = build_schedule(replace(ACTUAL, installment_multiple=1_000_000_00))
    assert table(rows) == [
        (28, 0, 280_00, 280_00, 100_000_00),
        (31, 0, 310_00, 310_00, 100_000_00),
        (30, 100_000_00, 300_00, 100_300_00, 0),
    ]


@pytest.mark.parametrize(("rounding", "interest"), [(Rounding.HALF_UP, 3), (Rounding.HALF_EVEN, 2)])
def test_half_a_cent_goes_where_the_product_says(rounding, interest):
    # 250.00 × 0.036 × 1 ÷ 360 = 0.025
    terms = replace(
        ACTUAL,
        principal=250_00,
        method=RepaymentMethod.BULLET,
        unit=PeriodUnit.DAY,
        installments=1,
        rounding=rounding,
    )
    assert build_schedule(terms)[0].interest == interest


def test_weeks_count_actual_days_under_30_day_months():
    terms = replace(
        ACTUAL,
        method=RepaymentMethod.INTEREST_ONLY,
        day_count=DayCount.THIRTY_360,
        unit=PeriodUnit.WEEK,
    )
    assert [(row.days, row.interest) for row in build_schedule(terms)] == [(7, 70_00)] * 3


@pytest.mark.parametrize(
    "method", [each for each in RepaymentMethod if each is not RepaymentMethod.CUSTOM_PLAN]
)
def test_the_longest_schedule_is_built(method):
    terms = replace(YEAR, method=method, installments=600, annual_rate=Decimal(10))
    rows = build_schedule(terms)
    assert len(rows) == (1 if method is RepaymentMethod.BULLET else 600)
    assert rows[-1].balance == 0


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"principal": 0}, ErrorCode.OUT_OF_RANGE, "principal"),
        ({"principal": -1}, ErrorCode.OUT_OF_RANGE, "principal"),
        ({"principal": 10**18}, ErrorCode.OUT_OF_RANGE, "principal"),
        ({"annual_rate": Decimal("-0.01")}, ErrorCode.OUT_OF_RANGE, "annualRate"),
        ({"annual_rate": Decimal("10.01")}, ErrorCode.OUT_OF_RANGE, "annualRate"),
        ({"annual_rate": Decimal("NaN")}, ErrorCode.OUT_OF_RANGE, "annualRate"),
        ({"annual_rate": Decimal("1E-999999")}, ErrorCode.WRONG_SCALE, "annualRate"),
        ({"installments": 0}, ErrorCode.OUT_OF_RANGE, "installments"),
        ({"installments": 601}, ErrorCode.OUT_OF_RANGE, "installments"),
        ({"installments": 600, "every": 12}, ErrorCode.DATE_OUT_OF_RANGE, "installments"),
        ({"every": 0}, ErrorCode.OUT_OF_RANGE, "every"),
        ({"every": 10**9}, ErrorCode.OUT_OF_RANGE, "every"),
        ({"start_date": date(1899, 12, 31)}, ErrorCode.DATE_OUT_OF_RANGE, "startDate"),
        ({"start_date": date(9999, 12, 31)}, ErrorCode.DATE_OUT_OF_RANGE, "startDate"),
        ({"start_date": date(2200, 12, 31)}, ErrorCode.DATE_OUT_OF_RANGE, "installments"),
        ({"principal_grace": -1}, ErrorCode.OUT_OF_RANGE, "principalGrace"),
        ({"principal_grace": 12}, ErrorCode.OUT_OF_RANGE, "principalGrace"),
        ({"installment_multiple": 0}, ErrorCode.OUT_OF_RANGE, "installmentMultiple"),
        ({"settlement_day": 0}, ErrorCode.OUT_OF_RANGE, "settlementDay"),
        ({"settlement_day": 32}, ErrorCode.OUT_OF_RANGE, "settlementDay"),
        ({"settlement_day": 20, "unit": PeriodUnit.DAY}, ErrorCode.INVALID_VALUE, "unit"),
        ({"settlement_day": 20, "every": 13}, ErrorCode.OUT_OF_RANGE, "every"),
        (
            {"settlement_day": 20, "min_first_period_days": 0},
            ErrorCode.OUT_OF_RANGE,
            "minFirstPeriodDays",
        ),
        (
            {"settlement_day": 20, "every": 7, "principal_grace": 11},
            ErrorCode.OUT_OF_RANGE,
            "principalGrace",
        ),
    ],
)
def test_a_mistake_is_named_with_its_field(changes, code, path):
    problems = validate(replace(YEAR, **changes))
    assert [(problem.code, problem.path) for problem in problems] == [(code, (path,))]
    assert all(problem.en and problem.zh for problem in problems)


def test_all_mistakes_come_at_once_and_nothing_is_built():
    wrong = replace(YEAR, principal=0, annual_rate=Decimal(11), installments=0, principal_grace=-1)
    with pytest.raises(Refused) as refused:
        build_schedule(wrong)
    assert [problem.path for problem in refused.value.problems] == [
        ("principal",),
        ("annualRate",),
        ("installments",),
        ("principalGrace",),
    ]


def test_due_dates_count_from_a_first_due_date():
    terms = replace(ACTUAL, first_due_date=date(2026, 3, 1), start_date=date(2026, 1, 15))
    terms = replace(terms, installments=3, every=1, settlement_day=None)
    rows = build_schedule(terms)
    assert [(str(row.due_date), row.days) for row in rows] == [
        ("2026-03-01", 45),
        ("2026-04-01", 31),
        ("2026-05-01", 30),
    ]
    # 30-day months count a first period of another length by 30E, the others whole.
    thirty = build_schedule(replace(terms, day_count=DayCount.THIRTY_360))
    assert [row.days for row in thirty] == [46, 30, 30]
    weeks = replace(terms, day_count=DayCount.THIRTY_360, unit=PeriodUnit.WEEK)
    assert [row.days for row in build_schedule(weeks)] == [45, 7, 7]


def test_a_first_period_of_the_usual_length_is_a_whole_one():
    terms = replace(
        YEAR, start_date=date(2026, 1, 31), first_due_date=date(2026, 2, 28), installments=3
    )
    rows = build_schedule(terms)
    assert [(str(row.due_date), row.days) for row in rows] == [
        ("2026-02-28", 30),
        ("2026-03-28", 30),
        ("2026-04-28", 30),
    ]


def test_one_row_may_have_a_first_due_date():
    (row,) = build_schedule(replace(YEAR, first_due_date=date(2026, 1, 16), installments=1))
    assert (row.days, row.principal, row.balance) == (1, YEAR.principal, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"first_due_date": date(2026, 1, 15)},
        {"first_due_date": date(2201, 1, 1)},
        {"first_due_date": date(2026, 2, 1), "settlement_day": 20},
        {"first_due_date": date(2026, 2, 1), "method": RepaymentMethod.BULLET},
    ],
)
def test_a_first_due_date_that_makes_no_sense_is_refused(changes):
    wrong = replace(YEAR, start_date=date(2026, 1, 15), **changes)
    assert [problem.path for problem in validate(wrong)] == [("firstDueDate",)]


def test_the_last_date_itself_may_be_a_first_due_date():
    end = date(2200, 12, 31)
    terms = replace(YEAR, start_date=date(2200, 11, 1), first_due_date=end, installments=1)
    assert [row.due_date for row in build_schedule(terms)] == [end]


def test_a_loan_past_the_last_date_is_refused_with_a_first_due_date_too():
    late = replace(YEAR, first_due_date=date(2200, 12, 1), installments=2)
    assert [problem.path for problem in validate(late)] == [("installments",)]
    steps = replace(YEAR, first_due_date=date(2026, 12, 1), installments=1, every=3660)
    assert [problem.path for problem in validate(steps)] == [("installments",)]


BROKEN = {
    # 30 November 2023, over a New Year into a leap year: due on 30 December, 30 January and
    # 29 February, 30 + 31 + 30 days. 1,000,000 at 3.60 %.
    # 98.6301… a day in 365ths, 98.3606… in 366ths; the row over New Year has 2 and 29 of them.
    DayCount.ACT_360: [(30, 3_000_00), (31, 3_100_00), (30, 3_000_00)],
    DayCount.ACT_365: [(30, 2_958_90), (31, 3_057_53), (30, 2_958_90)],
    DayCount.ACT_ACT: [(30, 2_958_90), (31, 3_049_72), (30, 2_950_82)],
    DayCount.THIRTY_360: [(30, 3_000_00)] * 3,
    DayCount.THIRTY_365: [(30, 2_958_90)] * 3,
}
STUBS = {
    # The same loan settled on the 20th: to 21 December, 21 January, 21 February, 29 February.
    DayCount.ACT_360: [(21, 2_100_00), (31, 3_100_00), (31, 3_100_00), (8, 800_00)],
    DayCount.ACT_365: [(21, 2_071_23), (31, 3_057_53), (31, 3_057_53), (8, 789_04)],
    DayCount.ACT_ACT: [(21, 2_071_23), (31, 3_052_14), (31, 3_049_18), (8, 786_89)],
    DayCount.THIRTY_360: [(21, 2_100_00), (30, 3_000_00), (30, 3_000_00), (8, 800_00)],
    DayCount.THIRTY_365: [(21, 2_071_23), (30, 2_958_90), (30, 2_958_90), (8, 789_04)],
}
LEAP = replace(
    YEAR,
    principal=1_000_000_00,
    method=RepaymentMethod.INTEREST_ONLY,
    start_date=date(2023, 11, 30),
    installments=3,
)


@pytest.mark.parametrize("day_count", DayCount)
def test_each_day_count_over_new_year_into_a_leap_year(day_count):
    terms = replace(LEAP, day_count=day_count)
    assert [(row.days, row.interest) for row in build_schedule(terms)] == BROKEN[day_count]
    settled = replace(terms, settlement_day=20)
    assert [(row.days, row.interest) for row in build_schedule(settled)] == STUBS[day_count]


@pytest.mark.parametrize("principal", [1, 2, 99, 10**15, 10**17])
@pytest.mark.parametrize("day_count", DayCount)
def test_one_cent_and_ten_million_million(principal, day_count):
    for method in RepaymentMethod:
        if method is RepaymentMethod.CUSTOM_PLAN:
            continue
        terms = replace(
            YEAR,
            principal=principal,
            method=method,
            day_count=day_count,
            start_date=date(2024, 1, 31),
            installments=120,
        )
        rows = build_schedule(terms)
        assert sum(row.principal for row in rows) == principal
        assert rows[-1].balance == 0
        assert min(min(row.principal, row.interest, row.balance) for row in rows) >= 0
