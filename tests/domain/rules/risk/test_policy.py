"""Every seeded rule: a case it lets pass, one it catches, and both sides of its boundary."""

import dataclasses
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.operations.risk.policy_seed_rules import SEEDED_RULES
from domain.rules.lending.application import Purpose
from domain.rules.lending.borrower import Profile
from domain.rules.risk.decision import decide
from domain.rules.risk.grade import parse_scale
from domain.rules.risk.need import NeedEstimate, NeedStatus
from domain.rules.risk.policy import CONDITIONS, Facts, FiredRule, Outcome, Rule, fire
from tests.risk_cases import estimated, facts, score

SCALE = parse_scale("A:0.12,C:0.35,D:1")
PROHIBITED = {
    Purpose.FIXED_ASSETS,
    Purpose.DIVIDENDS,
    Purpose.FINANCIAL_ASSETS,
    Purpose.EQUITY_INVESTMENT,
    Purpose.PROHIBITED_FIELD,
}


def rules(profile: Profile = Profile.CN) -> list[Rule]:
    return [
        Rule(**{f.name: getattr(row, f.name) for f in dataclasses.fields(Rule)})
        for row in SEEDED_RULES
        if row.profile is profile
    ]


def fired(profile: Profile = Profile.CN, **changes: Any) -> dict[str, FiredRule]:
    case = facts(**changes)
    found = [one for rule in rules(profile) if (one := fire(rule, case))]
    return {rule.code: rule for rule in found}


def need(status: NeedStatus) -> NeedEstimate:
    return NeedEstimate(status=status, en="why not", zh="原因")


# code: (facts that pass at the boundary, facts that just fail, facts that fail clearly, outcome)
BOUNDARIES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], Outcome]] = {
    "PURPOSE_PROHIBITED": (
        {"purpose": Purpose.OTHER_OPERATING},
        {"purpose": Purpose.FIXED_ASSETS},
        {"purpose": Purpose.DIVIDENDS},
        Outcome.DECLINE,
    ),
    "TERM_ABOVE_THREE_YEARS": (
        {"term_months": Fraction(36)},
        {"term_months": Fraction(36) + Fraction(1, 1000)},
        {"term_months": Fraction(48)},
        Outcome.REFER,
    ),
    "TERM_ABOVE_FIVE_YEARS": (
        {"term_months": Fraction(60)},
        {"term_months": Fraction(60) + Fraction(1, 1000)},
        {"term_months": Fraction(120)},
        Outcome.DECLINE,
    ),
    "ANNUAL_COST_CAP": (
        {"annual_rate": Decimal("0.240000000000")},
        {"annual_rate": Decimal("0.240000000001")},
        {"annual_rate": Decimal("0.36")},
        Outcome.DECLINE,
    ),
    "NEED_NOT_ESTIMATED": (
        {"need": estimated(1_000_000_00)},
        {"need": need(NeedStatus.INPUTS_MISSING)},
        {"need": need(NeedStatus.NO_STATEMENT)},
        Outcome.REFER,
    ),
    "NEED_FORMULA_NOT_APPLICABLE": (
        {"need": estimated(1_000_000_00)},
        {"need": need(NeedStatus.CURRENCY_DIFFERS)},
        {"need": need(NeedStatus.NOT_APPLICABLE)},
        Outcome.REFER,
    ),
    "AMOUNT_ABOVE_CAPACITY": (
        {"need": estimated(1_000_000_00)},
        {"need": estimated(999_999_99)},
        {"need": estimated(0)},
        Outcome.REFER,
    ),
    "PD_DECLINE": (
        {"score": score(0.3499999)},
        {"score": score(0.35)},
        {"score": score(1.0)},
        Outcome.DECLINE,
    ),
    "PD_REFER": (
        {"score": score(0.1199999)},
        {"score": score(0.12)},
        {"score": score(0.3)},
        Outcome.REFER,
    ),
    "DATA_QUALITY_FLOOR": (
        {"score": score(missing_share=0.5)},
        {"score": score(missing_share=0.5000001)},
        {"score": score(missing_share=1.0)},
        Outcome.REFER,
    ),
    "UNKNOWN_CATEGORY": (
        {"score": score(unknown_categories=())},
        {"score": score(unknown_categories=("region",))},
        {"score": score(unknown_categories=("region", "industry_code"))},
        Outcome.REFER,
    ),
    "AMOUNT_ABOVE_AVAILABLE_LIMIT": (
        {"available_limit": 1_000_000_00},
        {"available_limit": 999_999_99},
        {"available_limit": 0},
        Outcome.REFER,
    ),
    "STATEMENT_STALE": (
        {"statement_age_months": 18},
        {"statement_age_months": 19},
        {"statement_age_months": 40},
        Outcome.REFER,
    ),
    "OVERDUE_HERE": (
        {"days_past_due": 0},
        {"days_past_due": 1},
        {"days_past_due": 30},
        Outcome.REFER,
    ),
    "NON_PERFORMING_HERE": (
        {"days_past_due": 90},
        {"days_past_due": 91},
        {"days_past_due": 400},
        Outcome.DECLINE,
    ),
    "BORROWER_YOUNG": (
        {"borrower_age_months": 12},
        {"borrower_age_months": 11},
        {"borrower_age_months": 0},
        Outcome.REFER,
    ),
}


