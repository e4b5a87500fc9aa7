"""Misused principal (挪用罚息), worked by hand: 600,000 of 1,200,000 at 3.60 % ACT/360, which is
charged twice the rate. Half of the 120.00 of interest a day comes on top: 60.00."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.lending.accrual import accrued_interest, earned_at
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.misuse import MisuseStep, misused_share, surcharge_rates
from domain.rules.lending.schedule import build_schedule
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.lending.servicing.settle import accrued_ahead, owed_now, owed_to_close
from domain.rules.refusal import ErrorCode, Refused
from tests.domain.rules.lending.servicing.loans import START, check, disbursed, terms

FOUND = dt.date(2026, 1, 25)
FIRST_DUE = dt.date(2026, 2, 15)


def yearly(**more: object) -> LoanAccount:
    """1,200,000 for twelve months, interest each month from 15 February."""
    return disbursed(terms(method=RepaymentMethod.INTEREST_ONLY, **more))


def misused(
    account: LoanAccount,
    on: dt.date,
    amount: int = 600_000_00,
    *,
    markup: str = "1",
    since: dt.date | None = None,
) -> LoanAccount:
    advance(account, on)
    event = e.Misuse(sequence=9, on=on, amount=amount, markup=Decimal(markup), since=since or on)
    assert problems_with(account, event, currency="CNY") == []
    apply(account, event)
    check(account)
    return account


def test_misused_principal_is_charged_from_its_day_and_billed_with_the_instalment() -> None:
    account = misused(yearly(), FOUND)
    advance(account, dt.date(2026, 2, 5))
    assert (account.interest_receivable, account.penalty_receivable) == (21 * 120_00, 11 * 60_00)
    assert owed_now(account, account.accrued_through) == []
    assert sum(item.amount for item in accrued_ahead(account, account.accrued_through)) == 3_180_00
    assert sum(item.amount for item in owed_to_close(account, account.accrued_through)) == (
        1_200_000_00 + 3_180_00
    )
    advance(account, FIRST_DUE)
    owed = {item.bucket: item.amount for item in owed_now(account, FIRST_DUE)}
    assert owed == {Bucket.PENALTY: 21 * 60_00, Bucket.INTEREST: 31 * 120_00}
    apply(account, e.Payment(sequence=10, on=FIRST_DUE, amount=21 * 60_00 + 31 * 120_00))
    assert account.installments[0].settled_on == FIRST_DUE
    assert account.installments[0].interest == 31 * 120_00  # as agreed
    check(account)


def test_a_loan_is_paid_off_with_the_penalty_to_the_day() -> None:
    account = misused(yearly(), FOUND)
    on = dt.date(2026, 2, 5)
    advance(account, on)
    apply(account, e.Payoff(sequence=10, on=on, amount=1_200_000_00 + 3_180_00))
    assert (account.state, account.credit_balance, account.penalty_paid) == ("PAID_OFF", 0, 660_00)


def test_it_follows_the_contract_rate_and_the_principal() -> None:
    account = misused(yearly(), FOUND)
    on = dt.date(2026, 2, 4)
    advance(account, on)
    lower = {"annual_rate": Decimal("0.024"), "penalty_rate": Decimal("0.036")}
    apply(account, e.RateChange(sequence=10, on=on, **lower))
    advance(account, dt.date(2026, 2, 10))
    assert account.penalty_receivable == 10 * 60_00 + 6 * 40_00
    first = sum(item.amount for item in accrued_ahead(account, account.accrued_through))
    half = e.Prepayment(
        sequence=11, on=account.accrued_through, amount=first + 600_000_00, keep=e.Keep.TERM
    )
    apply(account, half)
    assert (account.penalty_receivable, account.principal_outstanding) == (0, 600_000_00)
    advance(account, FIRST_DUE)
    assert account.penalty_receivable == 5 * 20_00
    check(account)


@pytest.mark.parametrize(
    ("markup", "overdue", "before_due"), [("1", 525_00, 150_00), ("0.3", 450_00, 45_00)]
)
def test_overdue_and_misused_principal_bears_the_heavier_penalty(
    markup: str, overdue: int, before_due: int
) -> None:
    """Of 100,000 half is misused for 30 days before the maturity. After it, the other half bears
    5.40 % and this one 7.20 %, or 5.40 % as well where misuse is only charged 4.68 %."""
    account = disbursed(terms(principal=100_000_00, method=RepaymentMethod.BULLET, installments=3))
    maturity = account.maturity_date
    misused(account, maturity - dt.timedelta(days=30), 50_000_00, markup=markup)
    advance(account, maturity + dt.timedelta(days=30))
    assert account.penalty_receivable == before_due + overdue
    assert account.compound_receivable == 4_05  # 900.00 of interest for 30 days at 5.40 %
    check(account)


def test_what_was_billed_and_paid_before_the_discovery_stays() -> None:
    account = yearly()
    advance(account, FIRST_DUE)
    apply(account, e.Payment(sequence=1, on=FIRST_DUE, amount=31 * 120_00))
    misused(account, dt.date(2026, 2, 20), since=FOUND)
    first, second = account.installments[:2]
    assert (first.penalty_accrued, first.settled_on) == (0, FIRST_DUE)
    assert second.penalty_claim == account.penalty_receivable == 26 * 60_00
    assert account.days_past_due() == 0
    advance(account, dt.date(2026, 3, 15))
    assert second.penalty_accrued == 26 * 60_00 + 23 * 60_00


def test_days_before_the_discovery_are_charged_overdue_ones_too() -> None:
    """Thirty days of undue, then twenty of overdue principal: 5 % of it more by the day."""
    account = disbursed(terms(principal=100_000_00, method=RepaymentMethod.BULLET, installments=3))
    maturity = account.maturity_date
    found = maturity + dt.timedelta(days=20)
    misused(account, found, 50_000_00, since=maturity - dt.timedelta(days=30))
    # 50,000: 3.60 % for 30 days, and 1.80 % above the penalty rate for 20; 100,000: 5.40 %.
    assert account.penalty_receivable == 150_00 + 50_00 + 300_00
    advance(account, found + dt.timedelta(days=1))
    assert account.penalty_receivable == 500_00 + 17_50


def test_it_ends_on_the_day_it_is_put_right_or_grows() -> None:
    account = misused(yearly(), FOUND)
    misused(account, dt.date(2026, 2, 5), 900_000_00)
    misused(account, dt.date(2026, 2, 10), 0, markup="0")
    advance(account, FIRST_DUE)
    assert account.penalty_receivable == 11 * 60_00 + 5 * 90_00
    misused(account, dt.date(2026, 2, 20), 1_200_000_00, markup="0.5")
    advance(account, dt.date(2026, 2, 21))
    assert account.penalty_receivable == 11 * 60_00 + 5 * 90_00 + 60_00


def test_a_declaration_that_all_is_due_bills_it() -> None:
    account = misused(yearly(), FOUND)
    on = dt.date(2026, 2, 5)
    advance(account, on)
    apply(account, e.Acceleration(sequence=10, on=on))
    assert {item.bucket: item.amount for item in owed_now(account, on)} == {
        Bucket.PENALTY: 660_00,
        Bucket.INTEREST: 21 * 120_00,
        Bucket.PRINCIPAL: 1_200_000_00,
    }
    advance(account, on + dt.timedelta(days=1))
    assert account.penalty_receivable == 660_00 + 210_00  # 5.40 % and 7.20 %, half each
    check(account)


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"amount": 1_200_000_01}, ErrorCode.OUT_OF_RANGE, "amount"),
        ({"since": FOUND - dt.timedelta(days=1)}, ErrorCode.DATE_OUT_OF_RANGE, "since"),
        ({"amount": 0, "since": FOUND}, ErrorCode.DATE_OUT_OF_RANGE, "since"),
        ({"markup": Decimal("0.9"), "since": FOUND}, ErrorCode.DATE_OUT_OF_RANGE, "since"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], code: str, path: str) -> None:
    account = misused(yearly(), FOUND)
    on = FOUND + dt.timedelta(days=2)
    advance(account, on)
    event = e.Misuse(sequence=10, on=on, amount=600_000_00, markup=Decimal(1), since=on)
    (problem,) = problems_with(account, replace(event, **change), currency="CNY")
    assert (problem.code, problem.path) == (code, (path,))


def test_nothing_to_end_and_a_loan_written_off_are_refused() -> None:
    account = yearly()
    advance(account, FOUND)
    nothing = e.Misuse(sequence=1, on=FOUND, amount=0, markup=Decimal(0), since=FOUND)
    (problem,) = problems_with(account, nothing, currency="CNY")
    assert problem.code == ErrorCode.OUT_OF_RANGE
    apply(account, e.WriteOff(sequence=2, on=FOUND))
    with pytest.raises(Refused):
        problems_with(account, replace(nothing, amount=1), currency="CNY")


@pytest.mark.parametrize(
    ("amount", "outstanding", "share"),
    [(0, 0, "0"), (5, 0, "1"), (1, 3, "0.333333333333"), (2, 3, "0.666666666667"), (3, 3, "1")],
)
def test_a_share_has_twelve_decimals(amount: int, outstanding: int, share: str) -> None:
    assert misused_share(amount, outstanding) == Decimal(share)


RATES = st.decimals("0.001", "0.3", places=6)


@given(
    first=RATES,
    later=st.lists(st.tuples(st.integers(1, 300), RATES), max_size=3),
    markup=st.decimals("0.01", "1", places=4),
    day_count=st.sampled_from(DayCount),
    days=st.integers(1, 500),
)
def test_a_loan_that_is_all_misused_bears_the_contract_rate_and_the_markup(
    first: Decimal,
    later: list[tuple[int, Decimal]],
    markup: Decimal,
    day_count: DayCount,
    days: int,
) -> None:
    """Contract interest and surcharge together are the interest at rate × (1 + markup), but for a
    minor unit of rounding."""
    changes = tuple(
        DatedRate(START + dt.timedelta(days=day), rate) for day, rate in sorted(dict(later).items())
    )
    of = terms(method=RepaymentMethod.BULLET, day_count=day_count, installments=12)
    plain = replace(of.schedule, annual_rate=first, rate_changes=changes)
    heavier = replace(
        plain,
        annual_rate=first * (1 + markup),
        rate_changes=tuple(replace(each, rate=each.rate * (1 + markup)) for each in changes),
    )
    overdue = replace(
        of.overdue,
        contract_rate=first,
        rate_changes=changes,
        misuse=(MisuseStep(START, Decimal(1), markup),),
    )
    on = START + dt.timedelta(days=days)
    (row,), (same,) = build_schedule(plain), build_schedule(heavier)
    surcharge = earned_at(row, plain, surcharge_rates(overdue), on)
    together = accrued_interest(row, plain, on) + surcharge
    assert abs(together - accrued_interest(same, heavier, on)) <= 1
