"""Penalty and compound interest on the figures of docs/domain.md §5 and on histories by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.day_count import DatedRate, DayCount, year_basis, year_parts
from domain.rules.lending.overdue import (
    CompoundBasis,
    DueInstallment,
    InstallmentPayment,
    OverdueTerms,
    compound_interest,
    days_past_due,
    penalty_interest,
    penalty_rate,
)
from domain.rules.money import round_half

DUE = date(2026, 3, 21)
TERMS = OverdueTerms(
    contract_rate=Decimal("0.036"),
    penalty_rate=Decimal("0.054"),
    day_count=DayCount.ACT_360,
    maturity=date(2027, 1, 15),
)
OWED = DueInstallment(due_date=DUE, principal=100_000_00, interest=6_500_00)


def after(days):
    return DUE + timedelta(days=days)


@pytest.mark.parametrize(
    ("markups", "rate"),
    [
        ({"overdue_markup": "0.50"}, "0.054"),
        ({"overdue_markup": "0.30"}, "0.0468"),
        ({"overdue_markup": "0.50", "misuse_markup": "1.00"}, "0.072"),
        ({"overdue_markup": "0.50", "misuse_markup": "0.30"}, "0.054"),
        ({"overdue_markup": "0.50", "cap": "0.05"}, "0.05"),
        ({"overdue_markup": "0.50", "cap": "0.24"}, "0.054"),
    ],
)
def test_the_heavier_markup_makes_the_penalty_rate_up_to_the_cap(markups, rate):
    given_markups = {name: Decimal(value) for name, value in markups.items()}
    assert penalty_rate(contract_rate=Decimal("0.036"), **given_markups) == Decimal(rate)


def test_thirty_days_cost_what_the_domain_says():
    assert penalty_interest(OWED, TERMS, after(30)) == 450_00
    assert compound_interest(OWED, TERMS, after(30)) == 29_25
    contract = replace(TERMS, compound_basis=CompoundBasis.CONTRACT_UNTIL_MATURITY)
    assert compound_interest(OWED, contract, after(30)) == 19_50


def test_the_contract_rate_gives_way_at_maturity():
    terms = replace(
        TERMS,
        compound_basis=CompoundBasis.CONTRACT_UNTIL_MATURITY,
        maturity=after(10),
    )
    # 6,500 × (10 × 3.6 % + 20 × 5.4 %) ÷ 360
    assert compound_interest(OWED, terms, after(30)) == 26_00


@pytest.mark.parametrize(("days", "penalty"), [(-5, 0), (0, 0), (1, 15_00), (2, 30_00)])
def test_penalty_runs_from_the_due_date(days, penalty):
    assert penalty_interest(OWED, TERMS, after(days)) == penalty


def test_a_payment_lowers_the_base_from_its_value_date():
    paid = replace(
        OWED,
        payments=(
            InstallmentPayment(after(20), principal=60_000_00, interest=0),
            InstallmentPayment(after(10), principal=0, interest=6_500_00),
        ),
    )
    # 100,000 × 20 days + 40,000 × 10 days, at 5.4 % ÷ 360
    assert penalty_interest(paid, TERMS, after(30)) == 360_00
    assert penalty_interest(paid, TERMS, after(15)) == 225_00
    assert compound_interest(paid, TERMS, after(30)) == 9_75


def test_what_was_paid_before_the_due_date_is_never_overdue():
    early = replace(
        OWED, payments=(InstallmentPayment(after(-3), principal=100_000_00, interest=500_00),)
    )
    assert penalty_interest(early, TERMS, after(30)) == 0
    assert compound_interest(early, TERMS, after(30)) == 27_00


def test_nothing_is_charged_on_the_due_date_itself():
    paid = replace(OWED, payments=(InstallmentPayment(DUE, 100_000_00, 6_500_00),))
    assert (
        penalty_interest(paid, TERMS, after(99)) == compound_interest(paid, TERMS, after(99)) == 0
    )


def test_grace_is_free_when_kept_and_charged_from_the_due_date_when_missed():
    terms = replace(TERMS, grace_days=3)
    assert penalty_interest(OWED, terms, after(3)) == 0
    assert penalty_interest(OWED, terms, after(4)) == 60_00
    kept = replace(OWED, payments=(InstallmentPayment(after(3), 100_000_00, 6_500_00),))
    assert penalty_interest(kept, terms, after(30)) == 0
    late = replace(OWED, payments=(InstallmentPayment(after(4), 100_000_00, 6_500_00),))
    assert penalty_interest(late, terms, after(30)) == 60_00
    part = replace(OWED, payments=(InstallmentPayment(after(2), 100_000_00, 6_499_99),))
    assert penalty_interest(part, terms, after(30)) == 30_00


def test_more_than_fell_due_cannot_have_been_paid():
    over = replace(OWED, payments=(InstallmentPayment(after(1), 100_000_01, 0),))
    with pytest.raises(ValueError, match="more was paid"):
        penalty_interest(over, TERMS, after(30))


@pytest.mark.parametrize(
    ("business_date", "unpaid", "days"),
    [
        (date(2026, 3, 21), [date(2026, 3, 21)], 0),
        (date(2026, 3, 22), [date(2026, 3, 21)], 1),
        (date(2026, 3, 22), [], 0),
        (date(2026, 3, 22), [date(2026, 6, 21)], 0),
        (date(2026, 7, 1), [date(2026, 6, 21), date(2026, 3, 21)], 102),
    ],
)
def test_days_past_due_count_from_the_oldest_unpaid(business_date, unpaid, days):
    assert days_past_due(business_date=business_date, unpaid_due_dates=unpaid) == days


@settings(deadline=None)
@given(
    st.integers(0, 10**10),
    st.lists(st.tuples(st.integers(-10, 200), st.integers(0, 10**9)), max_size=6),
    st.integers(0, 15),
    st.sampled_from(DayCount),
)
def test_charges_never_fall_as_days_pass(principal, history, grace, day_count):
    payments, left = [], principal
    for days, amount in history:
        taken = min(amount, left)
        left -= taken
        payments.append(InstallmentPayment(after(days), taken, 0))
    owed = DueInstallment(DUE, principal, 0, tuple(payments))
    terms = replace(TERMS, grace_days=grace, day_count=day_count)
    charged = [penalty_interest(owed, terms, after(days)) for days in range(-2, 60)]
    assert charged == sorted(charged)
    assert charged[0] == 0


def test_the_penalty_rate_follows_repricing():
    # Ten days at 5.4 %, twenty at 5.1 %, of 100,000 over 360.
    terms = replace(TERMS, penalty_changes=(DatedRate(after(10), Decimal("0.051")),))
    assert penalty_interest(OWED, terms, after(10)) == 150_00
    assert penalty_interest(OWED, terms, after(30)) == 433_33
    # The same days on 6,500 of interest: 9.75 + 18.416…
    assert compound_interest(OWED, terms, after(30)) == 28_17


def test_compound_interest_at_the_contract_rate_follows_both_rates():
    terms = replace(
        TERMS,
        compound_basis=CompoundBasis.CONTRACT_UNTIL_MATURITY,
        maturity=after(20),
        rate_changes=(
            DatedRate(after(10), Decimal("0.034")),
            DatedRate(after(22), Decimal("0.9")),
        ),
        penalty_changes=(
            DatedRate(after(5), Decimal("0.051")),
            DatedRate(after(25), Decimal("0.048")),
        ),
    )
    # 10 days at 3.6 %, 10 at 3.4 %, then past maturity 5 at 5.1 % and 5 at 4.8 %:
    # 6,500 × (0.36 + 0.34 + 0.255 + 0.24) ÷ 360 = 21.576…
    assert compound_interest(OWED, terms, after(30)) == 21_58


@settings(deadline=None)
@given(
    st.integers(0, 10**10),
    st.lists(st.tuples(st.integers(-5, 70), st.integers(0, 10**9)), max_size=5),
    st.lists(st.integers(-5, 70), unique=True, max_size=3).map(sorted),
    st.integers(1, 60),
    st.sampled_from(DayCount),
)
def test_a_charge_is_the_sum_of_its_days(principal, history, changed, length, day_count):
    payments, left = [], principal
    for days, amount in history:
        taken = min(amount, left)
        left -= taken
        payments.append(InstallmentPayment(after(days), taken, 0))
    changes = tuple(DatedRate(after(n), Decimal(n + 10) / 1000) for n in changed)
    terms = replace(TERMS, day_count=day_count, penalty_changes=changes)
    total = Fraction(0)
    for n in range(length):
        unpaid = principal - sum(each.principal for each in payments if each.value_date <= after(n))
        rates = [terms.penalty_rate, *(c.rate for c in changes if c.effective_from <= after(n))]
        part = Fraction(year_parts(day_count, after(n), after(n + 1)), year_basis(day_count))
        total += unpaid * Fraction(rates[-1]) * part
    owed = DueInstallment(DUE, principal, 0, tuple(payments))
    assert penalty_interest(owed, terms, after(length)) == round_half(total, terms.rounding)


def test_a_penalty_rate_set_on_maturity_itself_holds_from_it():
    terms = replace(
        TERMS,
        compound_basis=CompoundBasis.CONTRACT_UNTIL_MATURITY,
        maturity=after(10),
        penalty_changes=(DatedRate(after(10), Decimal("0.072")),),
    )
    # 6,500 × (10 × 3.6 % + 20 × 7.2 %) ÷ 360
    assert compound_interest(OWED, terms, after(30)) == 32_50
