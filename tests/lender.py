"""A small lender for the tests: staff of every role, and short ways through the lending story."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from dataclasses import dataclass, field
from decimal import Decimal

from domain.actor import Actor
from domain.models.lending.application import LoanApplication
from domain.models.lending.contract import LoanContract
from domain.models.lending.loan import Loan
from domain.models.lending.product import LoanProduct
from domain.models.staff import BorrowerUser, Branch, Employee, EmployeeRole
from domain.operations.lending.activate_facility import activate_facility
from domain.operations.lending.disburse_drawdown import disburse_drawdown
from domain.operations.lending.drawdown_plan import PlanLine
from domain.operations.lending.prepare_contract import prepare_contract, sign_contract
from domain.operations.lending.propose_facility import FacilityProposal, propose_facility
from domain.operations.lending.register_borrower import Registration, register_borrower
from domain.operations.lending.request_drawdown import DrawdownRequest, request_drawdown
from domain.queries.actors import load_actor
from domain.rules.lending.borrower import BorrowerKind, Profile
from domain.rules.lending.states import ApplicationState, PaymentMethod
from domain.rules.roles import Role

_COUNTER = itertools.count(1)


def key() -> str:
    """A fresh idempotency key."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class Lender:
    """Actors by role; `approver2` is a second approver of level 2."""

    actors: dict[Role, Actor]
    approver2: Actor
    manager2: Actor
    applicant: Actor
    made: list[int] = field(default_factory=list)

    @classmethod
    async def open(cls) -> Lender:
        """Hire the staff."""
        branch = await Branch.get(parent_id=None)
        actors = {}
        for role in Role:
            if role is not Role.APPLICANT:
                actors[role] = await hire(f"{role.lower()}-1", role, branch_id=branch.id)
        user = f"user-{secrets.token_hex(4)}"
        await BorrowerUser.create(subject=user, name="Applicant One")
        applicant = await load_actor(user)
        assert applicant is not None
        return cls(
            actors=actors,
            approver2=await hire("approver-2", Role.APPROVER, branch_id=branch.id, level=2),
            manager2=await hire("manager-2", Role.RELATIONSHIP_MANAGER, branch_id=branch.id),
            applicant=applicant,
        )

    def __getattr__(self, name: str) -> Actor:
        """`lender.cashier` is the actor of that role."""
        return self.actors[Role(name.upper())]

    async def borrower(self, **changes: object) -> int:
        """Register a GENERIC borrower; return its row id."""
        form = Registration(
            **{
                "profile": Profile.GENERIC,
                "kind": BorrowerKind.COMPANY,
                "name": f"Borrower {next(_COUNTER)}",
                **changes,
            }
        )
        done = await register_borrower(
            actor=self.relationship_manager, key=key(), registration=form
        )
        return done["borrower"]

    async def facility(
        self,
        *,
        borrower_id: int | None = None,
        limit: str = "1000000.00",
        currency: str = "USD",
        revolving: bool = True,
        expires_on: dt.date = dt.date(2028, 12, 31),
    ) -> int:
        """Propose and activate a facility; return its row id."""
        proposal = FacilityProposal(
            borrower_id=borrower_id or await self.borrower(),
            limit=Decimal(limit),
            currency=currency,
            revolving=revolving,
            expires_on=expires_on,
        )
        manager = self.relationship_manager
        done = await propose_facility(actor=manager, key=key(), proposal=proposal)
        await activate_facility(actor=self.approver, key=key(), facility_id=done["facility"])
        return done["facility"]

    async def approved_application(
        self,
        facility_id: int,
        *,
        amount: int = 50_000_00,
        product: str = "USD-LEVEL",
        rate: str = "0.0600",
        installments: int = 12,
        method: str = "",
    ) -> int:
        """An APPROVED application, as the approvers leave it; return its row id."""
        from domain.models.lending.facility import CreditFacility

        facility = await CreditFacility.get(id=facility_id)
        chosen = await LoanProduct.get(code=product)
        application = await LoanApplication.create(
            borrower_id=facility.borrower_id,
            facility_id=facility.id,
            product_id=chosen.id,
            branch_id=facility.branch_id,
            officer_id=self.relationship_manager.id,
            state=ApplicationState.APPROVED,
            currency=facility.currency,
            amount=amount,
            annual_rate=Decimal(rate),
            installments=installments,
            method=method or chosen.method,
            features={},
            created_by_kind="EMPLOYEE",
            created_by_id=self.relationship_manager.id,
            submitted_by_kind="EMPLOYEE",
            submitted_by_id=self.relationship_manager.id,
        )
        return application.id

    async def signed_contract(self, facility_id: int, **terms: object) -> LoanContract:
        """A SIGNED contract under the facility."""
        application_id = await self.approved_application(facility_id, **terms)
        manager = self.relationship_manager
        done = await prepare_contract(actor=manager, key=key(), application_id=application_id)
        contract = await LoanContract.get(id=done["contract"])
        await sign_contract(
            actor=manager,
            key=key(),
            contract_id=contract.id,
            document_sha256=contract.document_sha256,
            signed_by="Director",
        )
        return await LoanContract.get(id=contract.id)

    async def loan(
        self, facility_id: int | None = None, plan: tuple[PlanLine, ...] = (), **terms: object
    ) -> Loan:
        """A disbursed loan of the whole contract."""
        facility_id = facility_id or await self.facility()
        contract = await self.signed_contract(facility_id, **terms)
        drawdown_id = await self.drawdown(contract, str(Decimal(contract.amount) / 100), plan)
        done = await disburse_drawdown(actor=self.cashier, key=key(), drawdown_id=drawdown_id)
        return await Loan.get(id=done["loan"])

    async def drawdown(
        self, contract: LoanContract, amount: str, plan: tuple[PlanLine, ...] = ()
    ) -> int:
        """Request a drawdown for own use; return its row id."""
        request = DrawdownRequest(
            contract_id=contract.id,
            amount=Decimal(amount),
            payment_method=PaymentMethod.SELF,
            plan=plan,
        )
        done = await request_drawdown(actor=self.relationship_manager, key=key(), request=request)
        return done["drawdown"]


async def hire(name: str, role: Role, *, branch_id: int, level: int = 1) -> Actor:
    """Employ a person with one role; return the person as an actor."""
    subject = f"{name}-{secrets.token_hex(3)}"
    employee = await Employee.create(
        subject=subject,
        name=name,
        branch_id=branch_id,
        approval_level=level if role is Role.APPROVER else 0,
    )
    await EmployeeRole.create(employee_id=employee.id, role=role)
    actor = await load_actor(subject)
    assert actor is not None
    return actor
