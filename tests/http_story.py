"""The story of a loan over HTTP, step by step, for tests that need one of its states."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from domain.actor import Actor
from domain.models.staff import BorrowerUser
from domain.queries.actors import load_actor
from tests.over_http import Api, gid


@dataclass(slots=True, kw_only=True)
class Case:
    """One borrower's case as far as it has come; global ids, "" for what does not exist yet."""

    user: Actor
    borrower: str
    facility: str
    application: str = ""
    contract: str = ""
    drawdown: str = ""
    loan: str = ""


async def user_of(borrower_id: int | None) -> Actor:
    """A new user of the borrower."""
    subject = f"user-{secrets.token_hex(4)}"
    await BorrowerUser.create(subject=subject, name="A user", borrower_id=borrower_id)
    actor = await load_actor(subject)
    assert actor is not None
    return actor


@dataclass(slots=True)
class Story:
    """Plays the story with the lender's staff; the borrower's side by the borrower's user."""

    api: Api
    product: str

    @classmethod
    async def open(cls, api: Api, code: str = "USD-LEVEL") -> Story:
        found = await api.data(
            api.lender.cashier, "{ loanProducts { edges { node { id code } } } }"
        )
        edges = found["loanProducts"]["edges"]
        return cls(api, next(e["node"]["id"] for e in edges if e["node"]["code"] == code))

    async def fresh(self, limit: str = "1000000.00", **borrower: Any) -> Case:
        """A borrower with a user and an ACTIVE facility."""
        lender = self.api.lender
        borrower_id = await lender.borrower(**borrower)
        facility_id = await lender.facility(borrower_id=borrower_id, limit=limit)
        return Case(
            user=await user_of(borrower_id),
            borrower=gid("Borrower", borrower_id),
            facility=gid("CreditFacility", facility_id),
        )

    def form(self, case: Case, **changes: Any) -> dict[str, Any]:
        """A form that lacks nothing."""
        return {
            "borrowerId": case.borrower,
            "facilityId": case.facility,
            "productId": self.product,
            "amount": "50000.00",
            "annualRate": "0.0600",
            "installments": 12,
            "purpose": "RAW_MATERIALS",
            **changes,
        }

    async def draft(self, case: Case | None = None, **changes: Any) -> Case:
        case = case or await self.fresh()
        saved = await self.api.done(
            case.user, "saveApplication", "application { id }", **self.form(case, **changes)
        )
        case.application = saved["application"]["id"]
        return case

    async def submitted(self, case: Case | None = None, **changes: Any) -> Case:
        case = await self.draft(case, **changes)
        await self.api.done(case.user, "submitApplication", applicationId=case.application)
        return case

    async def approved(self, case: Case | None = None, **changes: Any) -> Case:
        case = await self.submitted(case, **changes)
        await self.approve(case)
        return case

    async def approve(self, case: Case) -> None:
        """Every level that the matrix needs."""
        lender = self.api.lender
        for approver in (lender.approver, lender.approver2):
            done = await self.api.done(
                approver,
                "approveApplication",
                "application { state }",
                applicationId=case.application,
            )
            if done["application"]["state"] == "APPROVED":
                return
        raise AssertionError("two approvals were not enough")

    async def prepared(self, case: Case | None = None, **changes: Any) -> Case:
        case = await self.approved(case, **changes)
        await self.prepare(case)
        return case

    async def prepare(self, case: Case) -> str:
        """Prepare the contract; return the hash of its document."""
        done = await self.api.done(
            self.api.lender.relationship_manager,
            "prepareContract",
            "contract { id documentSha256 }",
            applicationId=case.application,
        )
        case.contract = done["contract"]["id"]
        return str(done["contract"]["documentSha256"])

    async def signed(self, case: Case | None = None, **changes: Any) -> Case:
        case = await self.approved(case, **changes)
        document = await self.prepare(case)
        await self.api.done(
            case.user,
            "signContract",
            contractId=case.contract,
            documentSha256=document,
            signedBy="Director",
        )
        return case

    async def drawn(self, case: Case | None = None, amount: str = "50000.00", **terms: Any) -> Case:
        case = await self.signed(case, **terms)
        await self.draw(case, amount)
        return case

    async def draw(self, case: Case, amount: str, **form: Any) -> None:
        """Request a drawdown to a payee."""
        done = await self.api.done(
            case.user,
            "requestDrawdown",
            "drawdown { id }",
            **{
                "contractId": case.contract,
                "amount": amount,
                "paymentMethod": "ENTRUSTED",
                "payeeName": "Mill",
                "payeeAccount": "6222000012345678",
                "evidenceNumber": "INV-1",
                **form,
            },
        )
        case.drawdown = done["drawdown"]["id"]

    async def disbursed(
        self, case: Case | None = None, amount: str = "50000.00", **terms: Any
    ) -> Case:
        case = await self.drawn(case, amount, **terms)
        done = await self.api.done(
            self.api.lender.cashier,
            "disburseDrawdown",
            "loan { id }",
            drawdownId=case.drawdown,
        )
        case.loan = done["loan"]["id"]
        return case
