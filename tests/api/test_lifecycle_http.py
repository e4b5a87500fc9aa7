"""The story over HTTP and every way to leave it: wrong role, wrong state, wrong person, twice."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from api.graphql.ids import row_id_of
from api.graphql.roles import ROLES
from domain.actor import Actor
from domain.models.lending.facility import CreditFacility
from domain.models.staff import EmployeeRole
from domain.queries.actors import load_actor
from domain.rules.roles import Role
from tests.api_forms import any_form, statement
from tests.http_story import Case, Story
from tests.lender import Lender, hire
from tests.over_http import Api, codes, footprint

MONEY = (
    *("proposeFacility", "activateFacility", "approveApplication", "signContract"),
    *("requestDrawdown", "cancelDrawdown", "disburseDrawdown", "repayLoan", "payOffLoan"),
)


def forms(case: Case, story: Story) -> dict[str, dict[str, Any]]:
    """A form for every mutation on a case, right but for the role or the state."""
    application, loan = {"applicationId": case.application}, {"loanId": case.loan}
    return {
        "registerBorrower": {"name": "Somebody", "profile": "GENERIC"},
        "proposeFacility": {
            "borrowerId": case.borrower,
            "limit": "1.00",
            "currency": "USD",
            "expiresOn": "2027-01-01",
        },
        "activateFacility": {"facilityId": case.facility},
        "freezeFacility": {"facilityId": case.facility},
        "thawFacility": {"facilityId": case.facility},
        "saveApplication": {"applicationId": case.application, "amount": "600.00"},
        "submitApplication": application,
        "withdrawApplication": application,
        "approveApplication": application,
        "rejectApplication": {**application, "comment": "no"},
        "returnApplication": {**application, "comment": "more"},
        "prepareContract": application,
        "signContract": {
            "contractId": case.contract,
            "documentSha256": "0" * 64,
            "signedBy": "Director",
        },
        "requestDrawdown": {"contractId": case.contract, "amount": "1.00"},
        "cancelDrawdown": {"drawdownId": case.drawdown},
        "disburseDrawdown": {"drawdownId": case.drawdown},
        "repayLoan": {**loan, "amount": "1.00"},
        "payOffLoan": {**loan, "amount": "1.00"},
    }


@pytest.fixture(scope="module")
async def closed(story: Story) -> Case:
    """A case whose loan was paid off on the day of its disbursement."""
    case = await story.disbursed()
    await story.api.done(
        story.api.lender.cashier, "payOffLoan", loanId=case.loan, amount="50000.00"
    )
    return case


def actors(case: Case, lender: Lender) -> dict[Role, Actor]:
    return {**lender.actors, Role.APPLICANT: case.user}


async def test_every_mutation_refuses_every_other_role_and_writes_only_that_it_was_tried(
    api: Api, story: Story, closed: Case, lender: Lender
) -> None:
    for field, allowed in ROLES.items():
        root, name = field.split(".")
        if root != "Mutation":
            continue
        for role, actor in actors(closed, lender).items():
            if role not in allowed:
                await api.forbidden(actor, name, **any_form(name))
    for name in MONEY:
        assert Role.ADMIN not in ROLES[f"Mutation.{name}"]
        assert Role.OPERATOR not in ROLES[f"Mutation.{name}"]


async def test_nobody_signed_in_writes_nothing_at_all(api: Api, story: Story, closed: Case) -> None:
    before = await footprint()
    for field in ROLES:
        if field.startswith("Mutation."):
            name = field.removeprefix("Mutation.")
            answer = await api.try_mutate(None, name, **any_form(name))
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await footprint() == before


ILLEGAL = [
    ("closed", "submitApplication withdrawApplication saveApplication"),
    ("closed", "approveApplication rejectApplication returnApplication prepareContract"),
    ("closed", "cancelDrawdown disburseDrawdown repayLoan payOffLoan"),
    ("closed", "activateFacility thawFacility"),
    ("draft", "approveApplication rejectApplication returnApplication prepareContract"),
    ("submitted", "submitApplication saveApplication prepareContract"),
    ("approved", "submitApplication saveApplication approveApplication rejectApplication"),
    ("prepared", "requestDrawdown prepareContract approveApplication"),
    ("drawn", "returnApplication withdrawApplication prepareContract"),
]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("stage", "names"), ILLEGAL)
async def test_a_step_in_the_wrong_state_is_refused(
    api: Api, story: Story, closed: Case, lender: Lender, stage: str, names: str, language: str
) -> None:
    case = closed if stage == "closed" else await getattr(story, stage)()
    by_role = actors(case, lender)
    for name in names.split():
        role = min(ROLES[f"Mutation.{name}"])
        form = forms(case, story)[name]
        errors = await api.refused(by_role[role], name, language=language, **form)
        wanted = {"DUPLICATE"} if (stage, name) == ("prepared", "prepareContract") else set()
        assert {code for _, code in codes(errors)} == (wanted or {"ILLEGAL_STATE"}), name


async def test_the_states_of_a_facility(api: Api, story: Story, lender: Lender) -> None:
    case = await story.drawn()
    facility = {"facilityId": case.facility}
    await api.done(lender.risk_officer, "freezeFacility", **facility)
    illegal = {"ILLEGAL_STATE"}
    for actor, name, form in (
        (lender.risk_officer, "freezeFacility", facility),
        (lender.approver, "activateFacility", facility),
        (lender.cashier, "disburseDrawdown", {"drawdownId": case.drawdown}),
        (case.user, "requestDrawdown", {"contractId": case.contract, "amount": "1.00"}),
    ):
        errors = await api.refused(actor, name, **form)
        assert {code for _, code in codes(errors)} == illegal, name
    await api.done(lender.risk_officer, "thawFacility", **facility)
    await api.done(case.user, "cancelDrawdown", drawdownId=case.drawdown)
    row = await CreditFacility.get(id=row_id_of(case.facility, "CreditFacility"))
    assert (row.reserved, row.used) == (0, 0)


async def test_four_eyes_by_person_not_by_role(api: Api, story: Story, lender: Lender) -> None:
    """One person after another comes back in a role of the other side."""

    async def now_as(actor: Actor, role: Role, level: int = 0) -> Actor:
        found = await hire(f"again-{role}", role, branch_id=1, level=level or 1)
        await EmployeeRole.filter(employee_id=actor.id).delete()
        await EmployeeRole.create(employee_id=actor.id, role=role)
        from domain.models.staff import Employee

        await Employee.filter(id=actor.id).update(approval_level=level, subject=found.subject + "x")
        again = await load_actor(found.subject + "x")
        assert again is not None
        return again

    lender_manager = lender.relationship_manager
    proposer = await hire("proposer", Role.RELATIONSHIP_MANAGER, branch_id=1)
    lender.actors[Role.RELATIONSHIP_MANAGER] = proposer
    try:
        case = await story.submitted(await story.fresh())
    finally:
        lender.actors[Role.RELATIONSHIP_MANAGER] = lender_manager
    turned = await now_as(proposer, Role.APPROVER, level=2)
    same = {("", "SAME_PERSON")}
    application = {"applicationId": case.application}
    for name in ("approveApplication", "rejectApplication", "returnApplication"):
        form = application | ({} if name == "approveApplication" else {"comment": "c"})
        assert codes(await api.refused(turned, name, **form)) == same
    approver = await hire("approver", Role.APPROVER, branch_id=1, level=2)
    await api.done(approver, "approveApplication", **application)
    assert codes(await api.refused(approver, "approveApplication", **application)) == same
    await api.done(lender.approver2, "approveApplication", **application)
    from domain.models.lending.application import LoanApplication

    await LoanApplication.filter(id=row_id_of(case.application, "LoanApplication")).update(
        officer_id=lender_manager.id
    )
    document = await story.prepare(case)
    await api.done(
        case.user,
        "signContract",
        contractId=case.contract,
        documentSha256=document,
        signedBy="D",
    )
    await story.draw(case, "1000.00")
    paying = {"drawdownId": case.drawdown}
    for person in (proposer, approver):
        cashier = await now_as(person, Role.CASHIER)
        assert codes(await api.refused(cashier, "disburseDrawdown", **paying)) == same
    activator = await now_as(await _activator_of(case), Role.CASHIER)
    assert codes(await api.refused(activator, "disburseDrawdown", **paying)) == same
    await now_as(activator, Role.APPROVER, level=1)
    await api.done(lender.cashier, "disburseDrawdown", **paying)


async def _activator_of(case: Case) -> Actor:
    """A person who is made to have activated the facility."""
    person = await hire("activator", Role.APPROVER, branch_id=1)
    await CreditFacility.filter(id=row_id_of(case.facility, "CreditFacility")).update(
        activated_by_id=person.id
    )
    return person


async def test_the_proposer_does_not_activate(api: Api, story: Story, lender: Lender) -> None:
    case = await story.fresh()
    row = await CreditFacility.get(id=row_id_of(case.facility, "CreditFacility"))
    row.state, row.proposed_by_id = "PROPOSED", lender.approver.id
    await row.save()
    errors = await api.refused(lender.approver, "activateFacility", facilityId=case.facility)
    assert codes(errors) == {("", "SAME_PERSON")}


async def test_a_borrowers_user_and_an_approver_of_one_number_are_two_people(
    api: Api, story: Story, lender: Lender
) -> None:
    """Users and employees are numbered apart: what user 7 recorded is not by employee 7."""
    case = await story.submitted()
    approver = await hire("namesake", Role.APPROVER, branch_id=1)
    from domain.models.staff import BorrowerUser

    subject = f"u-{secrets.token_hex(4)}"
    if not await BorrowerUser.exists(id=approver.id):
        await BorrowerUser.create(
            id=approver.id,
            subject=subject,
            name="Namesake",
            borrower_id=row_id_of(case.borrower, "Borrower"),
        )
    else:
        await BorrowerUser.filter(id=approver.id).update(
            subject=subject, borrower_id=row_id_of(case.borrower, "Borrower")
        )
    user = await load_actor(subject)
    assert user is not None
    await api.done(user, "recordFinancialStatement", **statement(case.borrower))
    await api.done(approver, "approveApplication", applicationId=case.application)


async def test_a_contract_of_terms_approved_before_cannot_be_signed(
    api: Api, story: Story, lender: Lender
) -> None:
    case = await story.prepared(amount="50000.00")
    old = await api.data(
        case.user,
        "query($id: ID!) { node(id: $id) { ... on LoanContract { documentSha256 } } }",
        {"id": case.contract},
    )
    highest = await hire("highest", Role.APPROVER, branch_id=1, level=9)
    await api.done(
        highest, "returnApplication", applicationId=case.application, comment="Less,\nplease."
    )
    await api.done(case.user, "saveApplication", applicationId=case.application, amount="10000.00")
    await api.done(case.user, "submitApplication", applicationId=case.application)
    await story.approve(case)
    signing = {
        "contractId": case.contract,
        "documentSha256": old["node"]["documentSha256"],
        "signedBy": "Director",
    }
    errors = await api.refused(case.user, "signContract", language="zh", **signing)
    assert codes(errors) == {("contractId", "STALE_VERSION")}
    new = await story.prepare(case)
    assert new != signing["documentSha256"]
    errors = await api.refused(case.user, "signContract", **signing)
    assert codes(errors) == {("documentSha256", "STALE_VERSION")}
    done = await api.done(
        case.user,
        "signContract",
        "contract { amount state }",
        **(signing | {"documentSha256": new}),
    )
    assert done["contract"] == {"amount": "10000.00", "state": "SIGNED"}


async def test_versions_and_hashes_that_were_overtaken(api: Api, story: Story) -> None:
    case = await story.draft()
    for name in ("saveApplication", "submitApplication"):
        for version in (0, 2, -1, 2_147_483_647):
            errors = await api.refused(
                case.user, name, applicationId=case.application, expectedVersion=version
            )
            assert codes(errors) == {("expectedVersion", "STALE_VERSION")}
    await api.done(case.user, "submitApplication", applicationId=case.application)
    errors = await api.refused(
        api.lender.approver,
        "approveApplication",
        applicationId=case.application,
        contentSha256="0" * 64,
    )
    assert codes(errors) == {("contentSha256", "STALE_VERSION")}
