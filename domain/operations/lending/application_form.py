"""Reading the form of an application: what is given is checked, the rest stays as saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypedDict

from domain.actor import Actor
from domain.db import together
from domain.models.lending.application_terms import product_terms
from domain.models.lending.borrower import Borrower
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan_rows import LoanRow
from domain.models.lending.product import LoanProduct
from domain.queries.lending.find import find_facility, row_of
from domain.queries.lending.loan_rows import see_loan
from domain.queries.lending.products import is_on_offer
from domain.rules.form import Form
from domain.rules.lending.application import (
    GROWTH_DECIMALS,
    GROWTH_LEAST,
    GROWTH_MOST,
    PURPOSE_NOTE_LENGTH_MAX,
    RATE_DECIMALS,
    ApplicationTerms,
    Purpose,
    check_facility,
    check_product,
    check_renewed,
    missing_fields,
    read_fraction,
)
from domain.rules.lending.limits import facility_usable
from domain.rules.lending.schedule_terms import (
    MAX_ANNUAL_RATE,
    MAX_INSTALLMENTS,
    RepaymentMethod,
)
from domain.rules.lending.states import FacilityState
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.risk.score import FeatureValue

ReadFeatures = Callable[[Mapping[str, object]], Mapping[str, FeatureValue]]
"""Reads typed features against the catalogue; raises Refused with every mistake."""


@dataclass(frozen=True, slots=True)
class ReadForm:
    """The terms as they will be once saved, and what they refer to, where that is given."""

    terms: ApplicationTerms
    product: LoanProduct | None
    facility: CreditFacility | None


class ApplicationFields(TypedDict, total=False):
    """The fields a save gives. An absent one stays as it was; None empties it.

    Amounts in major units of the application's currency, which is the given one, else what was
    saved, else the product's, else the facility's. `features` replaces the features saved before;
    a feature given as None is known to be missing and is not derived.
    """

    facility_id: int | None
    product_id: int | None
    currency: str | None
    amount: Decimal | None
    annual_rate: Decimal | None
    installments: int | None
    method: RepaymentMethod | None
    purpose: Purpose | None
    purpose_note: str | None
    own_funds: Decimal | None
    other_funding: Decimal | None
    expected_growth: Decimal | None
    renews_loan_id: int | None
    features: Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationForm:
    """A form as it comes in: a new application, or what changes of one (`application_id`).

    `borrower_id` is needed for a new one, except from a borrower's user, who has just one borrower.
    With `expected_version` a change made meanwhile elsewhere is refused with STALE_VERSION.
    """

    fields: ApplicationFields
    read_features: ReadFeatures
    application_id: int | None = None
    borrower_id: int | None = None
    expected_version: int | None = None

    def arguments(self) -> dict[str, object]:
        """What the idempotency key stands for."""
        fields = self.fields
        return {
            "application": self.application_id,
            "borrower": self.borrower_id,
            "version": self.expected_version,
            # repr: a feature may be any JSON value, and a number of any size.
            "fields": {name: repr(value) for name, value in fields.items() if name != "features"},
            "features": repr(sorted((fields.get("features") or {}).items())),
            "features_given": "features" in fields,
        }


_MONEY = {"amount": "amount", "own_funds": "ownFunds", "other_funding": "otherFunding"}


async def read_form(
    actor: Actor,
    borrower: Borrower,
    saved: ApplicationTerms,
    fields: ApplicationFields,
    read_features: ReadFeatures,
    *,
    submitted_on: dt.date | None = None,
) -> ReadForm:
    """Read what is given against what was saved; of a form that is submitted on a day, also what it
    lacks. Raises Refused with every mistake together."""
    form = Form()
    product_id = fields.get("product_id", saved.product_id)
    facility_id = fields.get("facility_id", saved.facility_id)
    renewed_id = fields.get("renews_loan_id", saved.renews_loan_id)
    product, facility, renewed = await together(
        _find_product(form, product_id),
        _find_facility(form, actor, facility_id),
        _find_renewed(form, actor, renewed_id),
    )
    currency = fields.get("currency", saved.currency) or ""
    if currency:
        form.currency("currency", currency)
    else:
        currency = (product.currency if product else "") or (facility.currency if facility else "")
    terms = replace(
        saved,
        product_id=product_id,
        facility_id=facility_id,
        renews_loan_id=renewed_id,
        currency=currency,
        **_read_amounts(form, saved, fields, currency),
        **_read_choices(form, saved, fields, has_product=product is not None),
        features=_read_features(form, saved, fields, read_features),
    )
    if product is not None:
        bounds = replace(product_terms(product), active=await is_on_offer(product))
        check_product(form, terms, bounds, profile=borrower.profile)
    if facility is not None:
        check_facility(form, terms, borrower_id=facility.borrower_id, currency=facility.currency)
    if renewed is not None:
        check_renewed(
            form,
            terms,
            borrower_id=renewed.borrower_id,
            facility_id=renewed.facility_id,
            currency=renewed.currency,
        )
    if submitted_on is not None:
        note_lacking(form, terms, facility, today=submitted_on)
    form.refuse()
    return ReadForm(terms, product, facility)


def note_lacking(
    form: Form, terms: ApplicationTerms, facility: CreditFacility | None, *, today: dt.date
) -> None:
    """Note what a submission needs and a draft may lack, but for what is known to be wrong."""
    wrong = {problem.path for problem in form.problems}
    form.extend(problem for problem in missing_fields(terms) if problem.path not in wrong)
    if facility is not None:
        state = FacilityState(facility.state)
        form.extend(facility_usable(state, expires_on=facility.expires_on, today=today))


async def _find_product(form: Form, product_id: int | None) -> LoanProduct | None:
    if product_id is None:
        return None
    product = await row_of(LoanProduct, product_id)
    if product is None:
        form.add(
            ErrorCode.NOT_FOUND,
            "productId",
            "There is no such loan product. Choose one from the list of products.",
            "没有该贷款产品，请从产品列表中选择。",
        )
    return product


async def _find_facility(
    form: Form, actor: Actor, facility_id: int | None
) -> CreditFacility | None:
    if facility_id is None:
        return None
    try:
        return await find_facility(actor, facility_id)
    except Refused as refusal:
        form.extend(refusal.problems)
        return None


async def _find_renewed(form: Form, actor: Actor, loan_id: int | None) -> LoanRow | None:
    if loan_id is None:
        return None
    try:
        return await see_loan(actor, loan_id, path="renewsLoanId")
    except Refused as refusal:
        form.extend(refusal.problems)
        return None


def _read_amounts(
    form: Form, saved: ApplicationTerms, fields: ApplicationFields, currency: str
) -> dict[str, Any]:
    given: dict[str, Any] = dict(fields)
    amounts: dict[str, int | None] = {}
    for name, path in _MONEY.items():
        if name not in given:
            amounts[name] = getattr(saved, name)
            if amounts[name] is not None and not currency:
                _need_currency(form, path)
            elif amounts[name] is not None and saved.currency != currency:
                form.add(
                    ErrorCode.CURRENCY_MISMATCH,
                    path,
                    f"{path} was saved in {saved.currency}. Give it again in {currency}.",
                    f"{path} 原以 {saved.currency} 保存，请以 {currency} 重新填写。",
                )
        elif given[name] is None:
            amounts[name] = None
        elif not currency:
            amounts[name] = None
            _need_currency(form, path)
        else:
            before = len(form.problems)
            minor = form.money(path, given[name], currency, zero=name != "amount")
            amounts[name] = minor if len(form.problems) == before else None
    return amounts


def _need_currency(form: Form, path: str) -> None:
    form.add(
        ErrorCode.REQUIRED,
        "currency",
        f"{path} needs a currency. Give a currency, a product or a facility with it.",
        f"填写 {path} 时须指明币种，请同时填写币种、产品或授信额度。",
    )


def _read_choices(
    form: Form, saved: ApplicationTerms, fields: ApplicationFields, *, has_product: bool
) -> dict[str, Any]:
    rate, growth = fields.get("annual_rate"), fields.get("expected_growth")
    installments = fields.get("installments", saved.installments)
    if rate is not None and not has_product:  # a product has narrower bounds of its own
        rate = read_fraction(
            form,
            "annualRate",
            rate,
            least=Decimal(0),
            most=MAX_ANNUAL_RATE,
            decimals=RATE_DECIMALS,
        )
    if growth is not None:
        growth = read_fraction(
            form,
            "expectedGrowth",
            growth,
            least=GROWTH_LEAST,
            most=GROWTH_MOST,
            decimals=GROWTH_DECIMALS,
        )
    if installments is not None and not has_product:
        form.whole("installments", installments, least=1, most=MAX_INSTALLMENTS)
    note = saved.purpose_note
    if "purpose_note" in fields:
        note = form.text(
            "purposeNote",
            fields["purpose_note"],
            longest=PURPOSE_NOTE_LENGTH_MAX,
            needed=False,
            lines=True,
        )
    return {
        "annual_rate": rate if "annual_rate" in fields else saved.annual_rate,
        "expected_growth": growth if "expected_growth" in fields else saved.expected_growth,
        "installments": installments,
        "method": fields.get("method", saved.method),
        "purpose": fields.get("purpose", saved.purpose),
        "purpose_note": note,
    }


def _read_features(
    form: Form, saved: ApplicationTerms, fields: ApplicationFields, read: ReadFeatures
) -> Mapping[str, FeatureValue]:
    if "features" not in fields:
        return saved.features
    raw = fields["features"] or {}
    try:
        values = read(raw)
    except Refused as refusal:
        form.extend(refusal.problems)
        return {}
    # The reader leaves out what is missing; that it was said to be missing is kept.
    return {name: values.get(name) for name in raw}
