"""Reason codes (原因码): up to four specific reasons in Chinese and English (docs/domain.md §8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.rules.risk.policy import FiredRule
from domain.rules.risk.score import Score

REASONS_MAX = 4


class ReasonSource(StrEnum):
    """Who gives the reason: the lender's policy or the model."""

    RULE = "RULE"
    MODEL = "MODEL"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `code` is the rule's code, or MODEL_ and the feature's name."""

    code: str
    source: ReasonSource
    zh: str
    en: str


def reason_codes(fired: Iterable[FiredRule], score: Score | None) -> tuple[Reason, ...]:
    """Return the reasons, the worst rules first, then what weighed most in the score."""
    worst_first = sorted(fired, key=lambda rule: -rule.outcome.severity)
    rules = [
        Reason(rule.code, ReasonSource.RULE, rule.text_zh, rule.text_en) for rule in worst_first
    ]
    model = [
        Reason(f"MODEL_{reason.feature.upper()}", ReasonSource.MODEL, reason.zh, reason.en)
        for reason in (score.reasons if score else ())
    ]
    return tuple([*rules, *model][:REASONS_MAX])
