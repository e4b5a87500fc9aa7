"""The automatic decision: a PD, a grade, the rules that fired, and the worst of their outcomes.

It is a recommendation (docs/domain.md §4): DECLINE rejects, the others wait for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.rules.risk.grade import MasterScale
from domain.rules.risk.policy import Facts, FiredRule, Outcome, Rule, fire
from domain.rules.risk.reasons import Reason, reason_codes


@dataclass(frozen=True, slots=True)
class Decision:
    """What the machine says; `grade` is "" when there is no PD."""

    recommendation: Outcome
    grade: str
    fired: tuple[FiredRule, ...]
    reasons: tuple[Reason, ...]


def decide(*, rules: Sequence[Rule], facts: Facts, scale: MasterScale) -> Decision:
    """Apply every rule to the case. Without a PD, or without any rule, the case is REFERred."""
    fired = [found for rule in rules if (found := fire(rule, facts)) is not None]
    if facts.score is None:
        fired.append(_MODEL_UNAVAILABLE)
    elif facts.score.currency not in ("", facts.currency):
        fired.append(_other_currency(facts.score.currency, facts.currency))
    if not rules:
        fired.append(_POLICY_MISSING)
    worst = max((rule.outcome for rule in fired), key=_severity, default=Outcome.APPROVE)
    grade = scale.grade(facts.score.probability_of_default) if facts.score else ""
    return Decision(worst, grade, tuple(fired), reason_codes(fired, facts.score))


def _severity(outcome: Outcome) -> int:
    return outcome.severity


def _other_currency(model: str, case: str) -> FiredRule:
    return FiredRule(
        code="MODEL_CURRENCY_DIFFERS",
        condition="MODEL_CURRENCY_DIFFERS",
        outcome=Outcome.REFER,
        seen=case,
        threshold=model,
        citation="",
        confirmed=True,
        text_zh=f"评分模型以 {model} 金额训练，本申请为 {case}，违约概率仅供参考，需人工评估。",
        text_en=f"The model learned from amounts in {model} and this application is in {case}: "
        "its probability of default is only a hint; people must judge it.",
        cure_zh=f"请人工评估，或启用以 {case} 训练的模型后重新提交。",
        cure_en=f"Judge it by hand, or submit again once a model trained in {case} is in service.",
    )


# These, and the one above, are the system's own: policy data cannot switch them off.
_MODEL_UNAVAILABLE = FiredRule(
    code="MODEL_UNAVAILABLE",
    condition="MODEL_UNAVAILABLE",
    outcome=Outcome.REFER,
    seen="",
    threshold="",
    citation="",
    confirmed=True,
    text_zh="评分模型不可用，未得出违约概率，需人工评估。",
    text_en="No model could score this application, so it has no probability of default; "
    "people must judge it.",
    cure_zh="请人工评估，或在模型恢复后重新提交。",
    cure_en="Judge it by hand, or submit again once a model is in service.",
)
_POLICY_MISSING = FiredRule(
    code="POLICY_MISSING",
    condition="POLICY_MISSING",
    outcome=Outcome.REFER,
    seen="",
    threshold="",
    citation="",
    confirmed=True,
    text_zh="该日无生效的准入规则，需人工评估。",
    text_en="No policy rule is in force on this date; people must judge the application.",
    cure_zh="请联系风险部门设置准入规则。",
    cure_en="Ask the risk department to put policy rules in force.",
)
