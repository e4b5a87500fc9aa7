"""A loan product (贷款产品): a new one, or a new version. Versions that are there never change.

The latest version of a code is the one on offer, if it is active. The payload is the whole version:
fees that it leaves out are none, whatever the version before had.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from domain.actor import Actor
from domain.models.lending.loan_terms import stored_allocation_rule, stored_fees
from domain.models.lending.product import LoanProduct
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.lending.product import ProductDraft, in_minor_units, read_product
from domain.rules.money import format_minor, to_minor
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role

_OF_THE_ROW = frozenset({"id", "version", "created_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersion(ProductDraft):
    """The version to add; `version` follows the latest one, and is filled in."""

    version: int = 0


async def _validate(_: Actor, asked: ProductVersion) -> Proposal[ProductVersion]:
    form = Form()
    read = read_product(form, asked, today=await business_date())
    latest = await LoanProduct.filter(code=read.code).order_by("-version").first()
    if latest is not None and (latest.profile, latest.currency) != (asked.profile, asked.currency):
        form.add(
            ErrorCode.CURRENCY_MISMATCH,
            "currency",
            f"The versions of {latest.code} are for the profile {latest.profile} and the currency "
            f"{latest.currency}. Choose another code for a product of another kind.",
            f"产品 {latest.code} 的各版本均适用于 {latest.profile} 体系、{latest.currency} 币种，"
            "其他类型的产品请使用新的代码。",
        )
    form.refuse()
    version = latest.version + 1 if latest else 1
    payload = replace(
        asked,
        code=read.code,
        name_zh=read.name_zh,
        name_en=read.name_en,
        principal_min=Decimal(format_minor(read.principal_min, asked.currency)),
        principal_max=Decimal(format_minor(read.principal_max, asked.currency)),
        version=version,
    )
    dropped = latest is not None and latest.fees and not asked.fees
    return Proposal(
        payload=payload,
        en=_summary(payload, "on offer" if asked.active else "no longer on offer", payload.name_en)
        + (", no fees any more" if dropped else ""),
        zh=_summary(payload, "在售" if asked.active else "停售", payload.name_zh)
        + ("，不再收费" if dropped else ""),
        subject=("LoanProduct", latest.id) if latest else ("", 0),
    )


def _summary(new: ProductVersion, state: str, name: str) -> str:
    return (
        f"{new.code} v{new.version} {name} ({state}): {new.method}, {new.every} {new.period_unit}, "
        f"{new.principal_min}-{new.principal_max} {new.currency}, {new.rate_min}-{new.rate_max}, "
        f"≤ {new.installments_max}, {new.day_count}{_fees(new)}"
    )


def _fees(new: ProductVersion) -> str:
    """The fees as a change of them shows: no name needs a translation."""
    return "".join(
        f", {fee.kind} "
        + (f"{fee.amount:f} {new.currency}" if fee.rate is None else f"{fee.rate:f}")
        for fee in new.fees
    )


async def _apply(step: Step, _: Actor, new: ProductVersion) -> Result:
    values = await _of_the_version_before(new.code)
    values |= {each.name: getattr(new, each.name) for each in fields(new)}
    row = await LoanProduct.create(
        **{
            **values,
            "principal_min": to_minor(new.principal_min, new.currency),
            "principal_max": to_minor(new.principal_max, new.currency),
            "allocation": stored_allocation_rule(new.allocation),
            "fees": stored_fees(in_minor_units(new)),
        }
    )
    step.changed(
        "LoanProduct",
        row.id,
        after={"code": row.code, "version": row.version, "active": row.active},
        event="product.version_added",
    )
    return {"loan_product": row.id}


async def _of_the_version_before(code: str) -> dict[str, Any]:
    latest = await LoanProduct.filter(code=code).order_by("-version").first()
    if latest is None:
        return {}
    return {
        name: getattr(latest, name)
        for name in LoanProduct._meta.db_fields
        if name not in _OF_THE_ROW
    }


LOAN_PRODUCT = Kind(
    name="LOAN_PRODUCT",
    en="A new loan product, or a new version of one.",
    zh="贷款产品",
    payload=ProductVersion,
    propose=frozenset({Role.RISK_OFFICER}),
    approve=frozenset({Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
