"""The seeded policy rules, with their articles. Law in the CN profile, none in GENERIC."""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.rules.lending.borrower import Profile
from domain.rules.risk.policy import Outcome

_MEASURES = "《流动资金贷款管理办法》（国家金融监督管理总局令2024年第2号）"
_PURPOSE = f"{_MEASURES}第九条 (Measures on Working Capital Loans, 2024, art. 9)"
_TERM = f"{_MEASURES} (Measures on Working Capital Loans, 2024: loan term)"
_NEED = f"{_MEASURES}及2010年测算参考附件 (estimate of the working-capital need, 2010 annex)"
_COST = "Cap on the all-in annual cost, from memory, to be confirmed (综合年化成本上限，待确认)"
_LENDER = "Lender's own policy, a starting value to be reviewed (贷款人自定政策，起始值待复核)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededRule:
    """One policy rule of one profile, as its row has it."""

    profile: Profile
    code: str
    condition: str
    threshold: str
    outcome: Outcome
    citation: str
    confirmed: bool
    text_zh: str
    text_en: str


def _rule(
    code: str,
    condition: str,
    threshold: str,
    outcome: Outcome,
    text_zh: str,
    text_en: str,
    *,
    citation: str = _LENDER,
    confirmed: bool = False,
) -> SeededRule:
    return SeededRule(
        profile=Profile.CN,
        code=code,
        condition=condition,
        threshold=threshold,
        outcome=outcome,
        citation=citation,
        confirmed=confirmed,
        text_zh=text_zh,
        text_en=text_en,
    )


_LAW = (
    _rule(
        "PURPOSE_PROHIBITED",
        "PURPOSE_IN",
        "FIXED_ASSETS,DIVIDENDS,FINANCIAL_ASSETS,EQUITY_INVESTMENT,PROHIBITED_FIELD",
        Outcome.DECLINE,
        "流动资金贷款不得用于该用途。",
        "A working-capital loan may not be used for this purpose.",
        citation=_PURPOSE,
        confirmed=True,
    ),
    _rule(
        "TERM_ABOVE_THREE_YEARS",
        "TERM_MONTHS_ABOVE",
        "36",
        Outcome.REFER,
        "期限超过三年，须说明经营现金流回收周期较长。",
        "The term is above three years, which needs proof that operating cash recovers slowly.",
        citation=_TERM,
        confirmed=True,
    ),
    _rule(
        "TERM_ABOVE_FIVE_YEARS",
        "TERM_MONTHS_ABOVE",
        "60",
        Outcome.DECLINE,
        "期限超过五年上限。",
        "The term is above the limit of five years.",
        citation=_TERM,
        confirmed=True,
    ),
    _rule(
        "ANNUAL_COST_CAP",
        "ANNUAL_RATE_ABOVE",
        "0.24",
        Outcome.DECLINE,
        "年利率超过综合年化成本上限。",
        "The rate is above the cap on the annual cost.",
        citation=_COST,
    ),
)
_NEED_RULES = (
    _rule(
        "NEED_NOT_ESTIMATED",
        "NEED_STATUS_IN",
        "NO_STATEMENT,INPUTS_MISSING",
        Outcome.REFER,
        "缺少测算营运资金量的资料。",
        "What the estimate of the working-capital need takes is missing.",
        citation=_NEED,
        confirmed=True,
    ),
    _rule(
        "NEED_FORMULA_NOT_APPLICABLE",
        "NEED_STATUS_IN",
        "NOT_APPLICABLE,CURRENCY_DIFFERS",
        Outcome.REFER,
        "营运资金量公式不适用，须人工测算。",
        "The formula of the working-capital need does not apply; it must be estimated by hand.",
        citation=_NEED,
        confirmed=True,
    ),
    _rule(
        "AMOUNT_ABOVE_CAPACITY",
        "AMOUNT_ABOVE_CAPACITY",
        "1",
        Outcome.REFER,
        "申请金额超过测算的新增流动资金贷款额度。",
        "The amount is above the new loan that the working-capital need leaves room for.",
        citation=_NEED,
        confirmed=True,
    ),
)
_LENDERS = (
    _rule(
        "PD_DECLINE",
        "PD_AT_LEAST",
        "0.35",
        Outcome.DECLINE,
        "违约概率过高。",
        "The probability of default is too high.",
    ),
    _rule(
        "PD_REFER",
        "PD_AT_LEAST",
        "0.12",
        Outcome.REFER,
        "违约概率偏高，需人工审查。",
        "The probability of default is high enough to need people's judgement.",
    ),
    _rule(
        "DATA_QUALITY_FLOOR",
        "MISSING_SHARE_ABOVE",
        "0.5",
        Outcome.REFER,
        "评分所需资料缺失过多。",
        "Too much of what the model looks at is missing.",
    ),
    _rule(
        "UNKNOWN_CATEGORY",
        "UNKNOWN_CATEGORIES_ABOVE",
        "0",
        Outcome.REFER,
        "存在模型未见过的取值。",
        "A value is one the model has never seen.",
    ),
    _rule(
        "AMOUNT_ABOVE_AVAILABLE_LIMIT",
        "AMOUNT_ABOVE_AVAILABLE_LIMIT",
        "1",
        Outcome.REFER,
        "申请金额超过授信额度的可用余额。",
        "The amount is above what remains of the credit facility.",
    ),
    _rule(
        "STATEMENT_STALE",
        "STATEMENT_AGE_MONTHS_ABOVE",
        "18",
        Outcome.REFER,
        "财务报表已过时。",
        "The financial statement is out of date.",
    ),
    _rule(
        "OVERDUE_HERE",
        "DAYS_PAST_DUE_ABOVE",
        "0",
        Outcome.REFER,
        "在本机构有逾期款项。",
        "The borrower is in arrears at this lender.",
    ),
    _rule(
        "NON_PERFORMING_HERE",
        "DAYS_PAST_DUE_ABOVE",
        "90",
        Outcome.DECLINE,
        "在本机构逾期超过90天。",
        "The borrower is more than 90 days in arrears at this lender.",
    ),
)
_YOUNG = _rule(
    "BORROWER_YOUNG",
    "BORROWER_AGE_MONTHS_BELOW",
    "12",
    Outcome.REFER,
    "企业成立不足一年，或成立日期不详。",
    "The business is less than a year old, or its age is not known.",
)
_NOT_WORKING_CAPITAL = _rule(
    "PURPOSE_NOT_WORKING_CAPITAL",
    "PURPOSE_IN",
    "FIXED_ASSETS,DIVIDENDS,FINANCIAL_ASSETS,EQUITY_INVESTMENT,PROHIBITED_FIELD",
    Outcome.DECLINE,
    "该用途不属于流动资金需求。",
    "This purpose is not one of working capital.",
)


def _generic(rule: SeededRule) -> SeededRule:
    return replace(rule, profile=Profile.GENERIC, citation=_LENDER, confirmed=False)


# GENERIC estimates the need where a statement is at hand, and does without one otherwise.
SEEDED_RULES: tuple[SeededRule, ...] = (
    *_LAW,
    *_NEED_RULES,
    *_LENDERS,
    _YOUNG,
    *(_generic(rule) for rule in (_NOT_WORKING_CAPITAL, *_NEED_RULES[1:], *_LENDERS)),
)
