"""The loan portfolio at the end of a day, by currency; amounts of two currencies never mix."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.loan_account import read_rate_changes
from domain.queries.analytics.loans_as_of import BALANCES, active_as_of, loans_as_of
from domain.queries.analytics.period import day_asked
from domain.queries.visibility import visible, visible_by_customer
from domain.rules.analytics.delinquency import BAD_DAYS
from domain.rules.analytics.ratios import share, weighted_average
from domain.rules.lending.states import FacilityState


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityTotals:
    """The facilities that are ACTIVE or FROZEN; `available` counts the ACTIVE ones alone."""

    count: int = 0
    limit: int = 0
    reserved: int = 0
    used: int = 0
    available: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyPortfolio:
    """Amounts in minor units of `currency`; incomes since the first day.

    `overdue_principal` and `past_due_90_principal` are all the principal of loans 1 or more, and
    more than 90 days past due. `facilities` is None for a day that has gone: limits keep no
    history.
    """

    currency: str
    active_loans: int
    borrowers: int
    principal_outstanding: int
    interest_receivable: int
    penalty_receivable: int
    compound_receivable: int
    interest_income: int
    penalty_income: int
    compound_income: int
    weighted_average_rate: Decimal | None
    overdue_principal: int
    past_due_90_principal: int
    facilities: FacilityTotals | None

    @property
    def past_due_90_share(self) -> Decimal | None:
        """The share of principal that is more than 90 days past due."""
        return share(self.past_due_90_principal, self.principal_outstanding)


@dataclass(frozen=True, slots=True)
class PortfolioSummary:
    """The portfolio of the loans the actor may see."""

    as_of: dt.date
    currencies: tuple[CurrencyPortfolio, ...]


async def portfolio_summary(actor: Actor, *, as_of: dt.date | None = None) -> PortfolioSummary:
    """Return the portfolio at the end of `as_of` (default: the business date).

    A past day gives what was reported on it. Raises :class:`~domain.rules.refusal.Refused` for a
    future day.
    """
    day, today = await day_asked(as_of)
    by_rate: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in await _sums_by_rate(actor, day):
        by_rate[row["currency"]].append(row)
    borrowers = await _borrowers(actor, day)
    facilities = await _facilities(actor) if day == today else None
    return PortfolioSummary(
        day,
        tuple(
            _of_currency(currency, day, by_rate[currency], borrowers.get(currency, 0), facilities)
            for currency in sorted({*by_rate, *(facilities or ())})
        ),
    )


def _of_currency(
    currency: str,
    day: dt.date,
    by_rate: list[dict[str, Any]],
    borrowers: int,
    facilities: Mapping[str, FacilityTotals] | None,
) -> CurrencyPortfolio:
    def total(name: str) -> int:
        return sum(int(row[name]) for row in by_rate)

    return CurrencyPortfolio(
        currency=currency,
        active_loans=total("active_loans"),
        borrowers=borrowers,
        principal_outstanding=total("principal"),
        interest_receivable=total("interest"),
        penalty_receivable=total("penalty"),
        compound_receivable=total("compound"),
        interest_income=total("interest_income"),
        penalty_income=total("penalty_income"),
        compound_income=total("compound_income"),
        weighted_average_rate=weighted_average(
            (int(row["principal"]), _rate_on(row, day)) for row in by_rate
        ),
        overdue_principal=total("overdue"),
        past_due_90_principal=total("past_due_90"),
        facilities=None if facilities is None else facilities.get(currency, FacilityTotals()),
    )


async def _sums_by_rate(actor: Actor, day: dt.date) -> list[dict[str, Any]]:
    """One row a currency, first rate and rates since: all money comes from one statement."""
    base, active = loans_as_of(day), active_as_of(day)
    sight, seen = visible(actor, table="loan")
    sums = ", ".join(f"SUM(balance.{name}) AS {name}" for name in BALANCES)
    return await rows(
        f"{base.sql}SELECT loan.currency, loan.annual_rate, loan.rate_changes, {sums}, "
        f"SUM(CASE WHEN {active.sql} THEN 1 ELSE 0 END) AS active_loans, "
        "SUM(CASE WHEN late.oldest IS NOT NULL THEN balance.principal ELSE 0 END) AS overdue, "
        "SUM(CASE WHEN late.oldest < %s THEN balance.principal ELSE 0 END) AS past_due_90 "
        "FROM balance JOIN loan ON loan.id = balance.loan_id "
        f"LEFT JOIN late ON late.loan_id = loan.id WHERE {sight} "
        "GROUP BY loan.currency, loan.annual_rate, loan.rate_changes",
        [*base.values, *active.values, day - dt.timedelta(days=BAD_DAYS), *seen],
    )


def _rate_on(row: dict[str, Any], day: dt.date) -> Decimal:
    """The contract rate by which the loans of a row earn on `day`."""
    changes = read_rate_changes(row["rate_changes"])
    in_force = [change.rate for change in changes if change.effective_from <= day]
    return in_force[-1] if in_force else Decimal(str(row["annual_rate"]))


async def _borrowers(actor: Actor, day: dt.date) -> dict[str, int]:
    active = active_as_of(day)
    sight, seen = visible(actor, table="loan")
    found = await rows(
        "SELECT loan.currency, COUNT(DISTINCT loan.borrower_id) AS borrowers FROM loan "
        f"WHERE {active.sql} AND {sight} GROUP BY loan.currency",
        [*active.values, *seen],
    )
    return {row["currency"]: row["borrowers"] for row in found}


async def _facilities(actor: Actor) -> dict[str, FacilityTotals]:
    sight, seen = visible_by_customer(actor, table="credit_facility")
    found = await rows(
        "SELECT currency, COUNT(*) AS facilities, SUM(limit_amount) AS total, "
        "SUM(reserved) AS reserved, SUM(used) AS used, "
        "SUM(CASE WHEN state = %s AND limit_amount > reserved + used "
        "THEN limit_amount - reserved - used ELSE 0 END) AS available "
        f"FROM credit_facility WHERE state IN (%s, %s) AND {sight} GROUP BY currency",
        [FacilityState.ACTIVE, FacilityState.ACTIVE, FacilityState.FROZEN, *seen],
    )
    return {
        row["currency"]: FacilityTotals(
            count=row["facilities"],
            limit=int(row["total"]),
            reserved=int(row["reserved"]),
            used=int(row["used"]),
            available=int(row["available"]),
        )
        for row in found
    }
