"""The lender's own decisions with how they turned out: the training rows of HISTORY."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from domain.db import rows
from domain.queries.business_date import business_date
from domain.rules.lending.states import LoanState
from domain.rules.risk.outcome import LoanHistory, outcome
from domain.stored_json import read_json


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """A decision whose outcome is known, with the features as they were that day."""

    decision_id: int
    borrower_id: int
    decided_on: dt.date
    features: dict[str, float | str]
    bad: bool


async def decided_cases(*, currency: str) -> list[DecidedCase]:
    """Return the decisions on applications that became loans in `currency`, oldest first.

    Amounts among the features are in that currency, so currencies are never mixed. The last round's
    decision counts. Cases whose window is still open are left out.
    """
    today = await business_date()
    loans = await _loans_by_application(currency)
    decisions = await rows(
        "SELECT d.id, d.application_id, a.borrower_id, d.business_date, d.features "
        "FROM risk_decision d JOIN loan_application a ON a.id = d.application_id "
        "WHERE a.currency = %s AND d.round = "
        "(SELECT MAX(l.round) FROM risk_decision l WHERE l.application_id = d.application_id) "
        "ORDER BY d.id",
        [currency],
    )
    cases = []
    for decision in decisions:
        bad = outcome(loans.get(decision["application_id"], ()), today=today)
        if bad is not None:
            cases.append(
                DecidedCase(
                    decision_id=decision["id"],
                    borrower_id=decision["borrower_id"],
                    decided_on=decision["business_date"],
                    features=_known(decision["features"]),
                    bad=bad,
                )
            )
    return cases


def _known(stored: str | dict[str, Any]) -> dict[str, float | str]:
    features = read_json(stored)
    return {name: value for name, value in features.items() if value is not None}


async def _loans_by_application(currency: str) -> dict[int, list[LoanHistory]]:
    loans = await rows(
        "SELECT l.id, c.application_id, l.state, l.start_date, l.closed_on FROM loan l "
        "JOIN loan_contract c ON c.id = l.contract_id WHERE l.currency = %s "
        "AND l.state NOT IN (%s, %s)",
        [currency, LoanState.PENDING, LoanState.CANCELLED],
    )
    late: dict[int, list[tuple[dt.date, dt.date | None]]] = defaultdict(list)
    for row in await rows(
        "SELECT i.loan_id, i.due_date, i.settled_on FROM installment i "
        "JOIN loan l ON l.id = i.loan_id WHERE l.currency = %s "
        "AND (i.settled_on IS NULL OR i.settled_on > i.due_date)",
        [currency],
    ):
        late[row["loan_id"]].append((row["due_date"], row["settled_on"]))
    found: dict[int, list[LoanHistory]] = defaultdict(list)
    for loan in loans:
        written_off = loan["state"] == LoanState.WRITTEN_OFF
        paid_off = loan["state"] == LoanState.PAID_OFF
        found[loan["application_id"]].append(
            LoanHistory(
                started_on=loan["start_date"],
                overdue=tuple(late[loan["id"]]),
                written_off_on=loan["closed_on"] if written_off else None,
                paid_off_on=loan["closed_on"] if paid_off else None,
            )
        )
    return found
