"""Loans by how long they are overdue."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.graphql.analytics.portfolio import AsOf
from api.graphql.context import Info
from api.graphql.payloads import described_enum
from api.graphql.scalars import Money
from domain.queries.analytics import delinquency_buckets as query
from domain.rules.analytics.delinquency import DelinquencyBucket
from domain.rules.money import format_minor

described_enum(
    DelinquencyBucket,
    "How long a loan is overdue: days past due (逾期天数) of its oldest unpaid instalment.",
    {
        DelinquencyBucket.CURRENT: "Nothing is overdue.",
        DelinquencyBucket.DAYS_1_30: "1 to 30 days past due.",
        DelinquencyBucket.DAYS_31_60: "31 to 60 days past due.",
        DelinquencyBucket.DAYS_61_90: "61 to 90 days past due.",
        DelinquencyBucket.DAYS_91_180: "91 to 180 days past due.",
        DelinquencyBucket.OVER_180: "More than 180 days past due.",
    },
)


@strawberry.type(description="The loans of one bucket.")
class DelinquencyBucketTotal:
    """A count and a sum."""

    bucket: DelinquencyBucket = strawberry.field(description="The bucket.")
    loans: int = strawberry.field(description="How many active loans are in it.")
    principal: Money = strawberry.field(
        description="All their principal outstanding, not the unpaid instalments alone."
    )


@strawberry.type(description="The buckets of one currency.")
class CurrencyDelinquency:
    """Every bucket once."""

    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    buckets: list[DelinquencyBucketTotal] = strawberry.field(
        description="Every bucket, from current to the longest overdue."
    )


@strawberry.type(description="Active loans that you may see by how long they are overdue.")
class DelinquencyBuckets:
    """At the end of one day."""

    as_of: dt.date = strawberry.field(description="The day it holds for.")
    currencies: list[CurrencyDelinquency] = strawberry.field(
        description="One row a currency that has active loans, by its code."
    )


@strawberry.type
class DelinquencyQueries:
    """Reading delinquency."""

    @strawberry.field(
        description="Active loans by days past due, by currency. A past day gives what was "
        "reported on it; a future one is refused."
    )
    async def delinquency_buckets(self, info: Info, as_of: AsOf = None) -> DelinquencyBuckets:
        found = await query.delinquency_buckets(info.context.actor, as_of=as_of)
        return DelinquencyBuckets(
            as_of=found.as_of,
            currencies=[
                CurrencyDelinquency(
                    currency=row.currency,
                    buckets=[
                        DelinquencyBucketTotal(
                            bucket=each.bucket,
                            loans=each.loans,
                            principal=Money(format_minor(each.principal, row.currency)),
                        )
                        for each in row.buckets
                    ],
                )
                for row in found.currencies
            ],
        )
