"""A fixing of a benchmark rate (基准利率), such as the LPR of one tenor. Fixings never change."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.models.reference import BenchmarkRate
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.reference import read_code, read_past_day, read_positive
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role

RATE_MAX = Decimal(1)
TENORS = frozenset(
    f"{n}{unit}" for unit, most in (("M", 12), ("Y", 30)) for n in range(1, most + 1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkFixing:
    """What was published; `rate` is a fraction a year, `tenor` such as 1Y."""

    name: str
    tenor: str
    published_on: dt.date
    rate: Decimal
    citation: str
    confirmed: bool


async def _validate(_: Actor, asked: BenchmarkFixing) -> Proposal[BenchmarkFixing]:
    form = Form()
    name = read_code(form, "name", asked.name, longest=20)
    if asked.tenor not in TENORS:
        form.add(
            ErrorCode.INVALID_VALUE,
            "tenor",
            f"A tenor is months or years, such as 3M, 1Y or 5Y; this is {asked.tenor!r}.",
            f"期限须为月或年，例如 3M、1Y、5Y，当前为“{asked.tenor}”。",
        )
    citation = form.text("citation", asked.citation, longest=300)
    read_positive(form, "rate", asked.rate, most=RATE_MAX)
    last = (
        await BenchmarkRate.filter(name=name, tenor=asked.tenor).order_by("-published_on").first()
    )
    read_past_day(
        form,
        "publishedOn",
        asked.published_on,
        today=await business_date(),
        last=last.published_on if last else None,
    )
    form.refuse()
    what = f"{name} {asked.tenor}"
    return Proposal(
        payload=replace(asked, name=name, citation=citation),
        en=f"Benchmark rate {what}, published {asked.published_on}: {asked.rate} a year.",
        zh=f"基准利率 {what}，{asked.published_on} 公布：年利率 {asked.rate}。",
    )


async def _apply(step: Step, _: Actor, fixing: BenchmarkFixing) -> Result:
    row = await BenchmarkRate.create(**asdict(fixing))
    step.changed(
        "BenchmarkRate",
        row.id,
        after={
            "name": row.name,
            "tenor": row.tenor,
            "publishedOn": row.published_on,
            "rate": fixing.rate,
        },
        event="benchmark_rate.added",
    )
    return {"benchmark_rate": row.id}


BENCHMARK_RATE = Kind(
    name="BENCHMARK_RATE",
    en="A fixing of a benchmark rate, such as LPR 1Y.",
    zh="基准利率",
    payload=BenchmarkFixing,
    propose=frozenset({Role.ACCOUNTANT, Role.OPERATOR, Role.RISK_OFFICER}),
    approve=frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
)
