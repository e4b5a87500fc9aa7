"""Policy rules (准入规则): the named conditions that dated rule rows refer to.

A row says which condition, with which threshold, leads to which outcome, and by which article. A
condition looks at the case and answers with what it saw when it fires, and with what would cure
it. What cannot be looked at because it is not known refers the case to people: missing data never
approves, and never declines either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

from domain.rules.lending.application import Purpose
from domain.rules.money import format_minor
from domain.rules.risk.grade import exact_decimal
from domain.rules.risk.need import NeedEstimate, NeedStatus
from domain.rules.risk.score import Score


class Outcome(StrEnum):
    """What the machine recommends. The worst of all fired rules is the recommendation."""

    APPROVE = "APPROVE"
    REFER = "REFER"
    DECLINE = "DECLINE"

    @property
    def severity(self) -> int:
        """0 for APPROVE, 1 for REFER, 2 for DECLINE."""
        return list(Outcome).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule row in force."""

    code: str
    condition: str
    threshold: str
    outcome: Outcome
    citation: str
    confirmed: bool
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The case as the rules see it; amounts in minor units of `currency`, None is not known."""

    today: dt.date
    currency: str
    amount: int
    annual_rate: Decimal
    term_months: Fraction
    purpose: Purpose
    borrower_age_months: int | None
    statement_age_months: int | None
    days_past_due: int
    available_limit: int
    need: NeedEstimate
    score: Score | None


@dataclass(frozen=True, slots=True)
class Seen:
    """Why a condition fires: the input it saw ("" when `unknown`), and what would cure it."""

    value: str
    cure_en: str
    cure_zh: str
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredRule:
    """A rule that fired, with all that explains it."""

    code: str
    condition: str
    outcome: Outcome
    seen: str
    threshold: str
    citation: str
    confirmed: bool
    text_zh: str
    text_en: str
    cure_zh: str
    cure_en: str


Condition: TypeAlias = Callable[[Facts, str], Seen | None]


def fire(rule: Rule, facts: Facts) -> FiredRule | None:
    """Return how `rule` fires on the case, or None.

    A row that names no known condition, or whose threshold cannot be read, refers the case: a
    mistake in policy data must not approve.
    """
    try:
        seen = CONDITIONS[rule.condition](facts, rule.threshold)
    except (KeyError, ArithmeticError, ValueError):
        seen = Seen(
            "",
            "This policy rule cannot be read. Ask the risk department to mend its condition "
            "or threshold.",
            "该准入规则无法读取，请联系风险部门修正其条件或阈值。",
            unknown=True,
        )
    if seen is None:
        return None
    return FiredRule(
        code=rule.code,
        condition=rule.condition,
        outcome=Outcome.REFER if seen.unknown else rule.outcome,
        seen=seen.value,
        threshold=rule.threshold,
        citation=rule.citation,
        confirmed=rule.confirmed,
        text_zh=rule.text_zh,
        text_en=rule.text_en,
        cure_zh=seen.cure_zh,
        cure_en=seen.cure_en,
    )


def _pd_at_least(facts: Facts, threshold: str) -> Seen | None:
    least = Decimal(threshold)
    if facts.score is None:
        return None  # the decision says so itself: MODEL_UNAVAILABLE
    seen = exact_decimal(facts.score.probability_of_default)
    if seen < least:
        return None
    return Seen(
        str(seen),
        f"A probability of default below {least}; the reasons that come with the score say what "
        "raised it.",
        f"违约概率须低于 {least}，评分原因列示了主要影响因素。",
    )


def _missing_share_above(facts: Facts, threshold: str) -> Seen | None:
    most = Decimal(threshold)
    if facts.score is None or exact_decimal(facts.score.missing_share) <= most:
        return None
    return Seen(
        str(exact_decimal(facts.score.missing_share)),
        "Supply more of the model's features and submit again.",
        "请补充评分所需资料后重新提交。",
    )


def _unknown_categories_above(facts: Facts, threshold: str) -> Seen | None:
    most = Decimal(threshold)
    if facts.score is None or len(facts.score.unknown_categories) <= most:
        return None
    names = ", ".join(facts.score.unknown_categories)
    return Seen(
        names,
        f"Check the spelling of {names}; if it is right, the model has never seen the value.",
        f"请核对 {names} 的取值；如无误，则模型未见过该取值。",
    )


def _purpose_in(facts: Facts, threshold: str) -> Seen | None:
    listed = {Purpose(name.strip()) for name in threshold.split(",")}
    if facts.purpose not in listed:
        return None
    return Seen(
        facts.purpose,
        "Apply for a purpose of daily operation; for this one ask for another kind of loan.",
        "请将用途限于日常生产经营周转；该用途请申请其他类型贷款。",
    )


def _term_months_above(facts: Facts, threshold: str) -> Seen | None:
    most = Decimal(threshold)
    if facts.term_months <= Fraction(most):
        return None
    return Seen(
        _short(facts.term_months),
        f"Ask for a term of at most {most} months.",
        f"请将期限缩短至 {most} 个月以内。",
    )


def _annual_rate_above(facts: Facts, threshold: str) -> Seen | None:
    most = Decimal(threshold)
    if facts.annual_rate <= most:
        return None
    return Seen(
        format(facts.annual_rate.normalize(), "f"),
        f"Agree on a rate of at most {most} a year, as a fraction.",
        f"请将年利率降至 {most}（小数）以内。",
    )


def _borrower_age_months_below(facts: Facts, threshold: str) -> Seen | None:
    least = Decimal(threshold)
    if facts.borrower_age_months is None:
        return Seen(
            "",
            "Record the borrower's registration date and submit again.",
            "请补录借款人成立日期后重新提交。",
            unknown=True,
        )
    if facts.borrower_age_months >= least:
        return None
    return Seen(
        str(facts.borrower_age_months),
        f"Apply again once the business is {least} months old, or show why it may borrow now.",
        f"请在企业成立满 {least} 个月后再申请，或说明可提前授信的依据。",
    )


def _statement_age_months_above(facts: Facts, threshold: str) -> Seen | None:
    most = Decimal(threshold)
    if facts.statement_age_months is None or facts.statement_age_months <= most:
        return None  # whether a statement is needed at all is another rule's question
    return Seen(
        str(facts.statement_age_months),
        "Record a later financial statement and submit again.",
        "请录入最近一期财务报表后重新提交。",
    )


def _days_past_due_above(facts: Facts, threshold: str) -> Seen | None:
    most = Decimal(threshold)
    if facts.days_past_due <= most:
        return None
    return Seen(
        str(facts.days_past_due),
        "Repay what is overdue at this lender first.",
        "请先结清在本机构的逾期款项。",
    )


def _need_status_in(facts: Facts, threshold: str) -> Seen | None:
    if facts.need.status not in {NeedStatus(name.strip()) for name in threshold.split(",")}:
        return None
    return Seen(facts.need.status, facts.need.en, facts.need.zh)


def _amount_above_capacity(facts: Facts, threshold: str) -> Seen | None:
    return _amount_above(facts, threshold, facts.need.capacity)


def _amount_above_available_limit(facts: Facts, threshold: str) -> Seen | None:
    return _amount_above(facts, threshold, facts.available_limit)


def _amount_above(facts: Facts, threshold: str, base: int | None) -> Seen | None:
    """Compare with `threshold` times `base`; nothing to compare with says nothing."""
    times = Fraction(Decimal(threshold))
    if base is None or facts.amount <= times * base:
        return None
    asked = format_minor(facts.amount, facts.currency)
    most = format_minor(int(times * base), facts.currency)  # down to a whole minor unit
    return Seen(
        f"{asked} > {most}",
        f"Ask for at most {most} {facts.currency}, or show why more is needed.",
        f"请将金额降至 {most} {facts.currency} 以内，或说明超出的依据。",
    )


def _short(months: Fraction) -> str:
    if months.denominator == 1:
        return str(months.numerator)
    return str((Decimal(months.numerator) / months.denominator).quantize(Decimal("0.01")))


CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "PD_AT_LEAST": _pd_at_least,
        "MISSING_SHARE_ABOVE": _missing_share_above,
        "UNKNOWN_CATEGORIES_ABOVE": _unknown_categories_above,
        "PURPOSE_IN": _purpose_in,
        "TERM_MONTHS_ABOVE": _term_months_above,
        "ANNUAL_RATE_ABOVE": _annual_rate_above,
        "BORROWER_AGE_MONTHS_BELOW": _borrower_age_months_below,
        "STATEMENT_AGE_MONTHS_ABOVE": _statement_age_months_above,
        "DAYS_PAST_DUE_ABOVE": _days_past_due_above,
        "NEED_STATUS_IN": _need_status_in,
        "AMOUNT_ABOVE_CAPACITY": _amount_above_capacity,
        "AMOUNT_ABOVE_AVAILABLE_LIMIT": _amount_above_available_limit,
    }
)
