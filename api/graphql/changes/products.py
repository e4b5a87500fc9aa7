"""A version of a loan product, as it is proposed."""

from __future__ import annotations

import strawberry

from api.graphql.changes import enums  # noqa: F401 - describes the enums used here
from api.graphql.lending import enums as lending_enums  # noqa: F401 - likewise
from api.graphql.lending import schedule_enums  # noqa: F401 - likewise
from api.graphql.scalars import MoneyInput, Rate
from domain.operations.changes.kinds.loan_product import ProductVersion
from domain.rules.lending.allocation import DEFAULT_RULE, AllocationAxis, AllocationRule, Bucket
from domain.rules.lending.benchmark import RepricingRule
from domain.rules.lending.borrower import Profile
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.fees import FeeKind
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.product import ProductFee
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.money import Rounding


@strawberry.input(description="In which order a payment settles what is owed (冲账顺序).")
class AllocationInput:
    """A product's allocation rule."""

    order: list[Bucket] = strawberry.field(description="Each bucket once, COSTS first.")
    axis: AllocationAxis = strawberry.field(
        default=AllocationAxis.HORIZONTAL, description="Instalment or bucket first."
    )
    principal_first_beyond_days: int | None = strawberry.field(
        default=None,
        description="Beyond so many days past due principal comes right after costs.",
    )

    def rule(self) -> AllocationRule:
        """The rule."""
        return AllocationRule(tuple(self.order), self.axis, self.principal_first_beyond_days)


@strawberry.input(description="A fee of each loan of a product: an amount, or a rate.")
class LoanProductFeeInput:
    """One of `LoanProductInput.fees`."""

    kind: FeeKind = strawberry.field(description="UPFRONT_DUE or PERIODIC.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="A fixed amount each time it is charged, in `currency`."
    )
    rate: Rate | None = strawberry.field(
        default=None,
        description='A fraction of the principal, or of the balance a row opens with: "0.005".',
    )

    def fee(self) -> ProductFee:
        """The fee."""
        return ProductFee(kind=self.kind, amount=self.amount, rate=self.rate)


@strawberry.input(
    description="A loan product (贷款产品), whole. One whose code is known becomes its next "
    "version; earlier versions never change."
)
class LoanProductInput:
    """Payload of LOAN_PRODUCT."""

    code: str = strawberry.field(description="Its code, such as CN-EQUAL.")
    profile: Profile = strawberry.field(description="For borrowers of this profile.")
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    method: RepaymentMethod = strawberry.field(description="How it is repaid.")
    day_count: DayCount = strawberry.field(description="How days become interest.")
    rounding: Rounding = strawberry.field(
        default=Rounding.HALF_UP, description="What half a minor unit becomes."
    )
    period_unit: PeriodUnit = strawberry.field(
        default=PeriodUnit.MONTH, description="What `every` counts."
    )
    every: int = strawberry.field(default=1, description="Units in a period.")
    settlement_day: int | None = strawberry.field(
        default=None, description="Settlement day (结息日) of the month; none: from the first date."
    )
    principal_min: MoneyInput = strawberry.field(description="Least that may be applied for.")
    principal_max: MoneyInput = strawberry.field(description="Most that may be applied for.")
    installments_max: int = strawberry.field(description="Most periods.")
    rate_min: Rate = strawberry.field(description="Lowest rate a year.")
    rate_max: Rate = strawberry.field(description="Highest rate a year.")
    penalty_markup: Rate = strawberry.field(description="Markup on the rate for overdue principal.")
    penalty_grace_days: int = strawberry.field(
        default=0, description="Days after the due date before a penalty runs."
    )
    compound_basis: CompoundBasis = strawberry.field(
        default=CompoundBasis.PENALTY, description="At which rate compound interest runs."
    )
    allocation: AllocationInput | None = strawberry.field(
        default=None,
        description="Order of payments; none: costs, penalty, compound, interest, principal, the "
        "whole oldest instalment first.",
    )
    benchmark: str = strawberry.field(
        default="", description="The benchmark its rate follows, such as LPR; none: fixed."
    )
    benchmark_tenor: str = strawberry.field(
        default="", description="The benchmark's tenor, such as 1Y."
    )
    repricing: RepricingRule = strawberry.field(
        default=RepricingRule.FIXED, description="When the rate is set anew."
    )
    calendar: str = strawberry.field(
        default="", description="Code of the calendar whose holidays count; none: weekends alone."
    )
    roll: RollConvention = strawberry.field(
        default=RollConvention.NONE, description="Where a due date goes that is no business day."
    )
    fees: list[LoanProductFeeInput] = strawberry.field(
        default_factory=list,
        description="At most 5 fees, which fall due on a loan's start date (UPFRONT_DUE) or with "
        "each instalment that opens with a balance (PERIODIC). Left out: none, also where the "
        "version before has some.",
    )
    active: bool = strawberry.field(
        default=True, description="Whether it is on offer; false takes the product off."
    )

    def payload(self) -> ProductVersion:
        """The version to add."""
        return ProductVersion(
            code=self.code,
            profile=self.profile,
            name_zh=self.name_zh,
            name_en=self.name_en,
            currency=self.currency,
            method=self.method,
            day_count=self.day_count,
            rounding=self.rounding,
            period_unit=self.period_unit,
            every=self.every,
            settlement_day=self.settlement_day,
            principal_min=self.principal_min,
            principal_max=self.principal_max,
            installments_max=self.installments_max,
            rate_min=self.rate_min,
            rate_max=self.rate_max,
            penalty_markup=self.penalty_markup,
            penalty_grace_days=self.penalty_grace_days,
            compound_basis=self.compound_basis,
            allocation=self.allocation.rule() if self.allocation else DEFAULT_RULE,
            benchmark=self.benchmark,
            benchmark_tenor=self.benchmark_tenor,
            repricing=self.repricing,
            calendar=self.calendar,
            roll=self.roll,
            fees=tuple(fee.fee() for fee in self.fees),
            active=self.active,
        )
