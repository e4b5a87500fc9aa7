"""A dated policy rule (准入规则): a new row from a later day on; rows there are never change."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace

from domain.actor import Actor
from domain.models.risk.decision import PolicyRule
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.lending.borrower import Profile
from domain.rules.reference import read_code, read_later_day
from domain.rules.refusal import ErrorCode
from domain.rules.risk.policy import CONDITIONS, Outcome
from domain.rules.risk.policy_check import is_readable
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRuleChange:
    """The row to add. One whose last day is its first day ends the rule of its code."""

    profile: Profile
    code: str
    condition: str
    threshold: str
    outcome: Outcome
    effective_from: dt.date
    effective_to: dt.date | None
    citation: str
    confirmed: bool
    text_zh: str
    text_en: str


async def _validate(_: Actor, asked: PolicyRuleChange) -> Proposal[PolicyRuleChange]:
    form = Form()
    checked = replace(
        asked,
        code=read_code(form, "code", asked.code, longest=40),
        threshold=form.text("threshold", asked.threshold, longest=200),
        citation=form.text("citation", asked.citation, longest=300),
        text_zh=form.text("textZh", asked.text_zh, longest=300),
        text_en=form.text("textEn", asked.text_en, longest=300),
    )
    _check_condition(form, checked)
    read_later_day(form, "effectiveFrom", asked.effective_from, today=await business_date())
    if asked.effective_to is not None:
        form.date("effectiveTo", asked.effective_to, earliest=asked.effective_from)
    if await PolicyRule.exists(
        profile=asked.profile, code=checked.code, effective_from=asked.effective_from
    ):
        form.add(
            ErrorCode.DUPLICATE,
            "effectiveFrom",
            f"The rule {checked.code} has a row from {asked.effective_from} on already, which "
            "never changes. Choose another day.",
            f"规则 {checked.code} 已有自 {asked.effective_from} 起生效的内容，不得更改，"
            "请选择其他日期。",
        )
    form.refuse()
    what = f"{checked.profile} {checked.code}: {checked.condition} {checked.threshold}"
    until = f" to {checked.effective_to}" if checked.effective_to else " on"
    until_zh = f"至 {checked.effective_to}" if checked.effective_to else "起"
    return Proposal(
        payload=checked,
        en=f"Policy rule {what} → {checked.outcome} from {checked.effective_from}{until}. "
        f"{checked.text_en}",
        zh=f"准入规则 {what} → {checked.outcome}，自 {checked.effective_from} {until_zh}。"
        f"{checked.text_zh}",
    )


def _check_condition(form: Form, rule: PolicyRuleChange) -> None:
    if rule.condition not in CONDITIONS:
        known = ", ".join(CONDITIONS)
        form.add(
            ErrorCode.INVALID_VALUE,
            "condition",
            f"There is no condition {rule.condition!r}. Choose one of {known}.",
            f"没有名为“{rule.condition}”的条件，请选择：{known}。",
        )
    elif rule.threshold and not is_readable(rule.condition, rule.threshold):
        form.add(
            ErrorCode.INVALID_VALUE,
            "threshold",
            f"The condition {rule.condition} cannot read {rule.threshold!r}. Give a number, or "
            "the names it lists with commas between them.",
            f"条件 {rule.condition} 无法读取“{rule.threshold}”，请填写数字，或以逗号分隔的名称。",
        )


async def _apply(step: Step, _: Actor, change: PolicyRuleChange) -> Result:
    row = await PolicyRule.create(**asdict(change))
    step.changed(
        "PolicyRule",
        row.id,
        after={
            "profile": row.profile,
            "code": row.code,
            "condition": row.condition,
            "threshold": row.threshold,
            "outcome": row.outcome,
            "effectiveFrom": row.effective_from,
            "effectiveTo": row.effective_to,
        },
        event="policy_rule.added",
    )
    return {"policy_rule": row.id}


POLICY_RULE = Kind(
    name="POLICY_RULE",
    en="A dated policy rule (准入规则) of the risk decision.",
    zh="准入规则",
    payload=PolicyRuleChange,
    propose=frozenset({Role.RISK_OFFICER}),
    approve=frozenset({Role.RISK_OFFICER, Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
