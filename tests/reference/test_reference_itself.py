"""The reference model on the vectors of docs/domain.md §5 and §6, worked by hand there."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from tests.reference.actions import ORDERS, rate
from tests.reference.loan import Act, Loan
from tests.reference.plan import Product

TERMS = {
    "penalty_rate": rate("0.054"),
    "day_count": "ACT_360",
    "every": 1,
    "unit": "MONTH",
    "settlement_day": None,
    "rounding": "HALF_UP",
    "grace_days": 0,
    "compound_basis": "PENALTY",
    "order": ORDERS[0],
    "axis": "HORIZONTAL",
    "principal_first_beyond": None,
    "non_accrual_beyond": 90,
    "cure_days": 0,
    "fee": Fraction(0),
    "vat": (),
}


def product(**given: object) -> Product:
    """A loan at 3.60 %, penalty rate 5.40 %."""
    return Product(**{"rate": rate("0.036"), "start": dt.date(2026, 1, 15), **TERMS, **given})


def test_interest_settled_by_the_quarter() -> None:
    loan = Loan(
        product(
            principal=1_000_000_00,
            method="INTEREST_ONLY",
            installments=4,
            every=3,
            settlement_day=20,
        )
    )
    assert [row.interest for row in loan.rows] == [6500_00, 9200_00, 9200_00, 9100_00, 2500_00]
    assert [row.due.isoformat()[5:] for row in loan.rows] == [
        "03-21",
        "06-21",
        "09-21",
        "12-21",
        "01-15",
    ]


@pytest.mark.parametrize(
    ("method", "first", "interest"),
    [("EQUAL_INSTALLMENT", 101_960_71, 23_528_52), ("EQUAL_PRINCIPAL", 103_600_00, 23_400_00)],
)
def test_months_of_thirty_days(method: str, first: int, interest: int) -> None:
    loan = Loan(
        product(principal=1_200_000_00, method=method, installments=12, day_count="THIRTY_360")
    )
    assert loan.rows[0].principal + loan.rows[0].interest == first
    assert sum(row.interest for row in loan.rows) == interest


@pytest.mark.parametrize(
    ("compound_basis", "compound"), [("PENALTY", 29_25), ("CONTRACT_UNTIL_MATURITY", 19_50)]
)
def test_overdue_interest_of_a_quarter(compound_basis: str, compound: int) -> None:
    """6,500.00 of interest unpaid for 30 days, long before maturity."""
    loan = Loan(
        product(
            principal=1_000_000_00,
            method="INTEREST_ONLY",
            installments=4,
            every=3,
            settlement_day=20,
            compound_basis=compound_basis,
        )
    )
    loan.live_until(dt.date(2026, 4, 20))
    assert loan.receivable("COMPOUND") == compound
    assert loan.receivable("PENALTY") == 0
    assert loan.days_past_due() == 30


def test_overdue_principal() -> None:
    """100,000.00 at 5.40 % for 30 days."""
    loan = Loan(product(principal=100_000_00, method="BULLET", installments=1))
    loan.live_until(loan.maturity + dt.timedelta(days=30))
    assert loan.receivable("PENALTY") == 450_00


def test_a_rate_that_changes_inside_a_period() -> None:
    """11 days at 3.60 % and 79 at 3.40 %."""
    loan = Loan(
        product(
            principal=1_000_000_00,
            method="INTEREST_ONLY",
            installments=1,
            every=3,
            start=dt.date(2026, 12, 21),
        )
    )
    new_year = dt.date(2027, 1, 1)
    loan.live_until(new_year)
    change = {"rate": rate("0.034"), "penalty_rate": rate("0.051")}
    loan.do(Act(order=1, on=new_year, kind="RATE_CHANGE", **change))
    assert loan.rows[0].interest == 8_561_11


def test_tax_included_in_interest() -> None:
    """6,500.00 is 6,132.08 and 367.92."""
    vat = ((dt.date(2026, 1, 1), Fraction(6, 100)),)
    loan = Loan(
        product(
            principal=1_000_000_00,
            method="INTEREST_ONLY",
            installments=4,
            every=3,
            settlement_day=20,
            vat=vat,
        )
    )
    loan.live_until(dt.date(2026, 3, 21))
    assert loan.vat == 367_92
    assert loan.books.held()["6011"] == -6_132_08
