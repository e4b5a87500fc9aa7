"""A dated policy value: a new row from a later day on; rows that are there never change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from domain.actor import Actor
from domain.models.records import PolicyValue
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.queries.risk.policy_rules import authority_in_force
from domain.rules.form import Form
from domain.rules.lending.borrower import Profile
from domain.rules.reference import SCALES, read_later_day, read_policy_value
from domain.rules.refusal import ErrorCode
from domain.rules.risk.grade import parse_scale
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyValueChange:
    """The row to add."""

    profile: Profile
    name: str
    value: str
    effective_from: dt.date
    citation: str
    confirmed: bool


async def _validate(_: Actor, asked: PolicyValueChange) -> Proposal[PolicyValueChange]:
    form = Form()
    known = await PolicyValue.filter(profile=asked.profile, name=asked.name).order_by(
        "-effective_from"
    )
    citation = form.text("citation", asked.citation, longest=300)
    read_later_day(form, "effectiveFrom", asked.effective_from, today=await business_date())
    value = asked.value
    if not known:
        form.add(
            ErrorCode.NOT_FOUND,
            "name",
            f"There is no policy value {asked.name!r} in the profile {asked.profile}. Check its "
            "name.",
            f"{asked.profile} 体系中没有名为“{asked.name}”的政策参数，请核对名称。",
        )
    else:
        value = read_policy_value(
            form, "value", name=asked.name, value=value, before=known[0].value
        )
        if asked.name in SCALES and not form.problems:
            await _check_matrix(form, asked)
    if any(row.effective_from == asked.effective_from for row in known):
        form.add(
            ErrorCode.DUPLICATE,
            "effectiveFrom",
            f"{asked.name} has a value from {asked.effective_from} on already, which never "
            "changes. Choose another day.",
            f"{asked.name} 已有自 {asked.effective_from} 起生效的值，不得更改，请选择其他日期。",
        )
    form.refuse()
    name, day = f"{asked.profile} {asked.name}", asked.effective_from
    return Proposal(
        payload=replace(asked, value=value, citation=citation),
        en=f"Policy value {name} = {value} from {day} on; the last one on record is "
        f"{known[0].value} from {known[0].effective_from} on.",
        zh=f"政策参数 {name} 自 {day} 起为 {value}；已登记的最近一项为自 "
        f"{known[0].effective_from} 起的 {known[0].value}。",
    )


async def _check_matrix(form: Form, asked: PolicyValueChange) -> None:
    """The approval matrix names grades: a scale without one would leave cases with no approver."""
    bands = await authority_in_force(profile=asked.profile, on=asked.effective_from)
    named = {grade for band in bands for grade in (band.grade_from, band.grade_to)}
    if lost := sorted(named - {*parse_scale(asked.value).grades}):
        grades = ", ".join(lost)
        form.add(
            ErrorCode.INVALID_VALUE,
            "value",
            f"The approval matrix names {grades}, which this scale lacks. Keep these grades.",
            f"审批权限表使用了该主标尺所缺的等级 {grades}，请保留这些等级。",
        )


async def _apply(step: Step, _: Actor, change: PolicyValueChange) -> Result:
    row = await PolicyValue.create(
        profile=change.profile,
        name=change.name,
        value=change.value,
        effective_from=change.effective_from,
        citation=change.citation,
        confirmed=change.confirmed,
    )
    step.changed(
        "PolicyValue",
        row.id,
        after={
            "profile": row.profile,
            "name": row.name,
            "value": row.value,
            "effectiveFrom": row.effective_from,
        },
        event="policy_value.added",
    )
    return {"policy_value": row.id}


POLICY_VALUE = Kind(
    name="POLICY_VALUE",
    en="A dated policy value.",
    zh="政策参数",
    payload=PolicyValueChange,
    propose=frozenset({Role.RISK_OFFICER, Role.ACCOUNTANT}),
    approve=frozenset({Role.RISK_OFFICER, Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
