"""A loan repaid by a custom plan, serviced: worked by hand at 3.60 % ACT/360, 0.0001 a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from domain.rules.lending.schedule_terms import PlanRow, RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.refusal import ErrorCode
from tests.domain.rules.lending.servicing.loans import check, disbursed, terms

MARCH, JUNE, DECEMBER = dt.date(2026, 3, 16), dt.date(2026, 6, 14), dt.date(2026, 12, 11)
RATES = {"annual_rate": Decimal("0.0720"), "penalty_rate": Decimal("0.1080")}


def planned() -> LoanAccount:
    """1,000,000 from 15 January 2026: 500,000 after 60 days, 200,000 after 90 more, the rest after
    180 more."""
    plan = (
        PlanRow(MARCH, principal=500_000_00),
        PlanRow(JUNE, total=204_500_00),
        PlanRow(DECEMBER),
    )
    return disbursed(terms(principal=1_000_000_00, method=RepaymentMethod.CUSTOM_PLAN, plan=plan))


def schedule(account: LoanAccount) -> list[tuple[dt.date, int, int]]:
    return [(row.due_date, row.principal, row.interest) for row in account.installments]


def test_its_rows_fall_due_as_planned() -> None:
    account = planned()
    assert schedule(account) == [
        (MARCH, 500_000_00, 6_000_00),
        (JUNE, 200_000_00, 4_500_00),
        (DECEMBER, 300_000_00, 5_400_00),
    ]
    for number, (due, principal, interest) in enumerate(schedule(account), start=1):
        advance(account, due)
        apply(account, e.Payment(sequence=number, on=due, amount=principal + interest))
    assert (account.state, account.principal_outstanding) == ("PAID_OFF", 0)
    check(account)


def test_another_rate_changes_the_interest_alone() -> None:
    account = planned()
    day = dt.date(2026, 2, 14)  # 30 of the 60 days
    advance(account, day)
    apply(account, e.RateChange(sequence=1, on=day, **RATES))
    assert schedule(account) == [
        (MARCH, 500_000_00, 9_000_00),
        (JUNE, 200_000_00, 9_000_00),
        (DECEMBER, 300_000_00, 10_800_00),
    ]
    check(account)


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        # From the end: the last 300,000 and 100,000 of the second row need not be paid.
        (e.Keep.INSTALLMENT, [(MARCH, 500_000_00), (JUNE, 100_000_00)]),
        # 600,000 is three fifths of what was planned.
        (e.Keep.TERM, [(MARCH, 300_000_00), (JUNE, 120_000_00), (DECEMBER, 180_000_00)]),
    ],
)
def test_a_prepayment_leaves_out_the_last_rows_or_makes_all_less(
    keep: e.Keep, left: list[tuple[dt.date, int]]
) -> None:
    account = planned()
    day = dt.date(2026, 2, 14)
    advance(account, day)
    apply(account, e.Prepayment(sequence=1, on=day, amount=403_000_00, keep=keep))
    running, *later = account.installments
    assert running.principal_paid == 400_000_00
    assert [(running.due_date, running.principal_unpaid)] + [
        (row.due_date, row.principal) for row in later
    ] == left
    # 30 days on 1,000,000, which are paid, and 30 on 600,000
    assert running.interest == 4_800_00
    assert account.maturity_date == left[-1][0]
    check(account)


def test_proportional_shares_lose_no_cent() -> None:
    account = planned()
    day = account.accrued_through
    advance(account, day)
    prepaid = e.Prepayment(sequence=1, on=day, amount=1_000_000_00 - 7, keep=e.Keep.TERM)
    apply(account, prepaid)
    # Of 7 cents: 3.5, 4.9 and 7 in all, each sum rounded down.
    assert [row.principal_unpaid for row in account.installments] == [3, 1, 3]
    check(account)


def test_an_extension_puts_off_what_was_due_at_maturity() -> None:
    account = planned()
    day = dt.date(2026, 7, 1)
    for number, amount in ((1, 506_000_00), (2, 204_500_00)):
        due = account.installments[number - 1].due_date
        advance(account, due)
        apply(account, e.Payment(sequence=number, on=due, amount=amount))
    advance(account, day)
    same = {"annual_rate": Decimal("0.0360"), "penalty_rate": Decimal("0.0540")}
    apply(account, e.Extension(sequence=3, on=day, periods=2, **same))
    assert schedule(account)[-3:] == [
        (DECEMBER, 0, 5_400_00),
        (dt.date(2027, 1, 11), 0, 930_00),
        (dt.date(2027, 2, 11), 300_000_00, 930_00),
    ]
    check(account)


def test_a_plan_has_no_due_day_to_change() -> None:
    account = planned()
    event = e.DueDayChange(
        sequence=1, on=account.accrued_through, next_due_date=dt.date(2026, 2, 1)
    )
    (problem,) = problems_with(account, event, currency="CNY")
    assert problem.code is ErrorCode.ILLEGAL_STATE
