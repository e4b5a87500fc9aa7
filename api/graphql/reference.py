"""Dated reference data and policy: what change requests have written."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.changes import enums  # noqa: F401 - describes the enums used here
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node
from api.graphql.nouns import Noun, column, rate
from api.graphql.roles import ROLES
from api.graphql.scalars import Rate
from domain.queries.select import Condition
from domain.queries.visibility import visible_to, visible_to_all
from domain.rules.lending.borrower import Profile
from domain.rules.reference import DayKind
from domain.rules.risk.policy import Outcome


@strawberry.type(description="Benchmark rate (基准利率): one fixing, in force until the next.")
class BenchmarkRate(Node):
    """A row of the benchmark_rate table."""

    name: str = column("name", "The benchmark, such as LPR.")
    tenor: str = column("tenor", "Its tenor, such as 1Y.")
    published_on: dt.date = column("published_on", "The day of publication.")
    rate: Rate = rate("rate", "The rate a year.")
    citation: str = column("citation", "Where it was read.")
    confirmed: bool = column("confirmed", "Whether the publication was looked up.", read=bool)


@strawberry.type(description="A day on which a calendar differs from its weekends.")
class CalendarDay(Node):
    """A row of the calendar_day table."""

    calendar: str = column("calendar", "Code of the calendar.")
    date: dt.date = column("date", "The day.")
    kind: DayKind = column("kind", "Holiday or worked.", read=DayKind)
    name: str = column("name", "What it is called.")


@strawberry.type(description="Exchange rate (汇率) of a day.")
class ExchangeRate(Node):
    """A row of the exchange_rate table."""

    base: str = column("base", "ISO 4217 code of what is worth `rate`.")
    quote: str = column("quote", "ISO 4217 code of what it is worth.")
    quoted_on: dt.date = column("quoted_on", "The day.")
    rate: Rate = rate("rate", "Units of `quote` that one unit of `base` is worth.")
    citation: str = column("citation", "Where it was read.")


@strawberry.type(
    description="Posting profile (记账规则): what an account of ours is in the lender's own chart."
)
class PostingProfile(Node):
    """A row of the posting_profile table."""

    role: str = column("role", "The name of our account, such as INTEREST_INCOME.")
    account_code: str = column("account_code", "Code of the lender's own account.")
    name_zh: str = column("name_zh", "Its name in Chinese.")
    name_en: str = column("name_en", "Its name in English.")
    effective_from: dt.date = column("effective_from", "First day, until a later line.")


@strawberry.type(description="Policy value (政策参数): what a law or the lender sets, dated.")
class PolicyValue(Node):
    """A row of the policy_value table."""

    profile: Profile = column("profile", "Of this profile.", read=Profile)
    name: str = column("name", "Its name.")
    value: str = column("value", "The value.")
    effective_from: dt.date = column("effective_from", "First day, until a later row.")
    citation: str = column("citation", "Where it comes from.")
    confirmed: bool = column("confirmed", "Whether the source was looked up.", read=bool)


@strawberry.type(description="Policy rule (准入规则) of the risk decision, dated.")
class PolicyRule(Node):
    """A row of the policy_rule table."""

    profile: Profile = column("profile", "Of this profile.", read=Profile)
    code: str = column("code", "Its code; of one code the latest row is in force.")
    condition: str = column("condition", "The condition's name.")
    threshold: str = column("threshold", "What the condition compares with.")
    outcome: Outcome = column("outcome", "What is recommended when it fires.", read=Outcome)
    effective_from: dt.date = column("effective_from", "First day, until a later row.")
    effective_to: dt.date | None = column("effective_to", "Its last day, if it has one.")
    citation: str = column("citation", "Its article.")
    confirmed: bool = column("confirmed", "Whether the article was looked up.", read=bool)
    text_zh: str = column("text_zh", "What it says, in Chinese.")
    text_en: str = column("text_en", "What it says, in English.")


BENCHMARK_RATES = Noun(BenchmarkRate, table="benchmark_rate", sight=visible_to_all)
CALENDAR_DAYS = Noun(CalendarDay, table="calendar_day", sight=visible_to_all)
EXCHANGE_RATES = Noun(
    ExchangeRate, table="exchange_rate", sight=visible_to(ROLES["Query.exchangeRates"])
)
POSTING_PROFILE = Noun(
    PostingProfile, table="posting_profile", sight=visible_to(ROLES["Query.postingProfile"])
)
POLICY_VALUES = Noun(
    PolicyValue, table="policy_value", sight=visible_to(ROLES["Query.policyValues"])
)
POLICY_RULES = Noun(PolicyRule, table="policy_rule", sight=visible_to(ROLES["Query.policyRules"]))


@strawberry.type
class ReferenceQueries:
    """Reading reference data and policy."""

    @strawberry.field(description="Fixings of benchmark rates, newest on record first.")
    async def benchmark_rates(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        name: Annotated[
            str | None, strawberry.argument(description="Of this benchmark, such as LPR.")
        ] = None,
        tenor: Annotated[
            str | None, strawberry.argument(description="Of this tenor, such as 1Y.")
        ] = None,
    ) -> Connection[BenchmarkRate]:
        where = [
            Condition(f"benchmark_rate.{column_name} = %s", (value,))
            for column_name, value in (("name", name), ("tenor", tenor))
            if value is not None
        ]
        return await BENCHMARK_RATES.page(info, first=first, after=after, where=where)

    @strawberry.field(description="Days of a calendar in a year, as they were put on record.")
    async def calendar_days(
        self,
        info: Info,
        calendar: Annotated[
            str, strawberry.argument(description="Code of the calendar, such as CN.")
        ],
        year: Annotated[int, strawberry.argument(description="The year, 1 to 9998.")],
        first: First = PAGE_DEFAULT,
        after: After = None,
    ) -> Connection[CalendarDay]:
        begins = dt.date(min(max(year, 1), 9998), 1, 1)
        of_year = Condition(
            "calendar_day.calendar = %s AND calendar_day.date >= %s AND calendar_day.date < %s",
            (calendar, begins, begins.replace(year=begins.year + 1)),
        )
        return await CALENDAR_DAYS.page(
            info, first=first, after=after, where=[of_year], newest_first=False
        )

    @strawberry.field(description="Exchange rates, newest on record first.")
    async def exchange_rates(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[ExchangeRate]:
        return await EXCHANGE_RATES.page(info, first=first, after=after)

    @strawberry.field(description="Lines of the posting profile, newest on record first.")
    async def posting_profile(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[PostingProfile]:
        return await POSTING_PROFILE.page(info, first=first, after=after)

    @strawberry.field(description="Policy values, newest on record first.")
    async def policy_values(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[PolicyValue]:
        return await POLICY_VALUES.page(info, first=first, after=after)

    @strawberry.field(description="Policy rules, newest on record first.")
    async def policy_rules(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[PolicyRule]:
        return await POLICY_RULES.page(info, first=first, after=after)