def test_every_seeded_cn_rule_has_its_examples() -> None:
    assert {rule.code for rule in rules()} == set(BOUNDARIES)
    assert {rule.condition for rule in rules()} == set(CONDITIONS)


def test_a_sound_case_fires_nothing() -> None:
    assert fired() == {}
    assert fired(Profile.GENERIC) == {}


@pytest.mark.parametrize("code", BOUNDARIES)
def test_rule_passes_at_its_boundary_and_fires_beyond(code: str) -> None:
    passing, failing, worse, outcome = BOUNDARIES[code]
    assert code not in fired(**passing)
    for changes in (failing, worse):
        rule = fired(**changes)[code]
        assert rule.outcome is outcome
        assert rule.seen
        assert rule.threshold
        assert rule.citation
        assert rule.text_zh
        assert rule.text_en
        assert rule.cure_zh
        assert rule.cure_en


@pytest.mark.parametrize("purpose", Purpose)
def test_purposes_that_the_law_forbids_and_no_others(purpose: Purpose) -> None:
    assert ("PURPOSE_PROHIBITED" in fired(purpose=purpose)) == (purpose in PROHIBITED)
    generic = fired(Profile.GENERIC, purpose=purpose)
    assert ("PURPOSE_NOT_WORKING_CAPITAL" in generic) == (purpose in PROHIBITED)


def test_generic_holds_no_chinese_law() -> None:
    assert not [rule for rule in rules(Profile.GENERIC) if "流动资金贷款管理办法" in rule.citation]
    assert not [rule for rule in rules(Profile.GENERIC) if rule.confirmed]


def test_an_unknown_age_refers_and_never_declines() -> None:
    young = fired(borrower_age_months=None)["BORROWER_YOUNG"]
    assert young.outcome is Outcome.REFER
    assert young.seen == ""
    strict = dataclasses.replace(
        next(rule for rule in rules() if rule.code == "BORROWER_YOUNG"), outcome=Outcome.DECLINE
    )
    found = fire(strict, facts(borrower_age_months=None))
    assert found is not None
    assert found.outcome is Outcome.REFER


@pytest.mark.parametrize(
    ("condition", "threshold"),
    [
        ("NO_SUCH_CONDITION", "1"),
        ("PD_AT_LEAST", "a third"),
        ("PD_AT_LEAST", "NaN"),
        ("TERM_MONTHS_ABOVE", "Infinity"),
        ("PURPOSE_IN", "FIXED_ASETS"),
        ("NEED_STATUS_IN", "NO_STATMENT"),
        ("AMOUNT_ABOVE_CAPACITY", ""),
    ],
)
def test_a_rule_that_cannot_be_read_refers(condition: str, threshold: str) -> None:
    rule = dataclasses.replace(rules()[0], condition=condition, threshold=threshold)
    found = fire(rule, facts())
    assert found is not None
    assert found.outcome is Outcome.REFER


def test_without_statement_or_score_their_rules_keep_quiet() -> None:
    codes = set(fired(need=need(NeedStatus.NO_STATEMENT), statement_age_months=None, score=None))
    assert codes == {"NEED_NOT_ESTIMATED"}


