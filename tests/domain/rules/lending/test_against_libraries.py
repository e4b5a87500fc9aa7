"""Day counts and the equal instalment beside QuantLib and numpy-financial, thousands of cases.

Only where both define a broken period: ACT/360, ACT/365F, ACT/ACT (ISDA) and 30E/360. The cases
are seeded, with more than their share of month ends, leap days and new years.
"""

import random
import warnings
from calendar import monthrange
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy_financial
import pytest

from domain.rules.lending.accrual import accrued_interest
from domain.rules.lending.day_count import (
    DayCount,
    counted_days,
    year_basis,
    year_parts,
)
from domain.rules.lending.schedule import (
    RepaymentMethod,
    ScheduleTerms,
    build_schedule,
    equal_installment,
)
from domain.rules.money import Rounding

with warnings.catch_warnings():
    # Its generated classes lack __module__, which newer Pythons deprecate.
    warnings.simplefilter("ignore", DeprecationWarning)
    import QuantLib

CASES = 5_000
COUNTERS = {
    DayCount.ACT_360: QuantLib.Actual360(),
    DayCount.ACT_365: QuantLib.Actual365Fixed(),
    DayCount.ACT_ACT: QuantLib.ActualActual(QuantLib.ActualActual.ISDA),
    DayCount.THIRTY_360: QuantLib.Thirty360(QuantLib.Thirty360.European),
}


def some_day(source):
    """A day QuantLib knows, often one on which day counts go wrong."""
    year = source.choice([source.randint(1901, 2198), 1904, 2000, 2023, 2024, 2100])
    month = source.choice([source.randint(1, 12), 1, 2, 12])
    last = monthrange(year, month)[1]
    return date(year, month, source.choice([source.randint(1, last), 1, last, min(30, last)]))


def in_quantlib(day):
    return QuantLib.Date(day.day, day.month, day.year)


@pytest.mark.parametrize("day_count", COUNTERS)
def test_day_counts_agree_with_quantlib(day_count):
    source = random.Random(20260115)
    counter = COUNTERS[day_count]
    for _ in range(CASES):
        start, end = sorted((some_day(source), some_day(source)))
        first, last = in_quantlib(start), in_quantlib(end)
        assert counted_days(day_count, start=start, end=end) == counter.dayCount(first, last)
        ours = Fraction(year_parts(day_count, start, end), year_basis(day_count))
        assert float(ours) == pytest.approx(counter.yearFraction(first, last), rel=1e-12, abs=1e-12)


def test_accrual_of_settlement_rows_agrees_with_quantlib():
    # Rows of a settlement day are broken periods, and a day inside them breaks them again.
    source = random.Random(20260320)
    for day_count, counter in COUNTERS.items():
        for _ in range(250):
            terms = ScheduleTerms(
                principal=source.randint(1, 10**12),
                annual_rate=Decimal(source.randint(1, 2400)) / 10_000,
                method=RepaymentMethod.INTEREST_ONLY,
                day_count=day_count,
                start_date=some_day(source).replace(year=source.randint(2019, 2030), day=28),
                installments=source.randint(1, 8),
                settlement_day=source.randint(1, 31),
            )
            for row in build_schedule(terms):
                inside = row.start_date + (row.end_date - row.start_date) * source.random()
                for day, ours in (
                    (row.end_date, row.interest),
                    (inside, accrued_interest(row, terms, inside)),
                ):
                    part = counter.yearFraction(in_quantlib(row.start_date), in_quantlib(day))
                    theirs = row.opening * float(terms.annual_rate) * part
                    assert ours == pytest.approx(theirs, abs=0.5 + 1e-9 * theirs)


def test_the_equal_instalment_agrees_with_numpy_financial():
    source = random.Random(20260615)
    for _ in range(CASES):
        principal = source.choice([source.randint(1, 10**6), source.randint(1, 10**12)])
        rate = Fraction(source.randint(1, 10_000), 12 * 10_000)
        count = source.randint(1, 600)
        ours = equal_installment(
            principal=principal,
            factors=[rate] * count,
            rounding=Rounding.HALF_UP,
        )
        theirs = numpy_financial.pmt(float(rate), count, -principal)
        assert ours == pytest.approx(theirs, abs=0.5 + 1e-9 * theirs)


def test_whole_schedules_agree_with_numpy_financial():
    source = random.Random(20261225)
    terms = ScheduleTerms(
        principal=1,
        annual_rate=Decimal(0),
        method=RepaymentMethod.EQUAL_INSTALLMENT,
        day_count=DayCount.THIRTY_360,
        start_date=date(2026, 1, 31),
        installments=1,
    )
    for _ in range(500):
        principal, count = source.randint(10**6, 10**12), source.randint(1, 60)
        rate = Decimal(source.randint(1, 2400)) / 10_000
        rows = build_schedule(
            replace(terms, principal=principal, annual_rate=rate, installments=count)
        )
        monthly = float(rate) / 12
        place = source.randint(1, count)
        interest = -numpy_financial.ipmt(monthly, place, count, principal)
        # Every earlier row may have moved the balance by a rounded cent or two, growing meanwhile.
        drift = 0.5 + 2 * count * (1 + monthly) ** count * (1 + 1e-12 * principal)
        assert rows[place - 1].interest == pytest.approx(interest, abs=drift)
