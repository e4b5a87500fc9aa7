"""Save an application's form: create a DRAFT, or change one (or a RETURNED one).

A phone on a bad network saves half a form, and another device goes on with it: any field may be
absent, but one that is there must be right.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor, ActorKind
from domain.db import insert_later, together
from domain.models.lending.application import LoanApplication
from domain.models.lending.application_terms import application_terms
from domain.models.lending.borrower import Borrower
from domain.operations.clock import now
from domain.operations.lending.application_form import (
    ApplicationForm,
    ReadForm,
    read_form,
)
from domain.operations.lending.owner_side import refuse_other_side, refuse_stale
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import business_date
from domain.queries.lending.find import find_application, find_borrower, row_of
from domain.queries.lending.own_borrower import own_borrower_id
from domain.queries.policy import policy_days
from domain.rules.form import Form
from domain.rules.lending.application import EDITABLE, ApplicationTerms, content
from domain.rules.lending.states import APPLICATION, ApplicationState
from domain.rules.refusal import ErrorCode
from domain.rules.states import require_state


async def save_application(*, actor: Actor, key: str, form: ApplicationForm) -> Done:
    """Create the application or change it. Result: `application`. Raises :class:`Refused` with
    every mistake of the form."""

    async def work(step: Step) -> Result:
        saved = await save_form(step, form, submit=False)
        return {"application": saved.application.id}

    return await perform(
        actor=actor, action="saveApplication", key=key, arguments=form.arguments(), work=work
    )


_VALID = {False: "draft_validity_days", True: "application_validity_days"}
"""How long a draft and a submitted application wait, by policy."""


@dataclass(frozen=True, slots=True)
class Saved:
    """An application as it was saved `today`, whose it is, and what its form refers to."""

    today: dt.date
    application: LoanApplication
    borrower: Borrower
    read: ReadForm


async def save_form(step: Step, form: ApplicationForm, *, submit: bool) -> Saved:
    """Save the form inside a running transaction; one to `submit` must be whole."""
    actor = step.actor
    refuse_other_side(actor)
    today, (application, borrower) = await together(business_date(), _open(actor, form))
    before = application_terms(application)
    read, days = await together(
        read_form(
            actor,
            borrower,
            before,
            form.fields,
            form.read_features,
            submitted_on=today if submit else None,
        ),
        policy_days(_VALID[submit], borrower_id=borrower.id, on=today),
    )
    _write(application, read.terms)
    application.expires_on = today + dt.timedelta(days=days)
    if form.application_id is None:
        await application.save()
        await _assign(application, today=today)
    else:
        application.version += 1
        await application.save()
    _note(step, application, before, read.terms, created=form.application_id is None)
    return Saved(today, application, borrower, read)


async def _open(actor: Actor, form: ApplicationForm) -> tuple[LoanApplication, Borrower]:
    """Return the application to change, locked, or a new one that is not saved yet."""
    borrower_id = form.borrower_id
    if form.application_id is None:
        borrower = await _new_borrower(actor, borrower_id)
        officer_id = borrower.officer_id
        if officer_id is None and actor.kind is ActorKind.EMPLOYEE:
            officer_id = actor.id
        return LoanApplication(
            borrower_id=borrower.id,
            branch_id=borrower.branch_id,
            officer_id=officer_id,
            state=ApplicationState.DRAFT,
            currency="",
            features={},
            created_by_kind=actor.kind,
            created_by_id=actor.id,
        ), borrower
    application = await find_application(actor, form.application_id, lock=True)
    refuse_stale(application, form.expected_version)
    require_state(APPLICATION, ApplicationState(application.state), *EDITABLE)
    if borrower_id is not None and borrower_id != application.borrower_id:
        found = Form()
        found.add(
            ErrorCode.INVALID_VALUE,
            "borrowerId",
            "An application cannot move to another borrower. Start a new one for that borrower.",
            "申请不能更换借款人，请为该借款人新建申请。",
        )
        found.refuse()
    whose = await row_of(Borrower, application.borrower_id)
    if whose is None:
        raise ValueError(f"application {application.id} has no borrower")
    return application, whose


async def _new_borrower(actor: Actor, borrower_id: int | None) -> Borrower:
    wanted = borrower_id
    if wanted is None and actor.kind is ActorKind.BORROWER_USER:
        wanted = await own_borrower_id(actor)
    if wanted is None:
        form = Form()
        form.add(
            ErrorCode.REQUIRED,
            "borrowerId",
            "borrowerId is required to start an application. Register the borrower first.",
            "新建申请须填写 borrowerId，请先登记借款人。",
        )
        form.refuse()
    return await find_borrower(actor, wanted or 0)


def _write(application: LoanApplication, terms: ApplicationTerms) -> None:
    application.facility_id = terms.facility_id
    application.product_id = terms.product_id
    application.currency = terms.currency
    application.amount = terms.amount
    application.annual_rate = terms.annual_rate
    application.installments = terms.installments
    application.method = terms.method or ""
    application.purpose = terms.purpose or ""
    application.purpose_note = terms.purpose_note
    application.own_funds = terms.own_funds
    application.other_funding = terms.other_funding
    application.expected_growth = terms.expected_growth
    application.renews_loan_id = terms.renews_loan_id
    application.features = dict(terms.features)


async def _assign(application: LoanApplication, *, today: dt.date) -> None:
    assignment = {
        "noun": "LoanApplication",
        "noun_id": application.id,
        "employee_id": application.officer_id,
        "branch_id": application.branch_id,
        "from_date": today,
        "reason": "created",
        "created_at": now(),
    }
    await insert_later("case_assignment", [assignment])


def _note(
    step: Step,
    application: LoanApplication,
    before: ApplicationTerms,
    after: ApplicationTerms,
    *,
    created: bool,
) -> None:
    """Note what changed, and only that."""
    old, new = content(before), content(after)
    # Not every content has every name.
    changed = [name for name in old | new if created or new.get(name) != old.get(name)]
    version = application.version
    step.changed(
        "LoanApplication",
        application.id,
        before={} if created else {"version": version - 1, **{n: old.get(n) for n in changed}},
        after={
            "state": application.state,
            "version": version,
            **{name: new.get(name) for name in changed},
        },
        event="application.saved",
    )
