"""What holds of every schedule, and the same schedules computed another way."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.day_count import DatedRate, DayCount, year_basis, year_parts
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule import (
    RepaymentMethod,
    ScheduleTerms,
    build_schedule,
    validate,
)
from domain.rules.lending.schedule_terms import periods_of
from domain.rules.money import Rounding, round_half

METHODS = [each for each in RepaymentMethod if each is not RepaymentMethod.CUSTOM_PLAN]
RATES = st.decimals(0, 10, places=6) | st.decimals(0, Decimal("0.24"), places=4)
PLAIN_TERMS = st.builds(
    ScheduleTerms,
    principal=st.integers(1, 10**5) | st.integers(1, 10**14),
    annual_rate=RATES,
    method=st.sampled_from(METHODS),
    day_count=st.sampled_from(DayCount),
    start_date=st.dates(date(1999, 1, 1), date(2100, 12, 31)),
    installments=st.integers(1, 40),
    every=st.integers(1, 12),
    unit=st.sampled_from(PeriodUnit),
    principal_grace=st.integers(0, 3),
    rounding=st.sampled_from(Rounding),
    installment_multiple=st.none() | st.integers(1, 10**6),
    settlement_day=st.none() | st.integers(1, 31),
    min_first_period_days=st.integers(1, 20),
    rate_changes=st.lists(
        st.builds(DatedRate, st.dates(date(1999, 1, 1), date(2101, 12, 31)), RATES),
        max_size=3,
        unique_by=lambda change: change.effective_from,
    ).map(lambda changes: tuple(sorted(changes, key=lambda change: change.effective_from))),
    roll=st.sampled_from(RollConvention),
)


@st.composite
def with_first_due_date(draw):
    terms = draw(PLAIN_TERMS)
    if terms.settlement_day is None and terms.method is not RepaymentMethod.BULLET:
        days = draw(st.none() | st.integers(1, 400))
        if days is not None:
            first = terms.start_date + timedelta(days=days)
            terms = replace(terms, first_due_date=first)
    return terms


TERMS = with_first_due_date().filter(lambda terms: not validate(terms))


@settings(max_examples=150, deadline=None)
@given(TERMS)
def test_every_schedule_pays_the_loan_back_exactly(terms):
    rows = build_schedule(terms)
    assert sum(row.principal for row in rows) == terms.principal
    assert rows[0].opening == terms.principal
    assert rows[0].start_date == terms.start_date
    assert rows[-1].balance == 0
    for row in rows:
        assert min(row.principal, row.interest, row.balance) >= 0
        assert row.due == row.principal + row.interest
        assert row.balance == row.opening - row.principal
        assert row.start_date < row.end_date == row.due_date
    for before, after in pairwise(rows):
        assert before.end_date == after.start_date
        assert before.balance == after.opening
        assert after.number == before.number + 1
    if len(rows) > 1:
        assert not any(row.principal for row in rows[: terms.principal_grace])


@settings(max_examples=100, deadline=None)
@given(TERMS)
def test_the_same_terms_give_the_same_rows(terms):
    assert build_schedule(terms) == build_schedule(terms)


def naive_rows(terms, factors):
    """Equal instalments from discount factors in 60-digit decimals: (principal, interest)."""
    mode = ROUND_HALF_UP if terms.rounding is Rounding.HALF_UP else ROUND_HALF_EVEN

    def cents(amount):
        return int(amount.quantize(Decimal(1), mode))

    def run(installment):
        balance, out = terms.principal, []
        for place, factor in enumerate(factors):
            interest = cents(balance * factor)
            paid = min(max(installment - interest, 0), balance)
            paid = balance if place == len(factors) - 1 else paid
            balance -= paid
            out.append((paid, interest))
        return out

    with localcontext(prec=60):
        discount, annuity = Decimal(1), Decimal(0)
        for factor in factors:
            discount /= 1 + factor
            annuity += discount
        count = len(factors)
        installment = cents(terms.principal / annuity)
        rows = run(installment)
        off = sum(rows[-1]) - installment
        if abs(off) <= count // 2:
            return rows
        second = installment + cents(Decimal(off) / count)
        retried = run(second)
        return retried if abs(sum(retried[-1]) - second) < abs(off) else rows


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 10**5) | st.integers(1, 10**13),
    RATES,
    st.integers(1, 60),
    st.sampled_from([DayCount.ACT_360, DayCount.ACT_365, DayCount.THIRTY_360]),
    st.sampled_from(Rounding),
    st.dates(date(2000, 1, 1), date(2050, 12, 31)),
)
def test_equal_instalments_agree_with_discounting(
    principal, rate, installments, day_count, rounding, start
):
    terms = ScheduleTerms(
        principal=principal,
        annual_rate=rate,
        method=RepaymentMethod.EQUAL_INSTALLMENT,
        day_count=day_count,
        start_date=start,
        installments=installments,
        rounding=rounding,
    )
    rows = build_schedule(terms)
    basis = 365 if day_count is DayCount.ACT_365 else 360
    with localcontext(prec=60):
        factors = [
            rate
            * (30 if day_count is DayCount.THIRTY_360 else (row.end_date - row.start_date).days)
            / basis
            for row in rows
        ]
        assert [(row.principal, row.interest) for row in rows] == naive_rows(terms, factors)


@settings(max_examples=100, deadline=None)
@given(st.integers(10**6, 10**12), st.decimals("0.0012", "0.24", places=4), st.integers(2, 60))
def test_even_months_agree_with_the_annuity_formula(principal, rate, installments):
    terms = ScheduleTerms(
        principal=principal,
        annual_rate=rate,
        method=RepaymentMethod.EQUAL_INSTALLMENT,
        day_count=DayCount.THIRTY_360,
        start_date=date(2026, 1, 31),
        installments=installments,
    )
    with localcontext(prec=50):
        monthly = rate / 12
        payment = principal * monthly / (1 - (1 + monthly) ** -installments)
    first, last = build_schedule(terms)[0], build_schedule(terms)[-1]
    # The second try may move the instalment by its share of the piled-up cents.
    assert abs(first.due - payment) <= 2
    assert abs(last.due - first.due) <= installments
    free = build_schedule(replace(terms, annual_rate=Decimal(0)))
    assert not any(row.interest for row in free)


def as_specified(terms, periods):
    """docs/domain.md §5 word by word, in fractions: (interest, principal) of each row."""

    def rounded(value):
        return round_half(value, terms.rounding)

    factors = []
    for row in periods:
        days = row.days(terms.day_count)
        if terms.day_count is DayCount.ACT_ACT:
            days = year_parts(terms.day_count, row.start, row.end)
        factors.append(Fraction(terms.annual_rate) * days / year_basis(terms.day_count))
    amortising = factors[terms.principal_grace :]
    product, annuity = Fraction(1), Fraction(0)
    for factor in amortising:
        product *= 1 + factor
        annuity = 1 + annuity * (1 + factor)
    count = len(amortising)

    def run(installment):
        balance, rows = terms.principal, []
        for place, factor in enumerate(factors):
            interest = rounded(balance * factor)
            principal = min(max(installment - interest, 0), balance)
            if place < terms.principal_grace:
                principal = 0
            if place == len(factors) - 1:
                principal = balance
            rows.append((interest, principal))
            balance -= principal
        return rows

    installment = rounded(terms.principal * product / annuity)
    if terms.installment_multiple:
        multiple = terms.installment_multiple
        return run(multiple * rounded(Fraction(installment, multiple)))
    rows = run(installment)
    off = sum(rows[-1]) - installment
    if abs(off) > count // 2:
        second = installment + rounded(Fraction(off, count))
        again = run(second)
        if abs(sum(again[-1]) - second) < abs(off):
            return again
    return rows


@settings(max_examples=150, deadline=None)
@given(TERMS)
def test_uneven_equal_instalments_are_what_the_specification_words(terms):
    terms = replace(terms, method=RepaymentMethod.EQUAL_INSTALLMENT, rate_changes=())
    if validate(terms):
        return
    rows = [(row.interest, row.principal) for row in build_schedule(terms)]
    assert rows == as_specified(terms, periods_of(terms))
