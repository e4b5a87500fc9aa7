"""From application and product rows to what the rules take."""

from __future__ import annotations

from decimal import Decimal

from domain.models.lending.application import LoanApplication
from domain.models.lending.product import LoanProduct
from domain.rules.lending.application import ApplicationTerms, ProductTerms, Purpose
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule_terms import RepaymentMethod


def application_terms(row: LoanApplication) -> ApplicationTerms:
    """What the application asks for."""
    return ApplicationTerms(
        borrower_id=row.borrower_id,
        facility_id=row.facility_id,
        product_id=row.product_id,
        currency=row.currency,
        amount=row.amount,
        annual_rate=None if row.annual_rate is None else Decimal(row.annual_rate),
        installments=row.installments,
        method=RepaymentMethod(row.method) if row.method else None,
        purpose=Purpose(row.purpose) if row.purpose else None,
        purpose_note=row.purpose_note,
        own_funds=row.own_funds,
        other_funding=row.other_funding,
        expected_growth=None if row.expected_growth is None else Decimal(row.expected_growth),
        renews_loan_id=row.renews_loan_id,
        features=row.features,
    )


def product_terms(row: LoanProduct) -> ProductTerms:
    """The bounds the product sets."""
    return ProductTerms(
        profile=row.profile,
        currency=row.currency,
        active=row.active,
        method=RepaymentMethod(row.method),
        period_unit=PeriodUnit(row.period_unit),
        every=row.every,
        principal_min=row.principal_min,
        principal_max=row.principal_max,
        installments_max=row.installments_max,
        rate_min=Decimal(row.rate_min),
        rate_max=Decimal(row.rate_max),
    )
