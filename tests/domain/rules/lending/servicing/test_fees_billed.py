"""The fees that a loan's terms charge, by hand."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal

from domain.rules.lending.allocation import Bucket
from domain.rules.lending.fees import Fee, FeeKind
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.replay import replay
from domain.rules.lending.states import LoanState
from tests.domain.rules.lending.servicing.loans import disbursed, terms

ONCE = Fee(FeeKind.UPFRONT_DUE, rate=Decimal("0.005"))
FLAT = Fee(FeeKind.PERIODIC, amount=20_00)
SHARE = Fee(FeeKind.PERIODIC, rate=Decimal("0.001"))
START = dt.date(2026, 1, 15)


def loan(*fees: Fee) -> LoanAccount:
    """100,000 over four months, 25,000 of principal each."""
    return disbursed(
        terms(
            principal=100_000_00,
            method=RepaymentMethod.EQUAL_PRINCIPAL,
            installments=4,
            fees=fees,
        )
    )


def charges(account: LoanAccount) -> list[tuple[int, str, dt.date, int]]:
    return [(each.number, each.code, each.due_date, each.amount) for each in account.charges]


def test_a_loan_owes_its_upfront_fee_from_the_start():
    account = loan(ONCE)
    assert charges(account) == [(0, "UPFRONT_FEE", START, 500_00)]
    assert account.fee_receivable == 500_00
    apply(account, e.Payment(sequence=1, on=START, amount=500_00))
    assert (account.fee_paid, account.fee_receivable) == (500_00, 0)
    assert account.charges[0].settled_on == START


def test_an_instalment_brings_its_fee_on_the_day_it_falls_due():
    account = loan(FLAT, SHARE)
    advance(account, dt.date(2026, 2, 14))
    assert charges(account) == []
    advance(account, dt.date(2026, 5, 15))
    # 20.00, and a thousandth of 100,000, 75,000, 50,000 and 25,000
    assert charges(account) == [
        (-1, "PERIODIC_FEE", dt.date(2026, 2, 15), 120_00),
        (-2, "PERIODIC_FEE", dt.date(2026, 3, 15), 95_00),
        (-3, "PERIODIC_FEE", dt.date(2026, 4, 15), 70_00),
        (-4, "PERIODIC_FEE", dt.date(2026, 5, 15), 45_00),
    ]
    assert account.fee_receivable == 330_00


def test_a_credit_balance_pays_the_fee_with_the_instalment():
    account = loan(FLAT)
    apply(account, e.Payment(sequence=1, on=START, amount=25_330_00))
    advance(account, dt.date(2026, 2, 15))
    # 25,000 principal, 31 days of 100,000 at 3.60 % on 360: 310.00, and the fee of 20.00
    assert (account.fee_paid, account.credit_balance, account.next_due_date) == (
        20_00,
        0,
        dt.date(2026, 3, 15),
    )


def test_what_ends_before_its_due_date_brings_no_fee():
    due = dt.date(2026, 2, 15)
    eve = due - dt.timedelta(days=1)
    paid_off, called, gone = loan(FLAT), loan(FLAT), loan(FLAT)
    for account, event in (
        (paid_off, e.Payoff(sequence=1, on=eve, amount=100_300_00)),
        (called, e.Acceleration(sequence=1, on=eve)),
        (gone, e.WriteOff(sequence=1, on=eve)),
    ):
        advance(account, eve)
        apply(account, event)
        advance(account, dt.date(2026, 6, 15))
        assert charges(account) == []
    assert paid_off.state is LoanState.PAID_OFF


def test_a_prepayment_lowers_the_later_fees_alone():
    account = loan(SHARE)
    on = dt.date(2026, 2, 1)
    advance(account, on)
    # 17 days of 100,000: 170.00 of interest, and 60,000 of principal
    apply(account, e.Prepayment(sequence=1, on=on, amount=60_170_00, keep=e.Keep.TERM))
    advance(account, dt.date(2026, 3, 15))
    # The first row opened with 100,000; the second opens with 30,000: 40,000 less a quarter.
    assert [each.amount for each in account.charges] == [100_00, 30_00]


def test_what_is_prepaid_on_a_due_date_bears_no_fee_in_the_row_that_begins():
    account = loan(SHARE)
    due = dt.date(2026, 2, 15)
    advance(account, due)
    # The instalment, 25,000 and 310.00, its fee of 100.00, and 60,000 of principal ahead.
    apply(account, e.Prepayment(sequence=1, on=due, amount=85_410_00, keep=e.Keep.TERM))
    assert account.principal_outstanding == 15_000_00
    advance(account, dt.date(2026, 3, 15))
    assert [each.amount for each in account.charges] == [100_00, 15_00]


def test_levied_costs_are_waived_in_the_order_they_were_levied():
    """As they always were: a replay must give what was waived before there were fees."""
    account, day = loan(), dt.date(2026, 2, 1)
    advance(account, day)
    for sequence, due in ((1, dt.date(2026, 2, 20)), (2, day)):
        levy = e.Levy(sequence=sequence, on=day, code="OTHER", amount=50_00, due_date=due)
        apply(account, levy)
    apply(account, e.Waiver(sequence=3, on=day, bucket=Bucket.COSTS, amount=60_00))
    assert {each.number: each.waived for each in account.charges} == {1: 50_00, 2: 10_00}


def test_fees_of_the_terms_are_waived_first():
    account = loan(FLAT, ONCE)
    due = dt.date(2026, 2, 15)
    advance(account, due)
    apply(account, e.Levy(sequence=1, on=due, code="NOTARY", amount=7_00, due_date=due))
    advance(account, dt.date(2026, 3, 15))
    day = dt.date(2026, 3, 15)
    apply(account, e.Waiver(sequence=2, on=day, bucket=Bucket.COSTS, amount=521_00))
    waived = {each.number: each.waived for each in account.charges}
    assert waived == {0: 500_00, -1: 20_00, -2: 1_00, 1: 0}


def test_a_replay_bills_the_same_fees():
    fresh = loan(ONCE, FLAT, SHARE)
    history = [
        e.Payment(sequence=1, on=START, amount=9_000_00),
        e.Acceleration(sequence=2, on=dt.date(2026, 4, 2)),
    ]
    lived = copy.deepcopy(fresh)
    for event in history:
        advance(lived, event.on)
        apply(lived, event)
    advance(lived, dt.date(2026, 7, 1))
    again = replay(fresh, history, today=dt.date(2026, 7, 1))
    again.taken = lived.taken
    assert again == lived
    assert [each.number for each in again.charges] == [0, -1, -2]
