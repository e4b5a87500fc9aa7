"""Model features that follow from what the lender has on record, by their catalogue names.

Exact numbers (money in major units) and categories; a feature that cannot be told is left out,
never guessed. What the caller gives for the same name wins, a given "missing" included.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from domain.rules.lending.application import ApplicationTerms
from domain.rules.money import scale
from domain.rules.risk.need import NeedEstimate
from domain.rules.risk.score import FeatureValue
from domain.rules.risk.statement import StatementFigures, follows

Derived: TypeAlias = Mapping[str, Fraction | str]

_DAYS_IN_FORMULA_YEAR = 360
_MEAN_YEAR_DAYS = Fraction(1461, 4)
_NEW_BUSINESS_YEARS = 2
_YES, _NO = "YES", "NO"


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowerRecord:
    """The borrower on the decision date; `late_instalments` and `customer_since` are None for one
    that never had a loan here."""

    registered_on: dt.date | None
    industry_code: str
    region: str
    enterprise_size: str
    customer_since: dt.date | None
    late_instalments: int | None


def derive_features(
    *,
    today: dt.date,
    terms: ApplicationTerms,
    term_months: Fraction,
    revolving: bool,
    borrower: BorrowerRecord,
    statement: StatementFigures | None,
    previous: StatementFigures | None,
    need: NeedEstimate,
) -> dict[str, Fraction | str]:
    """Return every feature that can be told. `previous` is the statement before `statement`."""
    features: dict[str, Fraction | str] = {
        "requested_term_months": term_months,
        "revolving_line": _YES if revolving else _NO,
        "application_year": decimal_year(today),
        **dict(_of_borrower(borrower, today)),
    }
    unit = 10 ** scale(terms.currency)
    if terms.amount is not None:
        features["requested_amount"] = Fraction(terms.amount, unit)
        if need.exact is not None and need.exact.need > 0:
            features["amount_to_need"] = terms.amount / need.exact.need
        if statement and statement.currency == terms.currency and statement.revenue > 0:
            features["amount_to_revenue"] = Fraction(terms.amount, statement.revenue)
    if statement is not None:
        features.update(_of_statement(statement, previous))
    return features


def merge_features(derived: Derived, given: Mapping[str, FeatureValue]) -> dict[str, FeatureValue]:
    """Return the snapshot that is scored and kept: numbers as float, the given ones on top."""
    told = {n: v if isinstance(v, str) else float(v) for n, v in derived.items()}
    return {**told, **given}


def decimal_year(day: dt.date) -> Fraction:
    """Return a date as a decimal year: 1 July 2006 is about 2006.5."""
    start, end = dt.date(day.year, 1, 1), dt.date(day.year + 1, 1, 1)
    return day.year + Fraction((day - start).days, (end - start).days)


def _of_borrower(borrower: BorrowerRecord, today: dt.date) -> Iterator[tuple[str, Fraction | str]]:
    if borrower.registered_on is not None:
        years = Fraction((today - borrower.registered_on).days) / _MEAN_YEAR_DAYS
        yield "years_in_business", years
        yield "new_business", _YES if years <= _NEW_BUSINESS_YEARS else _NO
    if borrower.customer_since is not None:
        yield (
            "relationship_years",
            Fraction((today - borrower.customer_since).days) / _MEAN_YEAR_DAYS,
        )
    if borrower.late_instalments is not None:
        yield "prior_overdue_count", Fraction(borrower.late_instalments)
    for name, value in (
        ("industry_code", borrower.industry_code),
        ("region", borrower.region),
        ("enterprise_size", borrower.enterprise_size),
    ):
        if value:
            yield name, value.upper()


def _of_statement(
    statement: StatementFigures, previous: StatementFigures | None
) -> Iterator[tuple[str, Fraction | str]]:
    revenue, cost = Fraction(statement.revenue), Fraction(statement.cost_of_sales)
    yield "annual_revenue", revenue / 10 ** scale(statement.currency)
    if previous is not None and follows(statement, previous) and previous.revenue > 0:
        yield "revenue_growth", revenue / previous.revenue - 1
    for name, dividend, divisor in (
        ("profit_margin", Fraction(statement.profit), revenue),
        ("gross_margin", revenue - cost, revenue),
        (
            "current_ratio",
            Fraction(statement.current_assets),
            Fraction(statement.current_liabilities),
        ),
        ("debt_ratio", Fraction(statement.total_liabilities), Fraction(statement.total_assets)),
        ("inventory_days", _DAYS_IN_FORMULA_YEAR * statement.average_inventory, cost),
        ("receivable_days", _DAYS_IN_FORMULA_YEAR * statement.average_receivables, revenue),
        ("payable_days", _DAYS_IN_FORMULA_YEAR * statement.average_payables, cost),
    ):
        if divisor > 0:
            yield name, dividend / divisor
