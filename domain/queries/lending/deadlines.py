"""Loans whose limitation or guarantee period ends soon, the most urgent first."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.actor import Actor
from domain.db import in_list, rows
from domain.queries.business_date import business_date
from domain.queries.visibility import visible
from domain.rules.lending.deadlines import guarantee_date, limitation_date

LISTED_MAX = 200


class DeadlineKind(StrEnum):
    """Which right ends."""

    LIMITATION = "LIMITATION"
    GUARANTEE = "GUARANTEE"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A loan's last day for an act, and how many days are left (below zero: it has passed)."""

    loan_id: int
    kind: DeadlineKind
    date: dt.date
    days_left: int


async def deadlines(actor: Actor, *, within_days: int) -> list[Deadline]:
    """Return the deadlines of unpaid loans that come within so many days, the first 200.

    Periods are the policy values `limitation_years` and `guarantee_months` of the loan's profile; a
    profile without them has no such law.
    """
    today = await business_date()
    policy = await _periods(today)
    condition, values = visible(actor, table="loan")
    # Neither period ends before the loan matures, or longer than this after its latest start.
    loans = await rows(
        "SELECT id, profile, maturity_date FROM loan WHERE state IN ('ACTIVE', 'WRITTEN_OFF') "
        f"AND maturity_date <= %s AND ({condition}) ORDER BY maturity_date, id",
        [today + dt.timedelta(days=within_days), *values],
    )
    interrupted = await _interruptions([row["id"] for row in loans]) if loans else {}
    found = []
    for row in loans:
        named = policy.get(row["profile"], {})
        maturity = row["maturity_date"]
        if years := named.get("limitation_years"):
            day = limitation_date(
                maturity=maturity, interruptions=interrupted.get(row["id"], ()), years=years
            )
            found.append(_deadline(row["id"], DeadlineKind.LIMITATION, day, today))
        if months := named.get("guarantee_months"):
            day = guarantee_date(maturity=maturity, months=months)
            found.append(_deadline(row["id"], DeadlineKind.GUARANTEE, day, today))
    near = [deadline for deadline in found if deadline.days_left <= within_days]
    return sorted(near, key=lambda each: (each.date, each.loan_id, each.kind))[:LISTED_MAX]


def _deadline(loan_id: int, kind: DeadlineKind, day: dt.date, today: dt.date) -> Deadline:
    return Deadline(loan_id, kind, day, (day - today).days)


async def _periods(today: dt.date) -> Mapping[str, Mapping[str, int]]:
    by_profile: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await rows(
        "SELECT profile, name, value FROM policy_value WHERE effective_from <= %s "
        "AND name IN ('limitation_years', 'guarantee_months') ORDER BY effective_from",
        [today],
    ):
        by_profile[row["profile"]][row["name"]] = int(row["value"])
    return by_profile


async def _interruptions(loan_ids: list[int]) -> Mapping[int, list[dt.date]]:
    """Days on which a borrower paid, or was asked to."""
    days: dict[int, list[dt.date]] = defaultdict(list)
    for start in range(0, len(loan_ids), 1000):
        chunk = loan_ids[start : start + 1000]
        for row in await rows(
            "SELECT loan_id, value_date FROM repayment WHERE reversed_by IS NULL AND amount > 0 "
            f"AND loan_id IN {in_list(chunk)} UNION ALL SELECT loan_id, value_date "
            f"FROM loan_event WHERE kind = 'DEMAND' AND loan_id IN {in_list(chunk)}",
            [*chunk, *chunk],
        ):
            days[row["loan_id"]].append(row["value_date"])
    return days
