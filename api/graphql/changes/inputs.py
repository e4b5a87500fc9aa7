"""What may be proposed: one typed input a kind, of which exactly one is given.

To let a new kind be proposed here: its input, with a `payload` that returns the kind's own, and one
field of :class:`ChangeContentInput` named after the kind.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import Any

import strawberry

from api.errors import bad_input
from api.graphql.changes import enums  # noqa: F401 - describes the enums used here
from api.graphql.changes.money_inputs import (
    BackdatedRepaymentInput,
    ManualJournalInput,
    MisuseInput,
    RefundInput,
    ReverseRepaymentInput,
    SuspenseMatchInput,
    SuspenseReturnInput,
    WaiverInput,
    WriteOffInput,
)
from api.graphql.changes.products import LoanProductInput
from api.graphql.ids import row_id_of
from api.graphql.lending import enums as lending_enums  # noqa: F401 - likewise
from api.graphql.risk import decisions  # noqa: F401 - likewise
from api.graphql.role_enum import Role
from api.graphql.scalars import Rate
from domain.operations.changes.kind import Kind
from domain.operations.changes.kinds.benchmark_rate import BenchmarkFixing
from domain.operations.changes.kinds.calendar_year import CalendarEntry, CalendarYear
from domain.operations.changes.kinds.employee_roles import RolesOfEmployee
from domain.operations.changes.kinds.exchange_rate import DayRate
from domain.operations.changes.kinds.policy_rule import PolicyRuleChange
from domain.operations.changes.kinds.policy_value import PolicyValueChange
from domain.operations.changes.kinds.posting_profile import PostingLine
from domain.operations.changes.registry import KINDS
from domain.rules.lending.borrower import Profile
from domain.rules.reference import DayKind
from domain.rules.risk.policy import Outcome


@strawberry.input(description="A policy value to add, from a day after the business date on.")
class PolicyValueInput:
    """Payload of POLICY_VALUE."""

    profile: Profile = strawberry.field(description="Of this profile.")
    name: str = strawberry.field(description="The name of a value that there is already.")
    value: str = strawberry.field(description="Of the same form as the value in force.")
    effective_from: dt.date = strawberry.field(description="First day on which it is in force.")
    citation: str = strawberry.field(description="Where it comes from, at most 300 characters.")
    confirmed: bool = strawberry.field(description="Whether the source was looked up.")

    def payload(self) -> PolicyValueChange:
        """The row to add."""
        return PolicyValueChange(**_values(self))


@strawberry.input(
    description="A policy rule (准入规则) to add, from a day after the business date on. It takes "
    "the place of an earlier one of its code."
)
class PolicyRuleInput:
    """Payload of POLICY_RULE."""

    profile: Profile = strawberry.field(description="Of this profile.")
    code: str = strawberry.field(description="Its code, such as PD_REFER.")
    condition: str = strawberry.field(description="The condition's name, such as PD_AT_LEAST.")
    threshold: str = strawberry.field(
        description="A number, or the names the condition lists with commas between them."
    )
    outcome: Outcome = strawberry.field(description="What is recommended when it fires.")
    effective_from: dt.date = strawberry.field(description="First day on which it is in force.")
    effective_to: dt.date | None = strawberry.field(
        default=None, description="Its last day; none: until a later row of its code."
    )
    citation: str = strawberry.field(description="Its article, at most 300 characters.")
    confirmed: bool = strawberry.field(description="Whether the article was looked up.")
    text_zh: str = strawberry.field(description="What it says, in Chinese.")
    text_en: str = strawberry.field(description="What it says, in English.")

    def payload(self) -> PolicyRuleChange:
        """The row to add."""
        return PolicyRuleChange(**_values(self))


@strawberry.input(description="A published fixing of a benchmark rate (基准利率).")
class BenchmarkRateInput:
    """Payload of BENCHMARK_RATE."""

    name: str = strawberry.field(description="The benchmark, such as LPR.")
    tenor: str = strawberry.field(description="Its tenor, such as 1Y or 5Y.")
    published_on: dt.date = strawberry.field(
        description="The day of publication, after that of the last fixing on record."
    )
    rate: Rate = strawberry.field(description="The rate a year.")
    citation: str = strawberry.field(description="Where it was read, at most 300 characters.")
    confirmed: bool = strawberry.field(description="Whether the publication was looked up.")

    def payload(self) -> BenchmarkFixing:
        """The fixing."""
        return BenchmarkFixing(**_values(self))


@strawberry.input(description="A day that differs from what its weekday says.")
class CalendarDayInput:
    """One of a calendar year's days."""

    date: dt.date = strawberry.field(description="The day.")
    kind: DayKind = strawberry.field(description="Holiday or worked.")
    name: str = strawberry.field(description="What it is called, at most 60 characters.")


@strawberry.input(
    description="The holidays and worked weekends of a year. Given anew, they take the place of "
    "those after the business date."
)
class CalendarYearInput:
    """Payload of CALENDAR_YEAR."""

    calendar: str = strawberry.field(description="Code of the calendar, such as CN.")
    year: int = strawberry.field(description="The year.")
    days: list[CalendarDayInput] = strawberry.field(description="All its days that differ.")

    def payload(self) -> CalendarYear:
        """The year."""
        return CalendarYear(
            calendar=self.calendar,
            year=self.year,
            days=tuple(CalendarEntry(**_values(day)) for day in self.days),
        )


