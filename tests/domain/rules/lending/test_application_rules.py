"""What an application's form may say, what a submission needs, and what is signed."""

import datetime as dt
from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.rules.form import Form
from domain.rules.lending.application import (
    OPEN,
    ApplicationTerms,
    ProductTerms,
    Purpose,
    check_facility,
    check_product,
    content_sha256,
    has_expired,
    missing_fields,
    read_fraction,
    term_months,
)
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.states import APPLICATION_MOVES, ApplicationState
from domain.rules.refusal import ErrorCode

PRODUCT = ProductTerms(
    profile="CN",
    currency="CNY",
    active=True,
    method=RepaymentMethod.EQUAL_INSTALLMENT,
    period_unit=PeriodUnit.MONTH,
    every=1,
    principal_min=100_00,
    principal_max=1_000_000_00,
    installments_max=36,
    rate_min=Decimal("0.010000000000"),
    rate_max=Decimal("0.240000000000"),
)
TERMS = ApplicationTerms(
    borrower_id=1,
    facility_id=2,
    product_id=3,
    currency="CNY",
    amount=500_000_00,
    annual_rate=Decimal("0.045"),
    installments=12,
    method=RepaymentMethod.EQUAL_INSTALLMENT,
    purpose=Purpose.WAGES,
)


def problems(*, product: ProductTerms = PRODUCT, **changes: Any) -> list[tuple[str, ErrorCode]]:
    form = Form()
    check_product(form, replace(TERMS, **changes), product, profile="CN")
    return [(".".join(p.path), p.code) for p in form.problems]


def test_terms_within_the_product() -> None:
    assert problems() == []
    assert problems(amount=100_00, installments=36, annual_rate=Decimal("0.24")) == []
    assert problems(amount=1_000_000_00, installments=1, annual_rate=Decimal("0.01")) == []


def test_an_empty_draft_is_no_mistake() -> None:
    form = Form()
    check_product(form, ApplicationTerms(borrower_id=1, product_id=3), PRODUCT, profile="CN")
    assert form.problems == []


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"amount": 99_99}, "amount", ErrorCode.OUT_OF_RANGE),
        ({"amount": 1_000_000_01}, "amount", ErrorCode.OUT_OF_RANGE),
        ({"installments": 37}, "installments", ErrorCode.OUT_OF_RANGE),
        ({"installments": 0}, "installments", ErrorCode.OUT_OF_RANGE),
        ({"annual_rate": Decimal("0.0099")}, "annualRate", ErrorCode.OUT_OF_RANGE),
        ({"annual_rate": Decimal("0.2401")}, "annualRate", ErrorCode.OUT_OF_RANGE),
        ({"annual_rate": Decimal("0.0123456789012")}, "annualRate", ErrorCode.WRONG_SCALE),
        ({"method": RepaymentMethod.BULLET}, "method", ErrorCode.INVALID_VALUE),
        ({"currency": "USD"}, "currency", ErrorCode.CURRENCY_MISMATCH),
        (
            {"product": replace(PRODUCT, active=False)},
            "productId",
            ErrorCode.INVALID_VALUE,
        ),
        (
            {"product": replace(PRODUCT, profile="GENERIC")},
            "productId",
            ErrorCode.INVALID_VALUE,
        ),
    ],
)
def test_terms_outside_the_product(changes: dict[str, Any], path: str, code: ErrorCode) -> None:
    assert problems(**changes) == [(path, code)]


def test_all_mistakes_at_once() -> None:
    found = problems(amount=1, installments=99, annual_rate=Decimal(9))
    assert [path for path, _ in found] == ["amount", "installments", "annualRate"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "-1.1", "10.1"])
def test_no_fraction(value: str) -> None:
    form = Form()
    read = read_fraction(form, "x", Decimal(value), least=Decimal(-1), most=Decimal(10), decimals=8)
    assert read is None
    assert [p.code for p in form.problems] == [ErrorCode.OUT_OF_RANGE]


def test_a_facility_of_somebody_else_or_in_other_money() -> None:
    for borrower_id, currency, codes in (
        (1, "CNY", []),
        (2, "CNY", [ErrorCode.INVALID_VALUE]),
        (1, "USD", [ErrorCode.CURRENCY_MISMATCH]),
    ):
        form = Form()
        check_facility(form, TERMS, borrower_id=borrower_id, currency=currency)
        assert [p.code for p in form.problems] == codes


def test_what_a_submission_needs() -> None:
    assert missing_fields(TERMS) == []
    empty = missing_fields(ApplicationTerms(borrower_id=1))
    assert [p.path[0] for p in empty] == [
        "productId",
        "facilityId",
        "amount",
        "annualRate",
        "installments",
        "purpose",
    ]
    other = replace(TERMS, purpose=Purpose.OTHER_OPERATING)
    assert [p.path[0] for p in missing_fields(other)] == ["purposeNote"]
    assert missing_fields(replace(other, purpose_note="seasonal stock")) == []


def test_the_hash_is_of_the_terms_and_not_of_how_they_are_written() -> None:
    assert content_sha256(TERMS) == content_sha256(
        replace(TERMS, annual_rate=Decimal("0.045000000000"))
    )
    ordered = replace(TERMS, features={"a": 1.5, "b": "X"})
    turned = replace(TERMS, features={"b": "X", "a": 1.5})
    assert content_sha256(ordered) == content_sha256(turned)


def test_every_term_is_signed() -> None:
    changes: dict[str, Any] = {
        "borrower_id": 9,
        "facility_id": 9,
        "product_id": 9,
        "currency": "USD",
        "amount": 9,
        "annual_rate": Decimal("0.09"),
        "installments": 9,
        "method": RepaymentMethod.BULLET,
        "purpose": Purpose.TAXES,
        "purpose_note": "9",
        "own_funds": 9,
        "other_funding": 9,
        "expected_growth": Decimal("0.09"),
        "renews_loan_id": 9,
        "features": {"employees": 9.0},
    }
    assert set(changes) == {field.name for field in fields(ApplicationTerms)}
    hashes = {content_sha256(replace(TERMS, **{name: v})) for name, v in changes.items()}
    assert len(hashes | {content_sha256(TERMS)}) == len(changes) + 1


def test_term_in_months() -> None:
    month = term_months(installments=4, every=3, unit=PeriodUnit.MONTH)
    assert month == 12
    assert term_months(installments=365, every=1, unit=PeriodUnit.DAY) == 12
    assert term_months(installments=1, every=1, unit=PeriodUnit.WEEK) == Fraction(84, 365)


@pytest.mark.parametrize("state", ApplicationState)
def test_only_open_applications_expire_the_day_after(state: ApplicationState) -> None:
    last = dt.date(2026, 4, 15)
    after = last + dt.timedelta(days=1)
    assert not has_expired(state=state, expires_on=last, today=last)
    assert not has_expired(state=state, expires_on=None, today=after)
    assert has_expired(state=state, expires_on=last, today=after) == (state in OPEN)
    for to in (ApplicationState.EXPIRED, ApplicationState.WITHDRAWN):
        assert (to in APPLICATION_MOVES[state]) == (state in OPEN)
