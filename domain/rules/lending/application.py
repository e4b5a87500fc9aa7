"""Loan applications: what a form may say, what a submission must say, and what is signed.

Amounts are minor units of the application's currency, rates and growth are fractions a year.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from domain.rules.form import Form
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.states import ApplicationState
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode, Problem
from domain.rules.risk.score import FeatureValue

RATE_DECIMALS = 12
GROWTH_DECIMALS = 8
GROWTH_LEAST, GROWTH_MOST = Decimal(-1), Decimal(10)
PURPOSE_NOTE_LENGTH_MAX = 500
_MONTHS_IN_YEAR, _DAYS_IN_YEAR, _DAYS_IN_WEEK = 12, 365, 7


class Purpose(StrEnum):
    """贷款用途. The last five are accepted on the form, so that the policy rule can say why not."""

    RAW_MATERIALS = "RAW_MATERIALS"
    GOODS_FOR_RESALE = "GOODS_FOR_RESALE"
    WAGES = "WAGES"
    RENT_AND_UTILITIES = "RENT_AND_UTILITIES"
    TAXES = "TAXES"
    TRADE_ORDER = "TRADE_ORDER"
    SEASONAL_PRODUCTION = "SEASONAL_PRODUCTION"
    OTHER_OPERATING = "OTHER_OPERATING"
    FIXED_ASSETS = "FIXED_ASSETS"
    DIVIDENDS = "DIVIDENDS"
    FINANCIAL_ASSETS = "FINANCIAL_ASSETS"
    EQUITY_INVESTMENT = "EQUITY_INVESTMENT"
    PROHIBITED_FIELD = "PROHIBITED_FIELD"


OPEN = (
    ApplicationState.DRAFT,
    ApplicationState.SUBMITTED,
    ApplicationState.ASSESSED,
    ApplicationState.RETURNED,
    ApplicationState.APPROVED,
)
"""States that an application may still be withdrawn from, or expire in."""

EDITABLE = (ApplicationState.DRAFT, ApplicationState.RETURNED)
"""States in which the owner's side may change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationTerms:
    """What the application asks for; None and empty texts are not filled in yet."""

    borrower_id: int
    facility_id: int | None = None
    product_id: int | None = None
    currency: str = ""
    amount: int | None = None
    annual_rate: Decimal | None = None
    installments: int | None = None
    method: RepaymentMethod | None = None
    purpose: Purpose | None = None
    purpose_note: str = ""
    own_funds: int | None = None
    other_funding: int | None = None
    expected_growth: Decimal | None = None
    renews_loan_id: int | None = None
    features: Mapping[str, FeatureValue] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTerms:
    """The bounds a product sets, both ends inclusive."""

    profile: str
    currency: str
    active: bool
    """Whether it is on offer."""
    method: RepaymentMethod
    period_unit: PeriodUnit
    every: int
    principal_min: int
    principal_max: int
    installments_max: int
    rate_min: Decimal
    rate_max: Decimal


