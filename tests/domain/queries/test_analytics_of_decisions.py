"""Funnel and model performance: counted again in Python, over seeded rows, on both databases."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import random
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from api.graphql.context import Context
from api.graphql.ids import global_id
from api.graphql.schema import get_schema
from domain.db import execute
from domain.models.lending.application import LoanApplication
from domain.models.lending.contract import Drawdown, LoanContract
from domain.models.lending.loan import Installment, Loan
from domain.models.lending.product import LoanProduct
from domain.models.records import Job
from domain.models.risk.decision import RiskDecision
from domain.models.risk.model_version import ModelVersion
from domain.models.staff import CaseAssignment
from domain.queries.analytics.application_funnel import (
    ApplicationFunnel,
    StageTotal,
    application_funnel,
)
from domain.queries.analytics.model_performance import model_performance
from domain.queries.business_date import business_date
from domain.queries.risk.history import decided_cases
from domain.rules.analytics.funnel import FunnelStage
from domain.rules.analytics.stability import Stability
from domain.rules.refusal import ErrorCode, Refused
from tests.lender import Lender

TODAY = dt.date(2026, 3, 1)
CURRENCIES = ("USD", "EUR", "CNY")
STATES = (
    *("DRAFT", "SUBMITTED", "ASSESSED", "APPROVED", "REJECTED", "RETURNED"),
    *(*["CONTRACTED"] * 7, "WITHDRAWN", "EXPIRED"),
)
PDS = (0.0, 0.02, 0.05, 0.1, 0.3, 0.7, 1.0)
# Instalments fall due so that the 90th day lies before, on and after the end of the window.
STARTS = (dt.date(2024, 2, 29), dt.date(2025, 2, 28), dt.date(2025, 3, 1), dt.date(2025, 9, 1))


@dataclass(frozen=True)
class World:
    """The lender, two models, and the day each application was created."""

    lender: Lender
    champion: ModelVersion
    other: ModelVersion
    created: dict[int, dt.date]


class Maker:
    """Makes rows that operations would take months to make."""

    def __init__(self, lender: Lender, chance: random.Random) -> None:
        self.lender, self.chance = lender, chance
        self.facilities: dict[str, int] = {}

    async def model(self, *, version: int, state: str, metrics: dict[str, Any]) -> ModelVersion:
        job = await Job.create(kind="TRAIN_MODEL", state="SUCCEEDED", input={}, started_by_id=1)
        return await ModelVersion.create(
            name="pd",
            version=version,
            state=state,
            job_id=job.id,
            algorithm="RANDOM_FOREST",
            recipe="synthetic",
            artefact_url="memory://",
            sha256="",
            metrics=metrics,
            cutoff=0.5,
            trained_by_id=1,
        )

    async def application(self, state: str, currency: str, created: dt.date) -> LoanApplication:
        chance, manager = self.chance, self.lender.relationship_manager
        if currency and currency not in self.facilities:
            self.facilities[currency] = await self.lender.facility(currency=currency)
        facility = self.facilities.get(currency)
        row = await LoanApplication.create(
            borrower_id=await self.borrower(),
            facility_id=facility,
            branch_id=1,
            officer_id=chance.choice([manager.id, manager.id, self.lender.manager2.id]),
            state=state,
            currency=currency,
            amount=None if not currency else chance.randrange(1, 10**12),
            features={},
            created_by_kind="EMPLOYEE",
            created_by_id=manager.id,
            submitted_on=None if state == "DRAFT" else created + dt.timedelta(days=1),
            decided_on=_decided(state, created, chance),
        )
        for days in (9, 0):  # handed over later: the first assignment says when it began
            await CaseAssignment.create(
                noun="LoanApplication",
                noun_id=row.id,
                branch_id=1,
                from_date=created + dt.timedelta(days=days),
            )
        return row

    async def borrower(self) -> int:
        if not hasattr(self, "_borrower"):
            self._borrower = await self.lender.borrower()
        return self._borrower

    async def decisions(self, row: LoanApplication, models: list[int | None]) -> None:
        for number in range(1, self.chance.choice([1, 1, 2]) + 1):
            model = self.chance.choice(models)
            await RiskDecision.create(
                application_id=row.id,
                round=number,
                recommendation=self.chance.choice(["APPROVE", "REFER", "DECLINE"]),
                probability_of_default=None if model is None else self.chance.choice(PDS),
                model_version_id=model,
                features={},
                reasons=[],
                fired_rules=[],
                limits={},
                terms={},
                content_sha256="",
                business_date=TODAY - dt.timedelta(days=self.chance.randrange(200)),
                elapsed_us=1,
            )

    async def loans(self, row: LoanApplication, count: int) -> None:
        product = await LoanProduct.get(code="USD-LEVEL")
        common: dict[str, Any] = {
            "borrower_id": row.borrower_id,
            "facility_id": row.facility_id,
            "branch_id": 1,
            "currency": row.currency,
        }
        terms: dict[str, Any] = {
            "product_id": product.id,
            "officer_id": row.officer_id,
            "annual_rate": Decimal("0.05"),
            "method": "EQUAL_INSTALLMENT",
        }
        contract = await LoanContract.create(
            application_id=row.id,
            state="SIGNED",
            amount=row.amount,
            installments=3,
            starts_on=TODAY,
            ends_on=TODAY,
            document_sha256="",
            signature_state="SIGNED",
            prepared_by_id=1,
            **common,
            **terms,
        )
        for _ in range(count):
            await self.loan(contract, {**common, **terms}, common)

    async def loan(
        self, contract: LoanContract, terms: dict[str, Any], common: dict[str, Any]
    ) -> None:
        chance = self.chance
        state = chance.choice(["ACTIVE", "ACTIVE", "PAID_OFF", "WRITTEN_OFF", "CANCELLED"])
        start = chance.choice(STARTS)
        year = dt.timedelta(days=365)
        closed = start + year + dt.timedelta(days=chance.randrange(-2, 3))
        drawdown = await Drawdown.create(
            contract_id=contract.id,
            state="DISBURSED",
            amount=1,
            installments=3,
            payment_method="SELF",
            requested_by_kind="EMPLOYEE",
            requested_by_id=1,
            requested_on=start,
            **common,
        )
        loan = await Loan.create(
            contract_id=contract.id,
            drawdown_id=drawdown.id,
            state=state,
            principal=chance.randrange(1, 10**9),
            penalty_rate=Decimal("0.07"),
            penalty_grace_days=0,
            compound_basis="PENALTY",
            day_count="ACT_365",
            rounding="HALF_UP",
            period_unit="MONTH",
            every=1,
            installment_count=3,
            allocation={},
            profile="GENERIC",
            current_method="EQUAL_INSTALLMENT",
            non_accrual_beyond_days=90,
            cure_days=180,
            prepayment_fee_rate=Decimal(0),
            limit_used=0,
            start_date=start,
            maturity_date=start,
            accrued_through=start,
            principal_outstanding=0,
            closed_on=closed if state in ("PAID_OFF", "WRITTEN_OFF") else None,
            **terms,
        )
        for number in range(1, 4):
            due = start + dt.timedelta(days=chance.choice([31, 272, 273, 274, 275, 276, 277, 300]))
            late = chance.choice([*[0] * 9, 89, 90, 91, None])
            await Installment.create(
                loan_id=loan.id,
                number=number,
                currency=loan.currency,
                start_date=start,
                end_date=due,
                due_date=due,
                days=30,
                opening=1,
                principal=1,
                interest=0,
                settled_on=None if late is None else due + dt.timedelta(days=late),
            )


def _decided(state: str, created: dt.date, chance: random.Random) -> dt.date | None:
    decided = {"APPROVED", "REJECTED", "CONTRACTED"}
    if state in decided or (state in ("WITHDRAWN", "EXPIRED") and chance.random() < 0.5):
        return created + dt.timedelta(days=3)
    return None


@pytest.fixture(scope="module")
async def world(lender: Lender) -> World:
    chance = random.Random(11)
    make = Maker(lender, chance)
    champion = await make.model(
        version=1,
        state="CHAMPION",
        metrics={"pdReference": {"edges": [0.02, 0.1, 0.7], "counts": [50, 30, 15, 5]}},
    )
    other = await make.model(version=2, state="VALIDATED", metrics={"test": {}})
    created: dict[int, dt.date] = {}
    for number in range(105):
        state = STATES[number % len(STATES)]
        currency = chance.choice(CURRENCIES)
        if state == "DRAFT" and chance.random() < 0.5:
            currency = ""
        day = TODAY - dt.timedelta(days=chance.randrange(60))
        row = await make.application(state, currency, day)
        created[row.id] = day
        if state not in ("DRAFT", "SUBMITTED"):
            await make.decisions(row, [champion.id, champion.id, other.id, None])
        if state == "CONTRACTED":
            await make.loans(row, chance.choice([0, 1, 2, 2]))
    await execute("UPDATE business_date SET current = %s WHERE id = 1", [TODAY])
    return World(lender, champion, other, created)


async def last_decisions() -> dict[int, RiskDecision]:
    return {d.application_id: d for d in await RiskDecision.all().order_by("round")}


async def naive_funnel(
    rows: list[LoanApplication],
) -> dict[str, tuple[dict[str, list[LoanApplication]], int]]:
    """Stage → applications, and the principal paid out, by currency."""
    last = await last_decisions()
    lent: Counter[int] = Counter()
    drawn = set()
    for loan in await Loan.exclude(state__in=["PENDING", "CANCELLED"]):
        application = (await LoanContract.get(id=loan.contract_id)).application_id
        lent[application] += loan.principal
        drawn.add(application)
    found: dict[str, tuple[dict[str, list[LoanApplication]], int]] = {}
    for currency in {row.currency for row in rows}:
        mine = [row for row in rows if row.currency == currency]
        by_state = {state: [row for row in mine if row.state == state] for state in STATES}
        machine = {
            said: [row for row in mine if row.id in last and last[row.id].recommendation == said]
            for said in ("APPROVE", "REFER", "DECLINE")
        }
        left = [r for r in by_state["WITHDRAWN"] + by_state["EXPIRED"] if r.decided_on]
        stages = {
            "CREATED": mine,
            "SUBMITTED": [row for row in mine if row.submitted_on],
            "ASSESSED": [row for row in mine if row.id in last],
            **{f"RECOMMENDED_{said}": those for said, those in machine.items()},
            "APPROVED": by_state["APPROVED"] + by_state["CONTRACTED"] + left,
            "CONTRACTED": by_state["CONTRACTED"],
            "DRAWN": [row for row in mine if row.id in drawn],
            **{state: by_state[state] for state in ("REJECTED", "WITHDRAWN", "EXPIRED")},
        }
        found[currency] = stages, sum(lent[row.id] for row in mine)
    return found


async def check_funnel(found: ApplicationFunnel, rows: list[LoanApplication]) -> None:
    expected = await naive_funnel(rows)
    without, _ = expected.pop("", ({"CREATED": []}, 0))
    assert found.without_currency == len(without["CREATED"])
    assert [row.currency for row in found.currencies] == sorted(expected)
    for row in found.currencies:
        stages, disbursed = expected[row.currency]
        assert row.stages == tuple(
            StageTotal(stage, len(stages[stage]), sum(each.amount or 0 for each in stages[stage]))
            for stage in FunnelStage
        )
        assert row.disbursed == disbursed
        decided = len(stages["APPROVED"]) + len(stages["REJECTED"])
        if decided:
            exact = Fraction(len(stages["APPROVED"]), decided)
            assert abs(Fraction(row.approval_rate or 0) - exact) <= Fraction(1, 2_000_000)
        else:
            assert row.approval_rate is None


async def test_the_funnel_is_the_sum_of_its_applications(world: World) -> None:
    rows = await LoanApplication.all()
    found = await application_funnel(world.lender.analyst)
    await check_funnel(found, rows)
    assert found.without_currency > 0
    assert any(row.disbursed for row in found.currencies)


@pytest.mark.parametrize(("first", "last"), [(40, 20), (20, 0), (10, 10)])
async def test_a_period_takes_what_was_created_in_it(world: World, first: int, last: int) -> None:
    start, end = TODAY - dt.timedelta(days=first), TODAY - dt.timedelta(days=last)
    rows = [row for row in await LoanApplication.all() if start <= world.created[row.id] <= end]
    await check_funnel(await application_funnel(world.lender.auditor, start=start, end=end), rows)


async def test_a_relationship_manager_gets_the_own_funnel(world: World) -> None:
    manager = world.lender.manager2
    rows = await LoanApplication.filter(officer_id=manager.id)
    assert rows
    await check_funnel(await application_funnel(manager), rows)


async def test_a_period_that_is_none_is_refused(world: World) -> None:
    today, day = await business_date(), dt.timedelta(days=1)
    for start, end, paths in (
        (today, today - day, {"to"}),
        (None, today + day, {"to"}),
        (today + day, None, {"from", "to"}),
    ):
        for query in (application_funnel, model_performance):
            with pytest.raises(Refused) as refusal:
                await query(world.lender.analyst, start=start, end=end)
            assert {problem.path[0] for problem in refusal.value.problems} == paths
            assert {p.code for p in refusal.value.problems} == {ErrorCode.DATE_OUT_OF_RANGE}


async def scored_by(model: ModelVersion, start: dt.date, end: dt.date) -> list[RiskDecision]:
    return [
        decision
        for decision in (await last_decisions()).values()
        if decision.model_version_id == model.id and start <= decision.business_date <= end
    ]


async def outcomes() -> dict[int, bool]:
    """Decision id → bad, as the training line labels it."""
    return {
        case.decision_id: case.bad
        for currency in CURRENCIES
        for case in await decided_cases(currency=currency)
    }


def naive_auc(bads: list[float], goods: list[float]) -> Fraction:
    pairs = [(Fraction(b > g) + Fraction(b == g, 2)) for b in bads for g in goods]
    return sum(pairs, Fraction(0)) / len(pairs)


def naive_ks(bads: list[float], goods: list[float]) -> Fraction:
    def below(pds: list[float], cut: float) -> Fraction:
        return Fraction(sum(pd <= cut for pd in pds), len(pds))

    return max(abs(below(bads, cut) - below(goods, cut)) for cut in bads + goods)


@pytest.mark.parametrize("days", [0, 150])
async def test_performance_is_counted_from_decisions_and_how_they_turned_out(
    world: World, days: int
) -> None:
    start = dt.date(1900, 1, 1) if not days else TODAY - dt.timedelta(days=days)
    decisions = await scored_by(world.champion, start, TODAY)
    bad = await outcomes()
    found = await model_performance(world.lender.analyst, start=start if days else None)
    assert found is not None
    assert (found.model_version_id, found.version) == (world.champion.id, 1)
    pds = [decision.probability_of_default for decision in decisions]
    known = [decision for decision in decisions if decision.id in bad]
    assert 0 < len(known) < len(decisions)
    assert (found.scored, found.known) == (len(decisions), len(known))
    assert found.average_pd == pytest.approx(math.fsum(pds) / len(pds))
    assert found.bad == sum(bad[decision.id] for decision in known)
    assert found.bad_rate == Fraction(found.bad, found.known)
    for each in found.distribution:
        last = each.high == 1
        inside = [
            d
            for d in decisions
            if each.low <= d.probability_of_default < each.high
            or (last and d.probability_of_default == 1)
        ]
        assert each.count == len(inside)
        assert each.known == sum(d.id in bad for d in inside)
        assert each.bad == sum(bad.get(d.id, False) for d in inside)
    by_outcome = {
        said: [d.probability_of_default for d in known if bad[d.id] is said]
        for said in (True, False)
    }
    assert all(by_outcome.values())
    assert found.auc == naive_auc(by_outcome[True], by_outcome[False])
    assert found.ks == naive_ks(by_outcome[True], by_outcome[False])


async def test_stability_counts_the_cases_in_the_bins_of_training(world: World) -> None:
    found = await model_performance(world.lender.analyst)
    assert found is not None
    assert found.stability is not None
    decisions = await scored_by(world.champion, dt.date(1900, 1, 1), TODAY)
    edges = [0.02, 0.1, 0.7]
    counts = Counter(sum(d.probability_of_default > edge for edge in edges) for d in decisions)
    rows, psi = len(decisions), 0.0
    for place, expected in enumerate([50, 30, 15, 5]):
        then, now = (expected + 0.5) / 102, (counts[place] + 0.5) / (rows + 2)
        psi += (now - then) * math.log(now / then)
    assert found.stability.psi == pytest.approx(psi)
    assert (found.stability.reference_rows, found.stability.rows) == (100, rows)
    assert found.stability.bins == 4
    verdicts = [(0.1, Stability.STABLE), (0.25, Stability.WATCH), (math.inf, Stability.ACT)]
    assert found.stability.verdict is next(said for most, said in verdicts if psi < most)


async def test_a_model_without_reference_or_cases_says_so(world: World) -> None:
    other = await model_performance(world.lender.analyst, model_version_id=world.other.id)
    assert other is not None
    assert other.scored > 0
    assert other.stability is None
    before = dt.date(2020, 1, 1)
    nothing = await model_performance(world.lender.analyst, start=before, end=before)
    assert nothing is not None
    assert (nothing.scored, nothing.known, nothing.average_pd) == (0, 0, None)
    assert (nothing.auc, nothing.ks, nothing.stability, nothing.bad_rate) == (None,) * 4
    assert [each.count for each in nothing.distribution] == [0] * 10
    assert await model_performance(world.lender.analyst, model_version_id=10**9) is None


async def test_the_window_of_an_outcome_is_the_same_on_every_start_day(world: World) -> None:
    """The label in SQL is the label of the rules, also around the end of February."""
    bad = await outcomes()
    decisions = await last_decisions()
    for model in (world.champion, world.other):
        found = await model_performance(world.lender.auditor, model_version_id=model.id)
        assert found is not None
        mine = [d.id for d in decisions.values() if d.model_version_id == model.id]
        assert found.known == sum(each in bad for each in mine)
        assert found.bad == sum(bad.get(each, False) for each in mine)


QUERY = """query($model: ID, $day: Date) {
  applicationFunnel(from: $day) { from to withoutCurrency currencies { currency approvalRate
    disbursed stages { stage count amount } } }
  modelPerformance(modelVersionId: $model, to: $day) { modelVersionId name version from to scored
    averagePd known bad badRate auc ks distribution { low high count known bad }
    stability { psi verdict referenceRows rows bins } }
}"""


async def test_the_api_shows_both(world: World) -> None:
    risk = world.lender.risk_officer
    id = global_id("ModelVersion", world.champion.id)
    answered = await get_schema().execute(
        QUERY,
        variable_values={"model": id, "day": TODAY.isoformat()},
        context_value=Context(risk, "en"),
    )
    assert answered.errors is None
    funnel, performance = answered.data["applicationFunnel"], answered.data["modelPerformance"]
    assert (funnel["from"], funnel["to"]) == (TODAY.isoformat(),) * 2
    found = await model_performance(risk)
    assert found is not None
    assert performance["auc"] == float(found.auc or 0)
    assert performance["modelVersionId"] == id
    assert performance["stability"]["verdict"] in list(Stability)
    assert [each["stage"] for row in funnel["currencies"] for each in row["stages"]] == list(
        itertools.chain.from_iterable([list(FunnelStage)] * len(funnel["currencies"]))
    )
