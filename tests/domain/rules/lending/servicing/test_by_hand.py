"""Servicing, worked by hand from docs/domain.md §4 to §6."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.allocation import Bucket
from domain.rules.lending.business_days import BusinessCalendar, RollConvention
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.postings import Account
from domain.rules.lending.schedule import build_schedule
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import BookStatus, LoanAccount
from domain.rules.lending.servicing.apply import apply, prepayment_parts
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.position import position
from domain.rules.lending.servicing.tax import vat_included
from domain.rules.lending.states import LoanState
from tests.domain.rules.lending.servicing.loans import START, check, disbursed, terms

Q = RepaymentMethod.INTEREST_ONLY


def quarterly(**more: object) -> LoanAccount:
    """1,000,000 at 3.60 % ACT/360 from 15 January 2026, interest on the 21st of each quarter."""
    return disbursed(
        terms(principal=1_000_000_00, method=Q, installments=4, every=3, settlement_day=20, **more)
    )


def held(account: LoanAccount, of: Account) -> int:
    return position(account, disbursed=account.terms.schedule.principal)[of]


def test_interest_accrues_by_the_day_and_falls_due_on_the_payment_day() -> None:
    account = quarterly()
    for day, accrued in ((START + dt.timedelta(days=1), 100_00), (dt.date(2026, 3, 21), 6_500_00)):
        advance(account, day)
        assert account.interest_receivable == accrued
    apply(account, e.Payment(sequence=1, on=dt.date(2026, 3, 21), amount=6_500_00))
    assert account.interest_receivable == 0
    assert account.next_due_date == dt.date(2026, 6, 21)


def test_overdue_interest_earns_compound_at_the_penalty_rate_or_the_contract_rate() -> None:
    """6,500 unpaid for 30 days: 29.25 at 5.4 %, 19.50 at 3.6 %."""
    for basis, charged in (
        (CompoundBasis.PENALTY, 29_25),
        (CompoundBasis.CONTRACT_UNTIL_MATURITY, 19_50),
    ):
        account = quarterly(basis=basis)
        advance(account, dt.date(2026, 4, 20))
        assert account.compound_receivable == charged
        assert account.penalty_receivable == 0
        assert account.days_past_due() == 30


def test_overdue_principal_is_charged_the_penalty_rate_instead_of_the_contract_rate() -> None:
    """100,000 overdue for 30 days at 5.4 % is 450.00, and it earns no contract interest."""
    account = disbursed(terms(principal=100_000_00, method=RepaymentMethod.BULLET, installments=3))
    maturity = account.maturity_date
    advance(account, maturity)
    interest = account.interest_receivable
    advance(account, maturity + dt.timedelta(days=30))
    assert account.penalty_receivable == 450_00
    assert account.interest_receivable == interest


def test_grace_holds_the_penalty_back_and_charges_from_the_due_date_once_it_is_missed() -> None:
    account = disbursed(
        terms(principal=100_000_00, method=RepaymentMethod.BULLET, installments=3, grace_days=5)
    )
    maturity = account.maturity_date
    advance(account, maturity + dt.timedelta(days=5))
    assert (account.penalty_receivable, account.days_past_due()) == (0, 5)
    advance(account, maturity + dt.timedelta(days=6))
    assert account.penalty_receivable == 90_00


def test_each_instalment_keeps_the_maturity_that_passed_over_it() -> None:
    account = disbursed(
        terms(
            principal=100_000_00,
            method=RepaymentMethod.BULLET,
            installments=3,
            basis=CompoundBasis.CONTRACT_UNTIL_MATURITY,
        )
    )
    again = {
        "method": RepaymentMethod.BULLET,
        "annual_rate": Decimal("0.036"),
        "penalty_rate": Decimal("0.054"),
    }
    advance(account, dt.date(2026, 5, 15))  # 900.00 fell due at the maturity of 15 April
    apply(account, e.Restructuring(sequence=1, on=account.accrued_through, periods=1, **again))
    advance(account, dt.date(2026, 7, 15))  # 310.00 at the one of 15 June
    apply(account, e.Restructuring(sequence=2, on=account.accrued_through, periods=2, **again))
    advance(account, dt.date(2026, 8, 15))
    assert account.maturity_date == dt.date(2026, 9, 15)
    # 122 and 61 days at 5.4 %, since both had matured when the last maturity was agreed.
    assert [row.compound_accrued for row in account.installments] == [16_47, 2_84, 0]


def test_vat_of_the_vector_is_taken_out_at_the_settlement_day() -> None:
    assert vat_included(6_500_00, Decimal("0.06")) == 367_92
    account = quarterly(vat="0.06")
    advance(account, dt.date(2026, 3, 20))
    assert account.vat == 0
    advance(account, dt.date(2026, 3, 21))
    assert held(account, Account.VAT_PAYABLE) == -367_92
    assert held(account, Account.INTEREST_INCOME) == -6_132_08


def test_vat_taxes_what_was_paid_once_and_not_again_when_it_falls_due() -> None:
    account = quarterly(vat="0.06")
    day = dt.date(2026, 2, 24)  # 40 days, 4,000.00
    advance(account, day)
    apply(account, e.Prepayment(sequence=1, on=day, amount=104_000_00, keep=e.Keep.TERM))
    assert account.vat == vat_included(4_000_00, Decimal("0.06"))
    advance(account, dt.date(2026, 3, 21))  # 25 days more on 900,000: 2,250.00
    assert account.vat == vat_included(6_250_00, Decimal("0.06"))


def test_interest_of_ninety_days_after_a_settlement_day_is_taxed_unpaid_and_stays_so() -> None:
    account = quarterly(vat="0.06")
    # Nothing is paid. Ninety days from 21 March bear 9,000.00 of the second quarter's 9,200.00.
    for day, taxed in (
        (dt.date(2026, 3, 21), 6_500_00),
        (dt.date(2026, 6, 20), 6_500_00),  # non-accrual begins, and takes nothing back
        (dt.date(2026, 6, 21), 15_500_00),
        (dt.date(2026, 9, 21), 15_500_00),
        (dt.date(2026, 12, 21), 15_500_00),
    ):
        advance(account, day)
        assert (account.taxed_income, account.vat) == (taxed, vat_included(taxed, Decimal("0.06")))
    assert account.book_status is BookStatus.NON_ACCRUAL
    # Paying the first two quarters with what lateness cost leaves the third the oldest: its own
    # ninety days count from 21 September, and all of it arose before.
    late = sum(
        row.interest_unpaid + row.penalty_claim + row.compound_claim
        for row in account.installments[:2]
    )
    apply(account, e.Payment(sequence=1, on=account.accrued_through, amount=late))
    paid = account.interest_paid + account.compound_paid
    assert account.next_due_date == dt.date(2026, 9, 21)
    # The fourth quarter fell due 91 days later, 90 of which are taxed.
    assert account.taxed_income == paid + 9_200_00 + 9_000_00


def test_a_waiver_takes_tax_back_with_the_income() -> None:
    account = quarterly(vat="0.06")
    advance(account, dt.date(2026, 7, 1))
    on = account.accrued_through
    apply(account, e.Waiver(sequence=1, on=on, bucket=Bucket.INTEREST, amount=1_000_00))
    assert account.taxed_income == 14_500_00
    assert account.vat == vat_included(14_500_00, Decimal("0.06"))


def test_a_change_of_the_vat_rate_leaves_what_was_taxed_before() -> None:
    account = quarterly()
    rates = (
        DatedRate(dt.date(2020, 1, 1), Decimal("0.06")),
        DatedRate(dt.date(2026, 4, 1), Decimal("0.03")),
    )
    account.terms = replace(account.terms, vat=rates)
    advance(account, dt.date(2026, 3, 21))
    assert account.vat == 367_92
    apply(account, e.Payment(sequence=1, on=dt.date(2026, 3, 21), amount=6_500_00))
    advance(account, dt.date(2026, 6, 21))  # 9,200.00 at 3 %
    whole = vat_included(15_700_00, Decimal("0.03")) - vat_included(6_500_00, Decimal("0.03"))
    assert account.vat == 367_92 + whole


def test_beyond_ninety_days_interest_leaves_the_books_and_comes_back_after_the_cure() -> None:
    account = quarterly(cure=60)
    due = dt.date(2026, 3, 21)
    advance(account, due + dt.timedelta(days=90))
    assert account.book_status is BookStatus.ACCRUING
    income = held(account, Account.INTEREST_INCOME)
    assert income < 0
    advance(account, due + dt.timedelta(days=91))
    assert account.book_status is BookStatus.NON_ACCRUAL
    assert held(account, Account.INTEREST_INCOME) == 0
    assert held(account, Account.MEMO_INTEREST) == account.interest_receivable
    # What is paid now is income as it comes.
    apply(account, e.Payment(sequence=1, on=account.accrued_through, amount=7_000_00))
    assert held(account, Account.INTEREST_INCOME) == -account.interest_paid
    cleared = account.accrued_through
    assert account.arrears_cleared_on == cleared
    advance(account, cleared + dt.timedelta(days=1))
    owed = sum(
        max(row.interest_unpaid, 0) + row.compound_claim + row.penalty_claim
        for row in account.open_installments()
        if row.due_date <= account.accrued_through
    )
    apply(account, e.Payment(sequence=2, on=account.accrued_through, amount=owed))
    assert account.arrears_cleared_on == cleared
    assert account.book_status is BookStatus.NON_ACCRUAL
    advance(account, cleared + dt.timedelta(days=59))
    assert account.book_status is BookStatus.NON_ACCRUAL
    advance(account, cleared + dt.timedelta(days=60))
    assert account.book_status is BookStatus.ACCRUING
    assert held(account, Account.INTEREST_RECEIVABLE) == account.interest_receivable > 0
    check(account)


@pytest.mark.parametrize(
    ("money", "rate", "parts"),
    [
        (4_000_00, "0", (4_000_00, 0, 0)),
        (104_000_00, "0", (4_000_00, 0, 100_000_00)),
        (104_000_00, "0.01", (4_000_00, 990_10, 99_009_90)),
        (3_000_00, "0.01", (3_000_00, 0, 0)),
    ],
)
def test_a_prepayment_settles_interest_and_fee_before_principal(
    money: int, rate: str, parts: tuple[int, int, int]
) -> None:
    account = quarterly(fee=rate)
    day = dt.date(2026, 2, 24)
    advance(account, day)
    assert prepayment_parts(account, money, day) == parts


def test_acceleration_lets_everything_fall_due_and_penalty_runs_from_that_day() -> None:
    account = quarterly()
    day = dt.date(2026, 2, 24)
    advance(account, day)
    apply(account, e.Acceleration(sequence=1, on=day))
    (row,) = account.installments
    assert (row.due_date, row.principal, row.interest) == (day, 1_000_000_00, 4_000_00)
    advance(account, day + dt.timedelta(days=10))
    assert account.penalty_receivable == 1_500_00  # 1,000,000 × 5.4 % × 10 ÷ 360
    assert account.compound_receivable == 6_00  # 4,000 × 5.4 % × 10 ÷ 360
    assert account.maturity_date == day


def test_an_extended_loan_pays_principal_at_its_new_maturity() -> None:
    account = quarterly()
    advance(account, dt.date(2027, 1, 10))
    account.credit_balance = 0
    rates = {"annual_rate": Decimal("0.045"), "penalty_rate": Decimal("0.0675")}
    on = account.accrued_through
    apply(account, e.Extension(sequence=1, on=on, periods=2, **rates))
    assert account.maturity_date == dt.date(2027, 7, 15)
    assert [row.principal for row in account.installments[-3:]] == [0, 0, 1_000_000_00]
    check(account)


def test_a_written_off_claim_stays_and_recoveries_are_counted_against_it() -> None:
    account = disbursed(terms(principal=10_000_00, installments=2))
    advance(account, START + dt.timedelta(days=200))
    apply(account, e.WriteOff(sequence=1, on=account.accrued_through))
    assert account.state is LoanState.WRITTEN_OFF
    assert held(account, Account.LOANS) == 0
    assert held(account, Account.LOAN_LOSS_PROVISION) == account.written_off == 10_000_00
    assert held(account, Account.MEMO_PRINCIPAL) == 10_000_00
    apply(account, e.Payment(sequence=2, on=account.accrued_through, amount=1_000_00))
    recovered = 10_000_00 - account.principal_outstanding
    assert recovered > 0
    assert held(account, Account.LOAN_LOSS_PROVISION) == 10_000_00 - recovered
    assert account.written_off == 10_000_00
    check(account)


def test_a_waived_claim_is_income_no_more() -> None:
    account = disbursed(terms(principal=100_000_00, method=RepaymentMethod.BULLET, installments=3))
    advance(account, account.maturity_date + dt.timedelta(days=30))
    before = held(account, Account.PENALTY_INCOME)
    on = account.accrued_through
    apply(account, e.Waiver(sequence=1, on=on, bucket=Bucket.PENALTY, amount=150_00))
    assert held(account, Account.PENALTY_INCOME) == before + 150_00
    advance(account, on + dt.timedelta(days=30))
    assert account.penalty_receivable == 900_00 - 150_00


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(
        [
            RepaymentMethod.EQUAL_INSTALLMENT,
            RepaymentMethod.INTEREST_ONLY,
            RepaymentMethod.BULLET,
        ]
    ),
    day_count=st.sampled_from(DayCount),
    installments=st.integers(1, 10),
    settlement=st.sampled_from([None, 20]),
    changes=st.lists(
        st.tuples(st.integers(0, 250), st.sampled_from(["0.03", "0.0450", "0.1"])),
        max_size=3,
        unique_by=lambda change: change[0],
    ),
)
def test_rates_changed_one_by_one_lay_the_rows_that_a_schedule_of_all_of_them_has(
    method: RepaymentMethod,
    day_count: DayCount,
    installments: int,
    settlement: int | None,
    changes: list[tuple[int, str]],
) -> None:
    of = terms(
        method=method, day_count=day_count, installments=installments, settlement_day=settlement
    )
    account = disbursed(of)
    dated = []
    for sequence, (days, rate) in enumerate(sorted(changes), start=1):
        day = START + dt.timedelta(days=days)
        rate_now = dated[-1].rate if dated else of.schedule.annual_rate
        if day >= account.maturity_date or Decimal(rate) == rate_now:
            continue
        advance(account, day)
        apply(
            account,
            e.RateChange(
                sequence=sequence, on=day, annual_rate=Decimal(rate), penalty_rate=Decimal(rate)
            ),
        )
        dated.append(DatedRate(day, Decimal(rate)))
    whole = build_schedule(replace(of.schedule, rate_changes=tuple(dated)))
    assert [(row.number, row.opening, row.principal, row.interest) for row in whole] == [
        (row.number, row.opening, row.principal, row.interest) for row in account.installments
    ]


def test_a_loan_is_disbursed_and_repaid_on_one_day() -> None:
    account = disbursed(terms())
    apply(account, e.Payoff(sequence=1, on=START, amount=1_200_000_00))
    assert (account.state, account.closed_on, account.credit_balance) == (
        LoanState.PAID_OFF,
        START,
        0,
    )
    assert account.interest_paid == 0
    check(account)


@pytest.mark.parametrize("principal", [1, 10**15])
def test_a_cent_and_ten_trillion_are_repaid_to_the_last_cent(principal: int) -> None:
    account = disbursed(terms(principal=principal, installments=120, start=dt.date(2028, 2, 29)))
    for sequence, row in enumerate(copy.copy(account.installments), start=1):
        advance(account, row.due_date)
        due = row.principal_unpaid + row.interest_unpaid
        if due:
            apply(account, e.Payment(sequence=sequence, on=row.due_date, amount=due))
        check(account)
    assert (account.state, account.credit_balance) == (LoanState.PAID_OFF, 0)
    assert account.penalty_paid == 0


def test_new_dates_roll_and_a_stub_of_thirty_day_months_is_made_good() -> None:
    # From 15 January 2026 at 30/360: the 15th of August and of November are weekend days.
    account = disbursed(
        terms(principal=120_000_00, rate="0.12", day_count=DayCount.THIRTY_360, installments=6)
    )
    advance(account, dt.date(2026, 7, 1))
    apply(
        account,
        e.Extension(
            sequence=1,
            on=account.accrued_through,
            periods=4,
            annual_rate=Decimal("0.12"),
            penalty_rate=Decimal("0.18"),
            roll=RollConvention.FOLLOWING,
        ),
    )
    added = account.installments[6:]
    assert [(row.due_date, row.days) for row in added] == [
        (dt.date(2026, 8, 17), 32),
        (dt.date(2026, 9, 15), 28),
        (dt.date(2026, 10, 15), 30),
        (dt.date(2026, 11, 16), 31),
    ]
    assert account.maturity_date == dt.date(2026, 11, 16)
    # Extended once more, by a calendar with holidays: still counted from 15 January.
    apply(
        account,
        e.Extension(
            sequence=2,
            on=account.accrued_through,
            periods=2,
            annual_rate=Decimal("0.12"),
            penalty_rate=Decimal("0.18"),
            roll=RollConvention.FOLLOWING,
            calendar=BusinessCalendar(
                holidays=frozenset({dt.date(2026, 12, 15), dt.date(2026, 12, 16)})
            ),
        ),
    )
    assert [(row.due_date, row.days) for row in account.installments[10:]] == [
        (dt.date(2026, 12, 17), 31),
        (dt.date(2027, 1, 15), 28),
    ]
    check(account)


def test_rows_that_roll_to_one_day_become_one() -> None:
    account = disbursed(
        terms(
            principal=70_000_00,
            method=RepaymentMethod.EQUAL_PRINCIPAL,
            installments=7,
            unit=PeriodUnit.DAY,
        )
    )
    on = account.accrued_through  # Thursday, 15 January 2026
    apply(
        account,
        e.DueDayChange(
            sequence=1,
            on=on,
            next_due_date=dt.date(2026, 1, 16),
            roll=RollConvention.FOLLOWING,
        ),
    )
    rows = account.installments
    assert [(row.number, row.due_date.day, row.principal) for row in rows] == [
        (1, 16, 14_000_00),
        (2, 19, 14_000_00),  # Saturday, Sunday and Monday
        (3, 20, 14_000_00),
        (4, 21, 14_000_00),
        (5, 22, 14_000_00),
    ]
    check(account)
