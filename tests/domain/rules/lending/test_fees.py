"""Fees by hand, and the effective rate that includes them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.day_count import DayCount
from domain.rules.lending.effective_rate import effective_annual_rate
from domain.rules.lending.fees import (
    Fee,
    FeeKind,
    ScheduleFees,
    commitment_fee,
    fee_problems,
    schedule_fees,
)
from domain.rules.lending.interest import BalanceChange
from domain.rules.lending.schedule import RepaymentMethod, ScheduleTerms, build_schedule
from domain.rules.money import Rounding

YEAR = ScheduleTerms(
    principal=1_000_000_00,
    annual_rate=Decimal("0.0365"),
    method=RepaymentMethod.BULLET,
    day_count=DayCount.ACT_365,
    start_date=date(2026, 1, 15),
    installments=12,
)


def fees_of(terms, *fees):
    return schedule_fees(fees, rows=build_schedule(terms), terms=terms)


def test_one_off_fees_are_charged_on_the_principal():
    fees = fees_of(
        YEAR,
        Fee(FeeKind.UPFRONT_DEDUCTED, rate=Decimal("0.01")),
        Fee(FeeKind.UPFRONT_DUE, amount=250_00),
        Fee(FeeKind.UPFRONT_DUE, rate=Decimal("0.00012345")),
    )
    assert fees == ScheduleFees(deducted=10_000_00, due_at_start=250_00 + 123_45, of_row=(0,))
    assert fees.upfront == fees.total == 10_373_45


def test_the_effective_rate_includes_what_is_paid_on_the_first_day():
    # 1,036,500 after 365 days for 990,000 today: 4.696969… %
    rows = build_schedule(YEAR)
    assert effective_annual_rate(rows) == Decimal("0.036500")
    assert effective_annual_rate(rows, upfront=10_000_00) == Decimal("0.046970")
    # and 1,038,500 with a fee of 2,000 at the end: 4.898989… %
    assert effective_annual_rate(rows, upfront=10_000_00, fees=[2_000_00]) == Decimal("0.048990")
    assert effective_annual_rate(rows, upfront=1_000_000_00) is None


def test_a_periodic_fee_is_charged_on_what_opens_the_row():
    terms = replace(
        YEAR, method=RepaymentMethod.EQUAL_PRINCIPAL, installments=4, principal=100_000_00
    )
    fees = fees_of(terms, Fee(FeeKind.PERIODIC, rate=Decimal("0.00123456")))
    # of 100,000, 75,000, 50,000 and 25,000, each rounded
    assert fees.of_row == (123_46, 92_59, 61_73, 30_86)
    assert fees_of(terms, Fee(FeeKind.PERIODIC, amount=5_00)).of_row == (5_00,) * 4


def test_rows_without_a_balance_bear_no_periodic_fee():
    terms = replace(YEAR, method=RepaymentMethod.EQUAL_INSTALLMENT, installments=60, principal=1_00)
    rows = build_schedule(terms)
    fees = fees_of(terms, Fee(FeeKind.PERIODIC, amount=1_00))
    assert [fee > 0 for fee in fees.of_row] == [row.opening > 0 for row in rows]
    assert 0 in fees.of_row


def commitment(until, **changes):
    given_terms = {
        "undrawn": 1_000_000_00,
        "rate": Decimal("0.005"),
        "day_count": DayCount.ACT_360,
        "start": date(2026, 1, 1),
        "rounding": Rounding.HALF_UP,
        **changes,
    }
    return commitment_fee(until=until, **given_terms)


def test_a_commitment_fee_follows_the_undrawn_limit():
    end = date(2026, 4, 1)
    # 1,000,000 × 0.5 % × 90 ÷ 360
    assert commitment(end) == 1_250_00
    # 400,000 drawn on 31 January, repaid on 2 March: 30 days, 30 days, 30 days
    drawn = [BalanceChange(date(2026, 1, 31), 600_000_00)]
    assert commitment(end, undrawn_changes=drawn) == 916_67
    back = [*drawn, BalanceChange(date(2026, 3, 2), 1_000_000_00)]
    assert commitment(end, undrawn_changes=back) == 1_083_33
    assert commitment(date(2026, 1, 1)) == 0


def test_a_commitment_fee_comes_with_every_row():
    terms = replace(
        YEAR,
        method=RepaymentMethod.INTEREST_ONLY,
        day_count=DayCount.ACT_360,
        installments=4,
        every=3,
        settlement_day=20,
    )
    fee = Fee(FeeKind.COMMITMENT, rate=Decimal("0.005"), undrawn=720_000_00)
    # 10.00 a day over 65, 92, 92, 91 and 25 days
    assert fees_of(terms, fee).of_row == (650_00, 920_00, 920_00, 910_00, 250_00)


@settings(deadline=None)
@given(
    st.integers(0, 10**12),
    st.lists(st.tuples(st.integers(-3, 120), st.integers(0, 10**12)), max_size=5).map(sorted),
    st.decimals(0, 1, places=5),
    st.sampled_from(DayCount),
    st.sampled_from(Rounding),
)
def test_a_commitment_fee_never_falls_and_misses_no_cent(undrawn, steps, rate, count, rounding):
    changes = [BalanceChange(date(2026, 1, 1) + timedelta(days=n), left) for n, left in steps]
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(95)]
    fees = [
        commitment(
            day,
            undrawn=undrawn,
            undrawn_changes=changes,
            rate=rate,
            day_count=count,
            rounding=rounding,
        )
        for day in days
    ]
    assert fees[0] == 0
    assert all(earlier <= later for earlier, later in pairwise(fees))


@pytest.mark.parametrize(
    ("fees", "wrong"),
    [
        ([Fee(FeeKind.PERIODIC)], [("fees", "0")]),
        ([Fee(FeeKind.PERIODIC, amount=1, rate=Decimal("0.1"))], [("fees", "0")]),
        ([Fee(FeeKind.UPFRONT_DUE, amount=1, undrawn=1)], [("fees", "0")]),
        ([Fee(FeeKind.UPFRONT_DUE, amount=-1)], [("fees", "0", "amount")]),
        ([Fee(FeeKind.UPFRONT_DUE, rate=Decimal(11))], [("fees", "0", "rate")]),
        ([Fee(FeeKind.COMMITMENT, rate=Decimal("0.1"))], [("fees", "0")]),
        ([Fee(FeeKind.COMMITMENT, amount=1, undrawn=1)], [("fees", "0")]),
        (
            [Fee(FeeKind.PERIODIC), Fee(FeeKind.COMMITMENT, rate=Decimal(-1), undrawn=-1)],
            [("fees", "0"), ("fees", "1", "undrawn"), ("fees", "1", "rate")],
        ),
        ([Fee(FeeKind.PERIODIC, amount=1)] * 6, [("fees",)]),
        ([Fee(FeeKind.UPFRONT_DEDUCTED, rate=Decimal("0.5"))] * 2, [("fees",)]),
    ],
)
def test_fees_that_make_no_sense_are_refused(fees, wrong):
    problems = list(fee_problems(fees, terms=YEAR))
    assert [problem.path for problem in problems] == wrong
    assert all(problem.en and problem.zh for problem in problems)


def test_fees_that_leave_something_to_pay_out_are_taken():
    fees = [
        Fee(FeeKind.UPFRONT_DEDUCTED, rate=Decimal("0.5")),
        Fee(FeeKind.COMMITMENT, rate=Decimal("0.005"), undrawn=0),
    ]
    assert not list(fee_problems(fees, terms=YEAR))
