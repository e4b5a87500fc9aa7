"""Short ways through the story of an application, for its tests."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.application import ApprovalTask, LoanApplication
from domain.models.lending.product import LoanProduct
from domain.models.records import Job
from domain.models.risk.decision import RiskDecision
from domain.models.risk.model_version import ModelVersion
from domain.operations.lending.application_form import ApplicationForm
from domain.operations.lending.apply_for_loan import apply_for_loan
from domain.operations.lending.save_application import save_application
from domain.operations.lending.submit_application import submit_application
from domain.operations.perform import Done
from domain.queries.actors import load_actor
from domain.rules.lending.application import Purpose
from domain.rules.refusal import Refused
from domain.rules.risk.score import FeatureValue, Score, ScoreFunction
from domain.rules.roles import Role
from ml.catalogue import CATALOGUE
from ml.features import parse_features
from tests.lender import Lender, hire, key
from tests.risk_cases import score


def read_features(raw: Mapping[str, object]) -> Mapping[str, FeatureValue]:
    """What the entry points pass: the catalogue's reader."""
    return parse_features(raw, catalogue=CATALOGUE)


async def model_version() -> int:
    """A row that decisions may refer to."""
    job = await Job.create(kind="TRAIN", state="DONE", input={}, started_by_id=1)
    version = await ModelVersion.create(
        name=secrets.token_hex(4),
        version=1,
        state="CHAMPION",
        job_id=job.id,
        algorithm="LOGISTIC_REGRESSION",
        recipe="synthetic",
        artefact_url="file:///nowhere",
        sha256="ab" * 32,
        metrics={},
        cutoff=0.5,
        trained_by_id=1,
    )
    return version.id


@dataclass(slots=True)
class Story:
    """A lender, a model that says what it is told, and a product to apply for."""

    lender: Lender
    product: LoanProduct
    model_version_id: int

    @classmethod
    async def open(cls, lender: Lender) -> Story:
        product = await LoanProduct.get(code="USD-LEVEL")
        return cls(lender, product, await model_version())

    def says(self, probability: float, **changes: Any) -> ScoreFunction:
        """A score function that gives this PD to everybody."""
        found: Score = score(probability, model_version_id=self.model_version_id, **changes)
        return lambda features: found

    async def form(self, facility_id: int, **changes: Any) -> dict[str, Any]:
        """A form that lacks nothing."""
        return {
            "product_id": self.product.id,
            "facility_id": facility_id,
            "amount": Decimal("50000.00"),
            "annual_rate": Decimal("0.06"),
            "installments": 12,
            "purpose": Purpose.RAW_MATERIALS,
            **changes,
        }

    async def save(self, *, actor: Actor | None = None, **arguments: Any) -> Done:
        return await save_application(
            actor=actor or self.lender.relationship_manager,
            key=arguments.pop("key", None) or key(),
            form=ApplicationForm(read_features=read_features, **arguments),
        )

    async def apply(self, *, actor: Actor | None = None, **arguments: Any) -> Done:
        """Save a form and submit it, at once."""
        return await apply_for_loan(
            actor=actor or self.lender.relationship_manager,
            key=arguments.pop("key", None) or key(),
            score=arguments.pop("score", None) or self.says(0.03),
            form=ApplicationForm(read_features=read_features, **arguments),
        )

    async def draft(self, **changes: Any) -> int:
        """A complete DRAFT for a new borrower with a facility; return its row id."""
        borrower_id = await self.lender.borrower(registered_on=dt.date(2020, 5, 1))
        facility_id = await self.lender.facility(borrower_id=borrower_id, limit="90000000.00")
        done = await self.save(
            borrower_id=borrower_id, fields=await self.form(facility_id, **changes)
        )
        return done["application"]

    async def submit(
        self, application_id: int, *, actor: Actor | None = None, **arguments: Any
    ) -> Done:
        return await submit_application(
            actor=actor or self.lender.relationship_manager,
            key=arguments.pop("key", None) or key(),
            application_id=application_id,
            score=arguments.pop("score", None) or self.says(0.03),
            **arguments,
        )

    async def assessed(self, *, probability: float = 0.03, **changes: Any) -> int:
        """An application after its submission; return its row id."""
        application_id = await self.draft(**changes)
        await self.submit(application_id, score=self.says(probability))
        return application_id


async def application(application_id: int) -> LoanApplication:
    return await LoanApplication.get(id=application_id)


async def decision(application_id: int) -> RiskDecision:
    found = await RiskDecision.filter(application_id=application_id).order_by("-round").first()
    assert found is not None
    return found


async def tasks(application_id: int) -> list[tuple[int, int, str]]:
    """The application's tasks: round, level, state."""
    found = await ApprovalTask.filter(application_id=application_id).order_by("round", "level")
    return [(task.round, task.level, task.state) for task in found]


async def events(noun: str, noun_id: int) -> list[str]:
    found = await rows(
        "SELECT kind FROM outbox_event WHERE noun = %s AND noun_id = %s ORDER BY id",
        [noun, noun_id],
    )
    return [row["kind"] for row in found]


async def footprint() -> list[int]:
    """How much there is of everything a refused try must not add to."""
    counts = []
    for table in (
        "loan_application",
        "risk_decision",
        "approval_task",
        "case_assignment",
        "outbox_event",
        "idempotency_record",
    ):
        found = await rows(f"SELECT COUNT(*) AS n FROM {table}")
        counts.append(found[0]["n"])
    done = await rows("SELECT COUNT(*) AS n FROM audit_entry WHERE outcome = 'DONE'")
    return [*counts, done[0]["n"]]


def said(refusal: Refused) -> set[tuple[str, str]]:
    """The refusal's problems as (path, code)."""
    return {(".".join(p.path), str(p.code)) for p in refusal.problems}


async def staff(
    lender: Lender, role: Role, *, level: int = 1, roles: tuple[Role, ...] = ()
) -> Actor:
    """A new person of the head office with `role` (and `roles`)."""
    from domain.models.staff import EmployeeRole

    person = await hire(f"{role.lower()}", role, branch_id=lender.approver.branch_id, level=level)
    for more in roles:
        await EmployeeRole.create(employee_id=person.id, role=more)
    found = await load_actor(person.subject)
    assert found is not None
    return found
