"""How a model's PDs turned out: distribution, observed bad rate, AUC, KS, and stability.

Bad, and when that is known, is as :mod:`domain.rules.risk.outcome` says: the label of training.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from domain.actor import Actor
from domain.db import rows
from domain.queries.analytics.calendar_sql import days_after, months_after
from domain.queries.analytics.period import period_asked
from domain.queries.business_date import business_date
from domain.queries.select import Condition
from domain.queries.visibility import visible
from domain.rules.analytics.discrimination import discrimination
from domain.rules.analytics.stability import (
    PdReference,
    PopulationStability,
    population_stability,
    read_reference,
)
from domain.rules.lending.states import LoanState
from domain.rules.risk.model_states import ModelState
from domain.rules.risk.outcome import BAD_DAYS_PAST_DUE, WINDOW_MONTHS
from domain.stored_json import read_json

PD_BINS: Final = 10
_EDGES: Final = tuple(place / PD_BINS for place in range(1, PD_BINS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PdBin:
    """The cases with `low` ≤ PD < `high` (the last bin has 1 too), and how they turned out."""

    low: float
    high: float
    count: int
    known: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPerformance:
    """One model version on the cases it decided in a period; None where nothing can be said."""

    model_version_id: int
    name: str
    version: int
    start: dt.date
    end: dt.date
    scored: int
    average_pd: float | None
    distribution: tuple[PdBin, ...]
    known: int
    bad: int
    auc: Fraction | None
    ks: Fraction | None
    stability: PopulationStability | None

    @property
    def bad_rate(self) -> Fraction | None:
        """The share of bad cases among those whose outcome is known."""
        return Fraction(self.bad, self.known) if self.known else None


async def model_performance(
    actor: Actor,
    *,
    model_version_id: int | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> ModelPerformance | None:
    """Return how the model (default: the champion) did on applications decided in the period.

    An application counts once, with its last decision, if this model scored it. None when there is
    no such model. Raises :class:`~domain.rules.refusal.Refused` for a period that reaches into the
    future.
    """
    first, last = await period_asked(start, end)
    model = await _model(model_version_id)
    if model is None:
        return None
    cases = _cases(actor, model["id"], first, last, today=await business_date())
    bins = await _bins(cases)
    metrics = model["metrics"]
    reference = read_reference(read_json(metrics))
    scored = sum(each.count for each, _ in bins)
    measured = discrimination(**await _ordered_pairs(cases))
    return ModelPerformance(
        model_version_id=model["id"],
        name=model["name"],
        version=model["version"],
        start=first,
        end=last,
        scored=scored,
        average_pd=sum(total for _, total in bins) / scored if scored else None,
        distribution=tuple(each for each, _ in bins),
        known=sum(each.known for each, _ in bins),
        bad=sum(each.bad for each, _ in bins),
        auc=measured.auc if measured else None,
        ks=measured.ks if measured else None,
        stability=await _stability(cases, reference) if reference and scored else None,
    )


async def _model(model_version_id: int | None) -> dict[str, Any] | None:
    sql = "SELECT id, name, version, metrics FROM model_version WHERE "
    if model_version_id is None:
        found = await rows(sql + "state = %s", [ModelState.CHAMPION])
    else:
        found = await rows(sql + "id = %s", [model_version_id])
    return found[0] if found else None


def _cases(
    actor: Actor, model_id: int, start: dt.date, end: dt.date, *, today: dt.date
) -> Condition:
    """The WITH clause of `cases` (pd, bad): bad is 1, 0, or NULL while it is not known."""
    sight, seen = visible(actor, table="loan_application")
    window_end = months_after("l.start_date", WINDOW_MONTHS)
    limit = days_after("i.due_date", BAD_DAYS_PAST_DUE)
    return Condition(
        "WITH scored AS (SELECT d.application_id, d.probability_of_default AS pd "
        "FROM risk_decision d JOIN loan_application ON loan_application.id = d.application_id "
        "WHERE d.model_version_id = %s AND d.business_date >= %s AND d.business_date <= %s "
        "AND d.probability_of_default IS NOT NULL AND d.round = (SELECT MAX(r.round) "
        f"FROM risk_decision r WHERE r.application_id = d.application_id) AND {sight}), "
        "lent AS (SELECT scored.application_id, CASE "
        "WHEN l.state = %s AND l.closed_on <= %s "
        f"AND l.closed_on <= {window_end} THEN 1 "
        "WHEN EXISTS (SELECT 1 FROM installment i WHERE i.loan_id = l.id "
        f"AND i.due_date <= %s AND {limit} <= {window_end} "
        f"AND (i.settled_on IS NULL OR i.settled_on > {limit})) THEN 1 "
        f"WHEN l.state = %s AND l.closed_on <= %s THEN 0 WHEN {window_end} <= %s THEN 0 END AS bad "
        "FROM scored JOIN loan_contract c ON c.application_id = scored.application_id "
        "JOIN loan l ON l.contract_id = c.id WHERE l.state NOT IN (%s, %s)), "
        "history AS (SELECT application_id, MAX(bad) AS worst, COUNT(*) AS loans, "
        "COUNT(bad) AS known FROM lent GROUP BY application_id), "
        "cases AS (SELECT scored.pd, CASE WHEN history.worst = 1 THEN 1 "
        "WHEN history.known = history.loans THEN 0 END AS bad "
        "FROM scored LEFT JOIN history ON history.application_id = scored.application_id) ",
        (
            *(model_id, start, end, *seen),
            *(LoanState.WRITTEN_OFF, today, today - dt.timedelta(days=BAD_DAYS_PAST_DUE)),
            *(LoanState.PAID_OFF, today, today, LoanState.PENDING, LoanState.CANCELLED),
        ),
    )


async def _bins(cases: Condition) -> list[tuple[PdBin, float]]:
    """Return each tenth of the PD scale with its cases, and the sum of their PDs."""
    place = " ".join(f"WHEN pd < %s THEN {place}" for place in range(PD_BINS - 1))
    found = await rows(
        f"{cases.sql}SELECT place, COUNT(*) AS scored, SUM(pd) AS total, COUNT(bad) AS known, "
        f"SUM(CASE WHEN bad = 1 THEN 1 ELSE 0 END) AS bads "
        f"FROM (SELECT pd, bad, CASE {place} ELSE {PD_BINS - 1} END AS place FROM cases) t "
        "GROUP BY place",
        [*cases.values, *_EDGES],
    )
    by_place = {row["place"]: row for row in found}
    return [_bin(place, by_place.get(place)) for place in range(PD_BINS)]


def _bin(place: int, row: Mapping[str, Any] | None) -> tuple[PdBin, float]:
    found = PdBin(
        low=place / PD_BINS,
        high=(place + 1) / PD_BINS,
        count=row["scored"] if row else 0,
        known=row["known"] if row else 0,
        bad=int(row["bads"]) if row else 0,
    )
    return found, float(row["total"]) if row else 0.0


async def _ordered_pairs(cases: Condition) -> dict[str, int]:
    """Return what AUC and KS are made of, counted by the database."""
    found = await rows(
        f"{cases.sql}, counts AS (SELECT pd, SUM(bad) AS bads, SUM(1 - bad) AS goods FROM cases "
        "WHERE bad IS NOT NULL GROUP BY pd), "
        "running AS (SELECT bads, goods, SUM(bads) OVER (ORDER BY pd) AS bads_to, "
        "SUM(goods) OVER (ORDER BY pd) AS goods_to, SUM(bads) OVER () AS all_bads, "
        "SUM(goods) OVER () AS all_goods FROM counts) "
        "SELECT SUM(bads) AS bads, SUM(goods) AS goods, "
        "SUM(bads * (2 * goods_to - goods)) AS ordered_twice, "
        "MAX(ABS(bads_to * all_goods - goods_to * all_bads)) AS widest FROM running",
        list(cases.values),
    )
    return {name: int(value or 0) for name, value in found[0].items()}


async def _stability(cases: Condition, reference: PdReference) -> PopulationStability:
    """Count the cases in the reference's bins: up to an edge, the edge included."""
    edges: Sequence[float] = reference.edges
    place = " ".join(f"WHEN pd <= %s THEN {place}" for place in range(len(edges)))
    case = f"CASE {place} ELSE {len(edges)} END" if edges else "0"
    found = await rows(
        f"{cases.sql}SELECT place, COUNT(*) AS scored "
        f"FROM (SELECT {case} AS place FROM cases) t GROUP BY place",
        [*cases.values, *edges],
    )
    counted = {row["place"]: row["scored"] for row in found}
    return population_stability(
        reference, [counted.get(place, 0) for place in range(len(edges) + 1)]
    )