@strawberry.input(description="The exchange rate of a day.")
class ExchangeRateInput:
    """Payload of EXCHANGE_RATE."""

    base: str = strawberry.field(description="ISO 4217 code of what is worth `rate`.")
    quote: str = strawberry.field(description="ISO 4217 code of what it is worth.")
    quoted_on: dt.date = strawberry.field(
        description="The day, after that of the pair's last rate on record."
    )
    rate: Rate = strawberry.field(
        description='Units of `quote` that one unit of `base` is worth: "7.1234".'
    )
    citation: str = strawberry.field(description="Where it was read, at most 300 characters.")

    def payload(self) -> DayRate:
        """The rate."""
        return DayRate(**_values(self))


@strawberry.input(
    description="What an account of ours is in the lender's own chart, from a later day on."
)
class PostingProfileInput:
    """Payload of POSTING_PROFILE."""

    role: str = strawberry.field(
        description="The name of our account, such as INTEREST_INCOME; see `postingProfile`."
    )
    account_code: str = strawberry.field(
        description="Code of the lender's own account: 1 to 20 letters, digits, dots, hyphens."
    )
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    effective_from: dt.date = strawberry.field(description="First day on which it holds.")

    def payload(self) -> PostingLine:
        """The line to add."""
        return PostingLine(**_values(self))


@strawberry.input(description="The roles an employee shall have.")
class EmployeeRolesInput:
    """Payload of EMPLOYEE_ROLES."""

    employee_id: strawberry.ID = strawberry.field(description="Global id of the employee.")
    roles: list[Role] = strawberry.field(description="All the roles; others are revoked.")
    approval_level: int = strawberry.field(default=0, description="Level of an approver; else 0.")

    def payload(self) -> RolesOfEmployee:
        """The roles."""
        return RolesOfEmployee(
            employee_id=row_id_of(self.employee_id, "Employee"),
            roles=tuple(self.roles),
            approval_level=self.approval_level,
        )


@strawberry.input(one_of=True, description="What shall change: exactly one of these.")
class ChangeContentInput:
    """One field a kind that may be proposed here, named after it."""

    loan_product: LoanProductInput | None = strawberry.field(
        default=strawberry.UNSET, description="A loan product, or a new version of one."
    )
    policy_value: PolicyValueInput | None = strawberry.field(
        default=strawberry.UNSET, description="A policy value."
    )
    policy_rule: PolicyRuleInput | None = strawberry.field(
        default=strawberry.UNSET, description="A policy rule."
    )
    benchmark_rate: BenchmarkRateInput | None = strawberry.field(
        default=strawberry.UNSET, description="A fixing of a benchmark rate."
    )
    calendar_year: CalendarYearInput | None = strawberry.field(
        default=strawberry.UNSET, description="The holidays of a year."
    )
    exchange_rate: ExchangeRateInput | None = strawberry.field(
        default=strawberry.UNSET, description="An exchange rate."
    )
    posting_profile: PostingProfileInput | None = strawberry.field(
        default=strawberry.UNSET, description="Which account a role of an event posts to."
    )
    employee_roles: EmployeeRolesInput | None = strawberry.field(
        default=strawberry.UNSET, description="The roles of an employee."
    )
    reverse_repayment: ReverseRepaymentInput | None = strawberry.field(
        default=strawberry.UNSET, description="A repayment to reverse."
    )
    backdated_repayment: BackdatedRepaymentInput | None = strawberry.field(
        default=strawberry.UNSET, description="A payment that came in on an earlier day."
    )
    waiver: WaiverInput | None = strawberry.field(
        default=strawberry.UNSET, description="Part of a claim to waive."
    )
    refund: RefundInput | None = strawberry.field(
        default=strawberry.UNSET, description="A credit balance to pay back."
    )
    suspense_match: SuspenseMatchInput | None = strawberry.field(
        default=strawberry.UNSET, description="Whose money in suspense is."
    )
    suspense_return: SuspenseReturnInput | None = strawberry.field(
        default=strawberry.UNSET, description="Money in suspense to send back."
    )
    manual_journal: ManualJournalInput | None = strawberry.field(
        default=strawberry.UNSET, description="A journal by hand."
    )
    misuse: MisuseInput | None = strawberry.field(
        default=strawberry.UNSET, description="Principal that is misused."
    )
    write_off: WriteOffInput | None = strawberry.field(
        default=strawberry.UNSET, description="A loan to write off."
    )

    def chosen(self) -> tuple[Kind[Any], Any]:
        """Return the kind and the payload. Raises BAD_USER_INPUT unless one is given."""
        given = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) not in (None, strawberry.UNSET)
        }
        if len(given) != 1:
            raise bad_input("Give exactly one kind of content.", "须且仅须填写一类变更内容。")
        ((name, value),) = given.items()
        return KINDS[name.upper()], value.payload()


def _values(given: Any) -> dict[str, Any]:
    return {each.name: getattr(given, each.name) for each in fields(given)}