def test_a_cure_names_the_amount() -> None:
    rule = fired(available_limit=400_000_00)["AMOUNT_ABOVE_AVAILABLE_LIMIT"]
    assert rule.seen == "1000000.00 > 400000.00"
    assert "400000.00 CNY" in rule.cure_en


# The whole decision.


def decision_of(case: Facts) -> tuple[Outcome, str, list[str], list[str]]:
    found = decide(rules=rules(), facts=case, scale=SCALE)
    return (
        found.recommendation,
        found.grade,
        [rule.code for rule in found.fired],
        [reason.code for reason in found.reasons],
    )


def test_a_sound_case_is_recommended_with_the_models_reasons() -> None:
    outcome, grade, codes, reasons = decision_of(facts())
    assert (outcome, grade, codes) == (Outcome.APPROVE, "A", [])
    assert reasons == ["MODEL_DEBT_RATIO", "MODEL_CURRENT_RATIO", "MODEL_EMPLOYEES", "MODEL_REGION"]


def test_the_worst_outcome_wins_and_leads_the_reasons() -> None:
    case = facts(days_past_due=3, purpose=Purpose.DIVIDENDS, score=score(0.2))
    outcome, grade, codes, reasons = decision_of(case)
    assert (outcome, grade) == (Outcome.DECLINE, "C")
    assert set(codes) == {"PURPOSE_PROHIBITED", "PD_REFER", "OVERDUE_HERE"}
    assert reasons == ["PURPOSE_PROHIBITED", "PD_REFER", "OVERDUE_HERE", "MODEL_DEBT_RATIO"]


@pytest.mark.parametrize(
    ("model", "outcome"), [("", Outcome.APPROVE), ("CNY", Outcome.APPROVE), ("USD", Outcome.REFER)]
)
def test_a_model_of_another_currency_refers_and_keeps_its_grade(
    model: str, outcome: Outcome
) -> None:
    case = facts(score=dataclasses.replace(score(0.001), currency=model))
    assert case.currency == "CNY"
    recommended, grade, codes, _ = decision_of(case)
    assert (recommended, grade) == (outcome, "A")
    assert codes == (["MODEL_CURRENCY_DIFFERS"] if outcome is Outcome.REFER else [])


def test_no_model_refers_and_has_no_grade() -> None:
    outcome, grade, codes, reasons = decision_of(facts(score=None))
    assert (outcome, grade) == (Outcome.REFER, "")
    assert codes == reasons == ["MODEL_UNAVAILABLE"]


def test_no_rules_refer() -> None:
    found = decide(rules=[], facts=facts(), scale=SCALE)
    assert found.recommendation is Outcome.REFER
    assert [rule.code for rule in found.fired] == ["POLICY_MISSING"]


@given(
    probability=st.none() | st.floats(0, 1),
    missing=st.floats(0, 1),
    age=st.none() | st.integers(0, 600),
    months=st.fractions(0, 120),
    late=st.integers(0, 400),
    available=st.integers(0, 10**10),
    purpose=st.sampled_from(Purpose),
    status=st.sampled_from(NeedStatus),
)
def test_approval_takes_every_fact_in_order(
    probability: float | None,
    missing: float,
    age: int | None,
    months: Fraction,
    late: int,
    available: int,
    purpose: Purpose,
    status: NeedStatus,
) -> None:
    scored = None if probability is None else score(probability, missing_share=missing)
    case = facts(
        score=scored,
        borrower_age_months=age,
        term_months=months,
        days_past_due=late,
        available_limit=available,
        purpose=purpose,
        need=estimated(10**9) if status is NeedStatus.ESTIMATED else need(status),
    )
    found = decide(rules=rules(), facts=case, scale=SCALE)
    worst = max((rule.outcome.severity for rule in found.fired), default=0)
    assert found.recommendation.severity == worst
    assert len(found.reasons) <= 4
    if found.recommendation is Outcome.APPROVE:
        assert scored is not None
        assert scored.probability_of_default < 0.12
        assert missing <= 0.5
        assert age is not None
        assert status is NeedStatus.ESTIMATED
        assert purpose not in PROHIBITED