def read_fraction(
    form: Form, path: str, value: Decimal, *, least: Decimal, most: Decimal, decimals: int
) -> Decimal | None:
    """Read a finite fraction from `least` to `most` with at most `decimals`; None if it is not."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not least <= value <= most:
        form.add(
            ErrorCode.OUT_OF_RANGE,
            path,
            f"{path} must be a fraction from {least} to {most} (0.10 is 10 %); this is {value}.",
            f"{path} 须为 {least} 至 {most} 之间的小数（0.10 即 10%），当前为 {value}。",
        )
        return None
    if -exponent > decimals:
        form.add(
            ErrorCode.WRONG_SCALE,
            path,
            f"{path} may have at most {decimals} decimals; this has {-exponent}.",
            f"{path} 最多 {decimals} 位小数，当前为 {-exponent} 位。",
        )
        return None
    return value


def check_product(
    form: Form, terms: ApplicationTerms, product: ProductTerms, *, profile: str
) -> None:
    """Note where the terms filled in so far leave the bounds of their product."""
    if not product.active or product.profile != profile:
        form.add(
            ErrorCode.INVALID_VALUE,
            "productId",
            "This product, or this version of it, is not on offer to this borrower. Choose one on "
            f"offer in the {profile} profile.",
            f"该产品或该版本不适用于此借款人，请选择 {profile} 体系下的在售产品。",
        )
        return
    if terms.currency and terms.currency != product.currency:
        form.add(
            ErrorCode.CURRENCY_MISMATCH,
            "currency",
            f"This product lends {product.currency}, the application is in {terms.currency}. "
            "Use the product's currency.",
            f"该产品币种为 {product.currency}，申请币种为 {terms.currency}，请与产品保持一致。",
        )
        return
    _check_amount(form, terms, product)
    if terms.installments is not None:
        form.whole("installments", terms.installments, least=1, most=product.installments_max)
    if terms.annual_rate is not None:
        read_fraction(
            form,
            "annualRate",
            terms.annual_rate,
            least=product.rate_min.normalize(),
            most=product.rate_max.normalize(),
            decimals=RATE_DECIMALS,
        )
    if terms.method is not None and terms.method is not product.method:
        form.add(
            ErrorCode.INVALID_VALUE,
            "method",
            f"This product is repaid by {product.method}. Leave the method out, or choose a "
            f"product repaid by {terms.method}.",
            f"该产品的还款方式为 {product.method}，请勿填写还款方式，"
            f"或选择还款方式为 {terms.method} 的产品。",
        )


def _check_amount(form: Form, terms: ApplicationTerms, product: ProductTerms) -> None:
    amount = terms.amount
    if amount is None or product.principal_min <= amount <= product.principal_max:
        return
    least, most, shown = (
        format_minor(minor, product.currency)
        for minor in (product.principal_min, product.principal_max, amount)
    )
    form.add(
        ErrorCode.OUT_OF_RANGE,
        "amount",
        f"This product lends from {least} to {most} {product.currency}; this is {shown}.",
        f"该产品贷款金额为 {least} 至 {most} {product.currency}，当前为 {shown}。",
    )


def check_facility(form: Form, terms: ApplicationTerms, *, borrower_id: int, currency: str) -> None:
    """Note a facility (of `borrower_id`, in `currency`) that is not for this application."""
    if borrower_id != terms.borrower_id:
        form.add(
            ErrorCode.INVALID_VALUE,
            "facilityId",
            "This facility belongs to another borrower. Choose one of this borrower's.",
            "该授信额度属于其他借款人，请选择本借款人的额度。",
        )
    elif terms.currency and currency != terms.currency:
        form.add(
            ErrorCode.CURRENCY_MISMATCH,
            "facilityId",
            f"This facility is in {currency}, the application in {terms.currency}. "
            "Choose a facility in the same currency.",
            f"该授信额度币种为 {currency}，申请币种为 {terms.currency}，请选择同币种额度。",
        )


def check_renewed(
    form: Form, terms: ApplicationTerms, *, borrower_id: int, facility_id: int, currency: str
) -> None:
    """Note a loan (of `borrower_id`, under `facility_id`, in `currency`) that this application
    cannot renew."""
    if borrower_id != terms.borrower_id:
        form.add(
            ErrorCode.INVALID_VALUE,
            "renewsLoanId",
            "This loan is another borrower's. Choose one of this borrower's.",
            "该借据属于其他借款人，请选择本借款人的借据。",
        )
    elif terms.currency and currency != terms.currency:
        form.add(
            ErrorCode.CURRENCY_MISMATCH,
            "renewsLoanId",
            f"This loan is in {currency}, the application in {terms.currency}. A renewal keeps the "
            "currency.",
            f"该借据币种为 {currency}，申请币种为 {terms.currency}；续贷不得变更币种。",
        )
    elif terms.facility_id is not None and facility_id != terms.facility_id:
        form.add(
            ErrorCode.INVALID_VALUE,
            "renewsLoanId",
            "This loan draws on another facility. A renewal stays under its facility.",
            "该借据占用其他授信额度；续贷须在同一额度项下办理。",
        )


def missing_fields(terms: ApplicationTerms) -> list[Problem]:
    """Name every field that a submission needs and the form has not."""
    needed = {
        "productId": terms.product_id,
        "facilityId": terms.facility_id,
        "amount": terms.amount,
        "annualRate": terms.annual_rate,
        "installments": terms.installments,
        "purpose": terms.purpose,
    }
    absent = [name for name, value in needed.items() if value is None]
    if terms.purpose is Purpose.OTHER_OPERATING and not terms.purpose_note:
        absent.append("purposeNote")
    return [
        Problem(
            ErrorCode.REQUIRED,
            (name,),
            f"{name} is required to submit. Fill it in first.",
            f"提交前须填写 {name}，请补充。",
        )
        for name in absent
    ]


def term_months(*, installments: int, every: int, unit: PeriodUnit) -> Fraction:
    """Return the term asked for, in months; days and weeks count as twelfths of 365 days."""
    periods = installments * every
    if unit is PeriodUnit.MONTH:
        return Fraction(periods)
    days = periods * (_DAYS_IN_WEEK if unit is PeriodUnit.WEEK else 1)
    return Fraction(days * _MONTHS_IN_YEAR, _DAYS_IN_YEAR)


def content(terms: ApplicationTerms) -> dict[str, Any]:
    """Return what approvers sign, as JSON values; equal terms give equal content."""
    return {
        "borrower": terms.borrower_id,
        "facility": terms.facility_id,
        "product": terms.product_id,
        "currency": terms.currency,
        "amount": terms.amount,
        "annual_rate": _plain(terms.annual_rate),
        "installments": terms.installments,
        "method": terms.method,
        "purpose": terms.purpose,
        "purpose_note": terms.purpose_note,
        "own_funds": terms.own_funds,
        "other_funding": terms.other_funding,
        "expected_growth": _plain(terms.expected_growth),
        "features": dict(terms.features),
        # Only where there is one: what was signed before there were renewals keeps its hash.
        **({} if terms.renews_loan_id is None else {"renews": terms.renews_loan_id}),
    }


def content_sha256(terms: ApplicationTerms) -> str:
    """Return the hash of :func:`content` in canonical JSON: sorted keys, no blanks, UTF-8."""
    text = json.dumps(
        content(terms),
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Decimal | None) -> str | None:
    # The column pads with zeros: 0.045 and 0.045000000000 are one rate.
    return None if value is None else format(value.normalize() + 0, "f")


def has_expired(*, state: ApplicationState, expires_on: dt.date | None, today: dt.date) -> bool:
    """Whether an application's time has run out: the day after `expires_on`, if still open."""
    return state in OPEN and expires_on is not None and today > expires_on
