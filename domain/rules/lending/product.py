"""What a version of a loan product (贷款产品) may say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.rules.form import Form
from domain.rules.lending.allocation import AllocationRule, validate_rule
from domain.rules.lending.application import read_fraction
from domain.rules.lending.benchmark import RepricingRule
from domain.rules.lending.borrower import Profile
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.fees import Fee, FeeKind, loan_fee_problems
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule_checks import validate
from domain.rules.lending.schedule_terms import RepaymentMethod, ScheduleTerms
from domain.rules.money import Rounding, to_minor
from domain.rules.reference import read_code
from domain.rules.refusal import ErrorCode

RATE_MAX = Decimal(10)
MARKUP_MAX = Decimal(1)
GRACE_DAYS_MAX = 90

# A schedule's fields, and the product's that set them.
_PATHS = {
    "principal": "principalMax",
    "annualRate": "rateMax",
    "installments": "installmentsMax",
    "unit": "periodUnit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFee:
    """A fee of each loan of the product: `amount` in major units, or `rate`, a fraction of what it
    is charged on."""

    kind: FeeKind
    amount: Decimal | None = None
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A version as proposed; amounts in major units of `currency`, rates as fractions a year.

    `principal_min` and the like are inclusive bounds of what may be applied for.
    """

    code: str
    profile: Profile
    name_zh: str
    name_en: str
    currency: str
    method: RepaymentMethod
    day_count: DayCount
    rounding: Rounding
    period_unit: PeriodUnit
    every: int
    settlement_day: int | None
    principal_min: Decimal
    principal_max: Decimal
    installments_max: int
    rate_min: Decimal
    rate_max: Decimal
    penalty_markup: Decimal
    penalty_grace_days: int
    compound_basis: CompoundBasis
    allocation: AllocationRule
    active: bool
    benchmark: str = ""
    benchmark_tenor: str = ""
    repricing: RepricingRule = RepricingRule.FIXED
    calendar: str = ""
    roll: RollConvention = RollConvention.NONE
    fees: tuple[ProductFee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProduct:
    """What of a draft is stored otherwise than it was written: trimmed texts, minor units."""

    code: str
    name_zh: str
    name_en: str
    principal_min: int
    principal_max: int


def read_product(form: Form, draft: ProductDraft, *, today: date) -> ReadProduct:
    """Note every mistake of the draft; `today` is the day a loan would start."""
    found = ReadProduct(
        code=read_code(form, "code", draft.code, longest=30),
        name_zh=form.text("nameZh", draft.name_zh, longest=100),
        name_en=form.text("nameEn", draft.name_en, longest=100),
        principal_min=form.money("principalMin", draft.principal_min, draft.currency),
        principal_max=form.money("principalMax", draft.principal_max, draft.currency),
    )
    _check_fees(form, draft, most=found.principal_max)
    form.currency("currency", draft.currency)
    for path, value, most, decimals in (
        ("rateMin", draft.rate_min, RATE_MAX, 12),
        ("rateMax", draft.rate_max, RATE_MAX, 12),
        ("penaltyMarkup", draft.penalty_markup, MARKUP_MAX, 4),
    ):
        read_fraction(form, path, value, least=Decimal(0), most=most, decimals=decimals)
    form.whole("penaltyGraceDays", draft.penalty_grace_days, least=0, most=GRACE_DAYS_MAX)
    _check_order(form, draft)
    for problem in validate_rule(draft.allocation):
        form.add(problem.code, ".".join(("allocation", *problem.path)), problem.en, problem.zh)
    _check_benchmark(form, draft)
    if not form.problems:
        _check_schedule(form, draft, principal=found.principal_max, today=today)
    return found


def in_minor_units(draft: ProductDraft) -> tuple[Fee, ...]:
    """The fees of a draft that was found valid, as the rules take them."""
    return tuple(
        Fee(
            fee.kind,
            amount=None if fee.amount is None else to_minor(fee.amount, draft.currency),
            rate=fee.rate,
        )
        for fee in draft.fees
    )


def _check_fees(form: Form, draft: ProductDraft, *, most: int) -> None:
    def minor(place: int, amount: Decimal | None) -> int | None:
        if amount is None:
            return None
        return form.money(f"fees.{place}.amount", amount, draft.currency, zero=True)

    fees = [
        Fee(fee.kind, amount=minor(place, fee.amount), rate=fee.rate)
        for place, fee in enumerate(draft.fees)
    ]
    form.extend(loan_fee_problems(fees, most=most))


def _check_benchmark(form: Form, draft: ProductDraft) -> None:
    """A rate that is set anew follows a benchmark, which has a name and a tenor."""
    if bool(draft.benchmark) != bool(draft.benchmark_tenor):
        form.add(
            ErrorCode.REQUIRED,
            "benchmarkTenor" if draft.benchmark else "benchmark",
            "A benchmark is named with its tenor, such as LPR and 1Y: give both or neither.",
            "基准利率须同时填写名称与期限（如 LPR 与 1Y），或都不填。",
        )
    elif draft.repricing is not RepricingRule.FIXED and not draft.benchmark:
        form.add(
            ErrorCode.REQUIRED,
            "benchmark",
            f"A rate that is set anew ({draft.repricing}) follows a benchmark: name one.",
            f"重定价方式为 {draft.repricing} 的利率须挂钩基准利率，请填写。",
        )


def _check_order(form: Form, draft: ProductDraft) -> None:
    for low, high, path in (
        (draft.principal_min, draft.principal_max, "principalMax"),
        (draft.rate_min, draft.rate_max, "rateMax"),
    ):
        if low.is_finite() and high.is_finite() and low > high:
            form.add(
                ErrorCode.OUT_OF_RANGE,
                path,
                f"{path} must not be below {low}, the least; this is {high}.",
                f"{path} 不得低于下限 {low}，当前为 {high}。",
            )


def _check_schedule(form: Form, draft: ProductDraft, *, principal: int, today: date) -> None:
    """The widest loan of the product must have a schedule; of those repaid by a custom plan, whose
    plan comes with the drawdown, one that repays everything at the end."""
    method = draft.method
    if method is RepaymentMethod.CUSTOM_PLAN:
        _check_plan_terms(form, draft)
        method = RepaymentMethod.INTEREST_ONLY
    terms = ScheduleTerms(
        principal=principal,
        annual_rate=draft.rate_max,
        method=method,
        day_count=draft.day_count,
        start_date=today,
        installments=draft.installments_max,
        every=draft.every,
        unit=draft.period_unit,
        rounding=draft.rounding,
        settlement_day=draft.settlement_day,
    )
    for problem in validate(terms):
        path = [_PATHS.get(name, name) for name in problem.path]
        form.add(problem.code, ".".join(path), problem.en, problem.zh)


def _check_plan_terms(form: Form, draft: ProductDraft) -> None:
    """A custom plan counts its days as months do, and has its own due dates."""
    if draft.period_unit is not PeriodUnit.MONTH:
        form.add(
            ErrorCode.INVALID_VALUE,
            "periodUnit",
            "With CUSTOM_PLAN the unit must be MONTH: the days of a plan count as those of months.",
            "CUSTOM_PLAN 的期间单位须为 MONTH，按月计算天数。",
        )
    if draft.settlement_day is not None:
        form.add(
            ErrorCode.INVALID_VALUE,
            "settlementDay",
            "A custom plan has its own due dates: leave the settlement day out.",
            "自定义计划自带到期日，请勿填写结息日。",
        )
