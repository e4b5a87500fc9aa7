"""Propose a credit facility; another person activates it (four eyes)."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal

from domain.actor import Actor
from domain.models.lending.facility import CreditFacility
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import business_date
from domain.queries.lending.find import find_borrower
from domain.rules.form import Form
from domain.rules.lending.states import FacilityState

FACILITY_YEARS_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityProposal:
    """What the form gives; `limit` in major units of `currency`."""

    borrower_id: int
    limit: Decimal
    currency: str
    revolving: bool
    expires_on: dt.date


async def propose_facility(*, actor: Actor, key: str, proposal: FacilityProposal) -> Done:
    """Create the facility as PROPOSED; nothing can be drawn until it is ACTIVE.

    Result: `facility`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        today = await business_date()
        borrower = await find_borrower(actor, proposal.borrower_id)
        form = Form()
        currency = form.currency("currency", proposal.currency)
        limit = form.money("limit", proposal.limit, currency)
        form.date(
            "expiresOn",
            proposal.expires_on,
            earliest=today + dt.timedelta(days=1),
            latest=today + dt.timedelta(days=366 * FACILITY_YEARS_MAX),
        )
        form.refuse()
        facility = await CreditFacility.create(
            borrower_id=borrower.id,
            branch_id=borrower.branch_id,
            currency=currency,
            limit_amount=limit,
            revolving=proposal.revolving,
            state=FacilityState.PROPOSED,
            expires_on=proposal.expires_on,
            proposed_by_id=actor.id,
        )
        step.changed(
            "CreditFacility",
            facility.id,
            after={"state": facility.state, "limit": limit, "currency": currency},
            event="facility.proposed",
        )
        return {"facility": facility.id}

    return await perform(
        actor=actor, action="proposeFacility", key=key, arguments=asdict(proposal), work=work
    )
