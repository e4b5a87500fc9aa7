"""Active loans by how long they are overdue, at the end of a day, by currency."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from domain.actor import Actor
from domain.db import rows
from domain.queries.analytics.loans_as_of import active_as_of, loans_as_of
from domain.queries.analytics.period import day_asked
from domain.queries.visibility import visible
from domain.rules.analytics.delinquency import DelinquencyBucket, earliest_due_dates


@dataclass(frozen=True, slots=True)
class BucketTotal:
    """How many loans a bucket holds, and all their principal outstanding, in minor units."""

    bucket: DelinquencyBucket
    loans: int
    principal: int


@dataclass(frozen=True, slots=True)
class CurrencyDelinquency:
    """Every bucket once, from current to the longest overdue."""

    currency: str
    buckets: tuple[BucketTotal, ...]


@dataclass(frozen=True, slots=True)
class Delinquency:
    """The buckets of the loans the actor may see."""

    as_of: dt.date
    currencies: tuple[CurrencyDelinquency, ...]


async def delinquency_buckets(actor: Actor, *, as_of: dt.date | None = None) -> Delinquency:
    """Return the buckets at the end of `as_of` (default: the business date).

    A past day gives what was reported on it. Raises :class:`~domain.rules.refusal.Refused` for a
    future day.
    """
    day, _ = await day_asked(as_of)
    base, active = loans_as_of(day, "principal"), active_as_of(day)
    ends = earliest_due_dates(day)
    sight, seen = visible(actor, table="loan")
    cases = " ".join(f"WHEN late.oldest >= %s THEN '{bucket}'" for bucket in ends)
    found = await rows(
        f"{base.sql}SELECT currency, bucket, COUNT(*) AS loans, SUM(principal) AS principal "
        "FROM (SELECT loan.currency, balance.principal, CASE WHEN late.oldest IS NULL "
        f"THEN '{DelinquencyBucket.CURRENT}' {cases} "
        f"ELSE '{DelinquencyBucket.OVER_180}' END AS bucket "
        "FROM balance JOIN loan ON loan.id = balance.loan_id "
        f"LEFT JOIN late ON late.loan_id = loan.id WHERE {active.sql} AND {sight}) t "
        "GROUP BY currency, bucket",
        [*base.values, *ends.values(), *active.values, *seen],
    )
    by_currency: dict[str, dict[str, BucketTotal]] = defaultdict(dict)
    for row in found:
        bucket = DelinquencyBucket(row["bucket"])
        by_currency[row["currency"]][bucket] = BucketTotal(
            bucket, row["loans"], int(row["principal"])
        )
    return Delinquency(
        day,
        tuple(
            CurrencyDelinquency(
                currency,
                tuple(
                    totals.get(bucket, BucketTotal(bucket, 0, 0)) for bucket in DelinquencyBucket
                ),
            )
            for currency, totals in sorted(by_currency.items())
        ),
    )
