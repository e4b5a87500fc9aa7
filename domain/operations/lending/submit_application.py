"""Submit an application: it is checked whole, then assessed in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter_ns

from domain.actor import Actor
from domain.db import together
from domain.models.lending.application import LoanApplication
from domain.models.lending.application_terms import application_terms, product_terms
from domain.models.lending.borrower import Borrower
from domain.models.lending.facility import CreditFacility
from domain.models.lending.product import LoanProduct
from domain.operations.lending.application_form import note_lacking
from domain.operations.lending.owner_side import refuse_other_side, refuse_stale
from domain.operations.perform import Done, Result, Step, perform
from domain.operations.risk.assess import Case, assess
from domain.queries.business_date import business_date
from domain.queries.lending.find import find_application, find_facility, row_of
from domain.queries.lending.products import is_on_offer
from domain.queries.policy import policy_days
from domain.rules.form import Form
from domain.rules.lending.application import (
    EDITABLE,
    check_facility,
    check_product,
    content_sha256,
)
from domain.rules.lending.states import (
    APPLICATION,
    APPLICATION_MOVES,
    ApplicationState,
)
from domain.rules.refusal import Problem, Refused
from domain.rules.risk.score import ScoreFunction
from domain.rules.states import move, require_state


async def submit_application(
    *,
    actor: Actor,
    key: str,
    application_id: int,
    score: ScoreFunction,
    expected_version: int | None = None,
) -> Done:
    """Submit a DRAFT or RETURNED application and decide on it at once.

    It becomes ASSESSED and waits for its approvers, or REJECTED where the machine says DECLINE.
    `score` gives the PD; when it gives None or fails the case is referred to people. Result:
    `application`, `decision`. Raises :class:`Refused` with everything the form still lacks.
    """

    async def work(step: Step) -> Result:
        started_ns = perf_counter_ns()
        refuse_other_side(actor)
        today, application = await together(
            business_date(), find_application(actor, application_id, lock=True)
        )
        refuse_stale(application, expected_version)
        require_state(APPLICATION, ApplicationState(application.state), *EDITABLE)
        case, days = await together(
            _complete_case(actor, application, today=today),
            policy_days("application_validity_days", borrower_id=application.borrower_id, on=today),
        )
        application.expires_on = today + dt.timedelta(days=days)
        return await submit_case(step, case, score=score, today=today, started_ns=started_ns)

    return await perform(
        actor=actor,
        action="submitApplication",
        key=key,
        arguments={"application": application_id, "version": expected_version},
        work=work,
    )


async def submit_case(
    step: Step, case: Case, *, score: ScoreFunction, today: dt.date, started_ns: int
) -> Result:
    """Submit a complete application inside a running transaction, and decide on it."""
    application = case.application
    before = {"state": application.state, "version": application.version}
    move(
        APPLICATION_MOVES,
        APPLICATION,
        ApplicationState(application.state),
        ApplicationState.SUBMITTED,
    )
    application.state = ApplicationState.SUBMITTED
    application.version += 1
    application.method = case.product.method
    application.content_sha256 = content_sha256(application_terms(application))
    application.submitted_by_kind = step.actor.kind
    application.submitted_by_id = step.actor.id
    application.submitted_on = today
    step.changed(
        "LoanApplication",
        application.id,
        before=before,
        after={
            "state": application.state,
            "version": application.version,
            "contentSha256": application.content_sha256,
        },
        event="application.submitted",
    )
    decision = await assess(step=step, case=case, score=score, today=today, started_ns=started_ns)
    return {"application": application.id, "decision": decision.id}


async def _complete_case(actor: Actor, application: LoanApplication, *, today: dt.date) -> Case:
    """Return the application with all it refers to, or refuse everything that is wrong."""
    form = Form()
    terms = application_terms(application)
    borrower, product, (facility, unseen) = await together(
        row_of(Borrower, application.borrower_id),
        row_of(LoanProduct, application.product_id or 0),
        _find_facility(actor, application.facility_id),
    )
    if borrower is None:
        raise ValueError(f"application {application.id} has no borrower")
    if product is not None:
        bounds = replace(product_terms(product), active=await is_on_offer(product))
        check_product(form, terms, bounds, profile=borrower.profile)
    form.extend(unseen)
    if facility is not None:
        check_facility(form, terms, borrower_id=facility.borrower_id, currency=facility.currency)
    note_lacking(form, terms, facility, today=today)
    form.refuse()
    if product is None or facility is None:
        raise ValueError("a complete application has a product and a facility")
    return Case(application, borrower, product, facility)


async def _find_facility(
    actor: Actor, facility_id: int | None
) -> tuple[CreditFacility | None, Sequence[Problem]]:
    """Return the facility where one is named and seen, else what is wrong with that."""
    if facility_id is None:
        return None, ()
    try:
        return await find_facility(actor, facility_id), ()
    except Refused as refusal:
        return None, refusal.problems
