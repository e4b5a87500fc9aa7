"""What `previewSchedule` takes, and how it becomes terms and fees in minor units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

import strawberry

from api.graphql.lending import enums, schedule_enums  # noqa: F401 - they describe the enums
from api.graphql.scalars import MoneyInput, Rate
from domain.rules.lending.benchmark import (
    BenchmarkTerms,
    Fixing,
    RepricingRule,
    benchmark_rates,
    fixing_problems,
)
from domain.rules.lending.business_days import BusinessCalendar, RollConvention
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.fees import Fee, FeeKind, fee_problems
from domain.rules.lending.periods import LAST_DATE, PeriodUnit
from domain.rules.lending.schedule import RepaymentMethod, ScheduleTerms, validate
from domain.rules.lending.schedule_terms import PlanRow
from domain.rules.money import (
    AmountOutOfRange,
    Rounding,
    UnknownCurrency,
    WrongScale,
    scale,
    to_minor,
)
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if

MAX_REPRICED_ROWS: Final = 1_800
"""Rate changes × instalments: each change works the instalment out anew for the rows to come."""
MAX_CALENDAR_DAYS: Final = 1_000
"""Holidays and working days of one calculation."""
_TENOR: Final = ""
"""The fixings of a calculation are all of one tenor, whichever it is."""


@strawberry.input(description="A new annual rate, from a day on.")
class PreviewRateChangeInput:
    """One of `SchedulePreviewInput.rateChanges`."""

    effective_from: dt.date = strawberry.field(description="First day of the new rate.")
    annual_rate: Rate = strawberry.field(description='A fraction: "0.0360" is 3.60 % a year.')


@strawberry.input(description="A published benchmark rate.")
class PreviewFixingInput:
    """One of `PreviewBenchmarkInput.fixings`."""

    published_on: dt.date = strawberry.field(description="Day of publication.")
    rate: Rate = strawberry.field(description='A fraction: "0.0300" is 3.00 % a year.')


@strawberry.input(description="A rate that follows a benchmark such as the LPR.")
class PreviewBenchmarkInput:
    """`SchedulePreviewInput.benchmark`."""

    spread_basis_points: int = strawberry.field(
        default=0, description="Added to the benchmark (加点); 100 are one percentage point."
    )
    repricing: RepricingRule = strawberry.field(description="When the rate is set anew.")
    fixings: list[PreviewFixingInput] = strawberry.field(
        description="The series of one tenor, in any order, from one on or before the start date. "
        "A reset takes the last one on or before its day; after the last one the rate stays."
    )


@strawberry.input(description="A row of a custom plan.")
class PreviewPlanRowInput:
    """One of `SchedulePreviewInput.plan`; principal or total, the last row may leave both out."""

    due_date: dt.date = strawberry.field(description="Day the row falls due.")
    principal: MoneyInput | None = strawberry.field(
        default=None, description="Principal, paid beside the interest, in `currency`."
    )
    total: MoneyInput | None = strawberry.field(
        default=None, description="Principal and interest together, in `currency`."
    )


@strawberry.input(description="A fee: an amount or a rate of what it is charged on.")
class PreviewFeeInput:
    """One of `SchedulePreviewInput.fees`."""

    kind: FeeKind = strawberry.field(description="When it is charged, and on what.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="A fixed amount each time it is charged, in `currency`."
    )
    rate: Rate | None = strawberry.field(
        default=None,
        description="A fraction of the principal or the balance, each time; a year for COMMITMENT.",
    )
    undrawn: MoneyInput | None = strawberry.field(
        default=None, description="COMMITMENT: the undrawn limit, in `currency`."
    )


@strawberry.input(description="The terms of the loan to calculate.")
class SchedulePreviewInput:
    """Arguments of `previewSchedule`."""

    principal: MoneyInput = strawberry.field(description="Amount lent, in `currency`.")
    currency: str = strawberry.field(default="CNY", description="ISO 4217 code.")
    annual_rate: Rate | None = strawberry.field(
        description='Contract rate a year as a fraction: "0.0360" is 3.60 %. It or `benchmark`.',
    )
    method: RepaymentMethod = strawberry.field(description="How it is repaid.")
    day_count: DayCount = strawberry.field(description="How interest days are counted.")
    start_date: dt.date = strawberry.field(description="Day the money goes out; it earns interest.")
    installments: int = strawberry.field(
        description="Number of periods, 1 to 600, those of `principalGrace` included."
    )
    every: int = strawberry.field(default=1, description="Length of a period, in `unit`s.")
    unit: PeriodUnit = strawberry.field(description="Unit of `every`.")
    principal_grace: int = strawberry.field(
        default=0, description="How many first periods pay interest alone."
    )
    rounding: Rounding = strawberry.field(
        default=Rounding.HALF_UP, description="How half a minor unit is rounded."
    )
    installment_multiple: MoneyInput | None = strawberry.field(
        description="Round the equal instalment to a multiple of this amount, in `currency`.",
    )
    settlement_day: int | None = strawberry.field(
        description="Day of the month, 1 to 31, on which periods end, inclusive; due the day "
        "after. The unit is then MONTH.",
    )
    min_first_period_days: int = strawberry.field(
        default=1,
        description="With `settlementDay`: a first period of fewer calendar days joins the next.",
    )
    first_due_date: dt.date | None = strawberry.field(
        default=None,
        description="Without `settlementDay`: the first due date, from which the others count.",
    )
    rate_changes: list[PreviewRateChangeInput] = strawberry.field(
        default_factory=list,
        description="New rates in the order of their days. The row with a change inside keeps its "
        "equal instalment, the next has a new one.",
    )
    benchmark: PreviewBenchmarkInput | None = strawberry.field(
        default=None, description="A benchmark rate in place of `annualRate` and `rateChanges`."
    )
    roll: RollConvention = strawberry.field(
        default=RollConvention.NONE,
        description="Where due dates go that are no business days. Interest goes on to the rolled "
        "date; rows that would end on one day become one.",
    )
    holidays: list[dt.date] = strawberry.field(
        default_factory=list, description="For `roll`: days off besides Saturdays and Sundays."
    )
    working_days: list[dt.date] = strawberry.field(
        default_factory=list, description="For `roll`: weekend days that are worked (调休)."
    )
    plan: list[PreviewPlanRowInput] = strawberry.field(
        default_factory=list,
        description="The rows of CUSTOM_PLAN, `installments` of them, by due date. `unit` is then "
        "MONTH and `every` means nothing.",
    )
    fees: list[PreviewFeeInput] = strawberry.field(
        default_factory=list, description="At most 5 fees, which `effectiveAnnualRate` includes."
    )


def read(form: SchedulePreviewInput) -> tuple[ScheduleTerms, tuple[Fee, ...]]:
    """Return terms and fees in minor units. Raises Refused with the mistakes of all fields."""
    money = _Money(form.currency)
    terms = _terms(form, money)
    fees = tuple(
        Fee(
            kind=fee.kind,
            amount=money.minor(fee.amount, "fees", str(place), "amount"),
            rate=fee.rate,
            undrawn=money.minor(fee.undrawn, "fees", str(place), "undrawn"),
        )
        for place, fee in enumerate(form.fees)
    )
    problems = [*money.problems, *_rate_source_problems(form)]
    if form.benchmark is not None and not problems:
        try:
            terms = _benchmarked(terms, form.benchmark)
        except Refused as refusal:
            problems += refusal.problems
    problems += _work_problems(form, terms)
    # A list of amounts is not judged while one of them could not be read, nor a plan while the
    # rate is not known.
    unread = {problem.path[0] for problem in problems}
    if unread & {"annualRate", "benchmark"}:
        unread.add("plan")
    found = [*validate(terms), *fee_problems(fees, terms=terms)]
    refuse_if([*problems, *(each for each in found if each.path[0] not in unread)])
    return terms, fees


def _rate_source_problems(form: SchedulePreviewInput) -> Iterator[Problem]:
    benchmark = form.benchmark
    if (form.annual_rate is None) == (benchmark is None):
        yield Problem(
            ErrorCode.REQUIRED if benchmark is None else ErrorCode.INVALID_VALUE,
            ("annualRate",),
            "Give an annual rate or a benchmark, one of them.",
            "须填写年利率或基准利率，二者择一。",
        )
    if benchmark is None:
        return
    if form.rate_changes:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("rateChanges",),
            "The benchmark says when the rate changes: leave the rate changes out.",
            "利率变动由基准利率决定，请勿填写利率变动。",
        )
    yield from fixing_problems(_fixings(benchmark))


def _fixings(benchmark: PreviewBenchmarkInput) -> tuple[Fixing, ...]:
    return tuple(Fixing(_TENOR, fixing.published_on, fixing.rate) for fixing in benchmark.fixings)


def _benchmarked(terms: ScheduleTerms, benchmark: PreviewBenchmarkInput) -> ScheduleTerms:
    """`terms` at the rates of the benchmark, with those resets alone that change the rate."""
    fixings = _fixings(benchmark)
    last = max((fixing.published_on for fixing in fixings), default=terms.start_date)
    first, *resets = benchmark_rates(
        BenchmarkTerms(_TENOR, benchmark.spread_basis_points, benchmark.repricing),
        fixings,
        start=terms.start_date,
        maturity=LAST_DATE,
        # Every rule resets within a year: after that the last fixing is in force for good.
        known_until=last + dt.timedelta(days=366),
    )
    changes = [after for before, after in pairwise([first, *resets]) if after.rate != before.rate]
    return replace(terms, annual_rate=first.rate, rate_changes=tuple(changes))


def _work_problems(form: SchedulePreviewInput, terms: ScheduleTerms) -> Iterator[Problem]:
    """What would keep the process from other requests: it is all worked out at once."""
    if len(terms.rate_changes) * terms.installments > MAX_REPRICED_ROWS:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("installments",),
            f"Rate changes times instalments must be at most {MAX_REPRICED_ROWS} in one "
            "calculation. Choose fewer of either.",
            f"一次试算中利率变动次数与期数之积不得超过 {MAX_REPRICED_ROWS}，请减少其一。",
        )
    if len(form.holidays) + len(form.working_days) > MAX_CALENDAR_DAYS:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("holidays",),
            f"At most {MAX_CALENDAR_DAYS} holidays and working days can be given. "
            "Leave out those beyond the loan.",
            f"节假日与调休工作日合计最多 {MAX_CALENDAR_DAYS} 天，请去掉贷款期外的日期。",
        )


@dataclass(slots=True)
class _Money:
    """Reads amounts into minor units and notes those it cannot."""

    currency: str
    problems: list[Problem] = field(default_factory=list)
    decimals: int | None = None

    def __post_init__(self) -> None:
        try:
            self.decimals = scale(self.currency)
        except UnknownCurrency:
            self._note(
                ErrorCode.INVALID_VALUE,
                ("currency",),
                "The currency must be an active ISO 4217 code in capitals, such as CNY.",
                "币种须为有效的 ISO 4217 大写代码，例如 CNY。",
            )

    def minor(self, amount: Decimal | None, *path: str) -> int | None:
        """`amount` in minor units; 1 for what is noted, which keeps the other checks going."""
        if amount is None:
            return None
        if self.decimals is None:
            return 1
        try:
            return to_minor(amount, self.currency)
        except WrongScale:
            self._note(
                ErrorCode.WRONG_SCALE,
                path,
                f"An amount in {self.currency} has at most {self.decimals} decimals.",
                f"{self.currency} 金额最多 {self.decimals} 位小数。",
            )
        except AmountOutOfRange:
            self._note(ErrorCode.OUT_OF_RANGE, path, "The amount is too large.", "金额过大。")
        return 1

    def _note(self, code: ErrorCode, path: tuple[str, ...], en: str, zh: str) -> None:
        self.problems.append(Problem(code, path, en, zh))


def _terms(form: SchedulePreviewInput, money: _Money) -> ScheduleTerms:
    return ScheduleTerms(
        principal=money.minor(form.principal, "principal") or 0,
        annual_rate=form.annual_rate or Decimal(0),
        method=form.method,
        day_count=form.day_count,
        start_date=form.start_date,
        installments=form.installments,
        every=form.every,
        unit=form.unit,
        principal_grace=form.principal_grace,
        rounding=form.rounding,
        installment_multiple=money.minor(form.installment_multiple, "installmentMultiple"),
        settlement_day=form.settlement_day,
        min_first_period_days=form.min_first_period_days,
        rate_changes=tuple(
            DatedRate(change.effective_from, change.annual_rate) for change in form.rate_changes
        ),
        first_due_date=form.first_due_date,
        roll=form.roll,
        calendar=BusinessCalendar(
            holidays=frozenset(form.holidays), working_days=frozenset(form.working_days)
        ),
        plan=tuple(
            PlanRow(
                due_date=row.due_date,
                principal=money.minor(row.principal, "plan", str(place), "principal"),
                total=money.minor(row.total, "plan", str(place), "total"),
            )
            for place, row in enumerate(form.plan)
        ),
    )
