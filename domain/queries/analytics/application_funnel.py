"""How far the applications of a period came, by currency (申请漏斗)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from domain.actor import Actor
from domain.db import rows
from domain.queries.analytics.period import period_asked
from domain.queries.visibility import visible
from domain.rules.analytics.funnel import FunnelStage
from domain.rules.analytics.ratios import share
from domain.rules.lending.states import ApplicationState, LoanState
from domain.rules.risk.policy import Outcome

_F, _A = FunnelStage, ApplicationState

# decided_on is set by an approval and by a rejection, and cleared when the case is returned.
_REACHED: Final = {
    _F.CREATED: "1 = 1",
    _F.SUBMITTED: "loan_application.submitted_on IS NOT NULL",
    _F.ASSESSED: "d.id IS NOT NULL",
    _F.RECOMMENDED_APPROVE: f"d.recommendation = '{Outcome.APPROVE}'",
    _F.RECOMMENDED_REFER: f"d.recommendation = '{Outcome.REFER}'",
    _F.RECOMMENDED_DECLINE: f"d.recommendation = '{Outcome.DECLINE}'",
    _F.APPROVED: f"(loan_application.state IN ('{_A.APPROVED}', '{_A.CONTRACTED}') "
    "OR (loan_application.decided_on IS NOT NULL "
    f"AND loan_application.state <> '{_A.REJECTED}'))",
    _F.CONTRACTED: f"loan_application.state = '{_A.CONTRACTED}'",
    _F.DRAWN: "lent.disbursed IS NOT NULL",
    _F.REJECTED: f"loan_application.state = '{_A.REJECTED}'",
    _F.WITHDRAWN: f"loan_application.state = '{_A.WITHDRAWN}'",
    _F.EXPIRED: f"loan_application.state = '{_A.EXPIRED}'",
}
# The business date it was first assigned on; rows from elsewhere may lack that.
_CREATED_ON: Final = (
    "COALESCE((SELECT MIN(c.from_date) FROM case_assignment c WHERE c.noun = 'LoanApplication' "
    "AND c.noun_id = loan_application.id), DATE(loan_application.created_at))"
)


@dataclass(frozen=True, slots=True)
class StageTotal:
    """How many applications reached a stage, and the amounts they asked for, in minor units."""

    stage: FunnelStage
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class CurrencyFunnel:
    """Every stage once; `disbursed` is the principal paid out for them, in minor units."""

    currency: str
    stages: tuple[StageTotal, ...]
    disbursed: int

    @property
    def approval_rate(self) -> Decimal | None:
        """The share of approved ones among those approved or rejected."""
        counts = {total.stage: total.count for total in self.stages}
        approved = counts[_F.APPROVED]
        return share(approved, approved + counts[_F.REJECTED])


@dataclass(frozen=True, slots=True)
class ApplicationFunnel:
    """The funnel of the applications the actor may see. `without_currency` counts drafts in which
    no currency is filled in yet; they are in no currency's row."""

    start: dt.date
    end: dt.date
    without_currency: int
    currencies: tuple[CurrencyFunnel, ...]


async def application_funnel(
    actor: Actor, *, start: dt.date | None = None, end: dt.date | None = None
) -> ApplicationFunnel:
    """Return how far the applications created from `start` to `end`, both inclusive, came by now.

    An application that was submitted again counts once, with its last recommendation; an approval
    counts until the case is returned. Raises :class:`~domain.rules.refusal.Refused` for a period
    that reaches into the future.
    """
    first, last = await period_asked(start, end)
    sight, seen = visible(actor, table="loan_application")
    sums = ", ".join(
        f"SUM(CASE WHEN {reached} THEN 1 ELSE 0 END) AS {stage}_count, "
        f"SUM(CASE WHEN {reached} THEN COALESCE(loan_application.amount, 0) ELSE 0 END) "
        f"AS {stage}_amount"
        for stage, reached in _REACHED.items()
    )
    found = await rows(
        f"SELECT loan_application.currency, {sums}, SUM(COALESCE(lent.disbursed, 0)) AS disbursed "
        "FROM loan_application "
        "LEFT JOIN risk_decision d ON d.application_id = loan_application.id AND d.round = "
        "(SELECT MAX(l.round) FROM risk_decision l WHERE l.application_id = loan_application.id) "
        "LEFT JOIN (SELECT c.application_id, SUM(l.principal) AS disbursed FROM loan l "
        "JOIN loan_contract c ON c.id = l.contract_id WHERE l.state NOT IN (%s, %s) "
        "GROUP BY c.application_id) lent ON lent.application_id = loan_application.id "
        f"WHERE {_CREATED_ON} >= %s AND {_CREATED_ON} <= %s AND {sight} "
        "GROUP BY loan_application.currency ORDER BY loan_application.currency",
        [LoanState.PENDING, LoanState.CANCELLED, first, last, *seen],
    )
    return ApplicationFunnel(
        first,
        last,
        sum(int(row["CREATED_count"]) for row in found if not row["currency"]),
        tuple(_of_currency(row) for row in found if row["currency"]),
    )


def _of_currency(row: Mapping[str, Any]) -> CurrencyFunnel:
    return CurrencyFunnel(
        row["currency"],
        tuple(
            StageTotal(stage, int(row[f"{stage}_count"]), int(row[f"{stage}_amount"]))
            for stage in FunnelStage
        ),
        int(row["disbursed"]),
    )
