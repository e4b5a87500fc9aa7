"""An exchange rate of a day; limits convert by it. Rates never change."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.models.reference import ExchangeRate
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.reference import read_past_day, read_positive
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role

RATE_MAX = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRate:
    """One unit of `base` is worth `rate` units of `quote` (ISO 4217 codes)."""

    base: str
    quote: str
    quoted_on: dt.date
    rate: Decimal
    citation: str


async def _validate(_: Actor, asked: DayRate) -> Proposal[DayRate]:
    form = Form()
    form.currency("base", asked.base)
    form.currency("quote", asked.quote)
    if asked.base == asked.quote:
        form.add(
            ErrorCode.INVALID_VALUE,
            "quote",
            "A currency has no exchange rate with itself. Choose another one.",
            "同一货币之间没有汇率，请选择另一种货币。",
        )
    citation = form.text("citation", asked.citation, longest=300)
    read_positive(form, "rate", asked.rate, most=RATE_MAX)
    last = (
        await ExchangeRate.filter(base=asked.base, quote=asked.quote).order_by("-quoted_on").first()
    )
    read_past_day(
        form,
        "quotedOn",
        asked.quoted_on,
        today=await business_date(),
        last=last.quoted_on if last else None,
    )
    form.refuse()
    return Proposal(
        payload=replace(asked, citation=citation),
        en=f"Exchange rate of {asked.quoted_on}: 1 {asked.base} = {asked.rate} {asked.quote}.",
        zh=f"{asked.quoted_on} 汇率：1 {asked.base} = {asked.rate} {asked.quote}。",
    )


async def _apply(step: Step, _: Actor, day: DayRate) -> Result:
    row = await ExchangeRate.create(**asdict(day))
    step.changed(
        "ExchangeRate",
        row.id,
        after={
            "base": row.base,
            "quote": row.quote,
            "quotedOn": row.quoted_on,
            "rate": day.rate,
        },
        event="exchange_rate.added",
    )
    return {"exchange_rate": row.id}


EXCHANGE_RATE = Kind(
    name="EXCHANGE_RATE",
    en="An exchange rate of a day.",
    zh="汇率",
    payload=DayRate,
    propose=frozenset({Role.ACCOUNTANT, Role.OPERATOR}),
    approve=frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
)
