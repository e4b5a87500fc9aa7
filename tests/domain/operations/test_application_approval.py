"""Approving, rejecting and returning: by level, in order, and by person."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.application import ApprovalTask
from domain.models.lending.borrower import Borrower
from domain.models.staff import CaseAssignment
from domain.operations.lending.record_statement import StatementForm, record_statement
from domain.operations.perform import Done
from domain.operations.risk.approve_application import (
    approve_application,
    reject_application,
    return_application,
)
from domain.queries.risk.overrides import override_counts
from domain.rules.lending.financial_statement import AMOUNTS, StatementAmounts
from domain.rules.lending.states import APPLICATION_MOVES, ApplicationState
from domain.rules.refusal import Refused
from domain.rules.risk.approval import OverrideReason
from domain.rules.roles import Role
from tests.application_story import (
    Story,
    application,
    decision,
    events,
    footprint,
    said,
    staff,
    tasks,
)
from tests.lender import Lender, key

TODAY = dt.date(2026, 1, 15)
REFERRED = 0.2  # grade C2: two levels
SAME, NOT_PERMITTED = {("", "SAME_PERSON")}, {("", "NOT_PERMITTED")}


@pytest.fixture(scope="module")
async def story(lender: Lender) -> Story:
    return await Story.open(lender)


async def approve(actor: Actor, application_id: int, **arguments: object) -> Done:
    return await approve_application(
        actor=actor, key=key(), application_id=application_id, **arguments
    )


async def reject(actor: Actor, application_id: int, **arguments: object) -> Done:
    return await reject_application(
        actor=actor,
        key=key(),
        application_id=application_id,
        **{"comment": "margins are thin", **arguments},
    )


async def send_back(actor: Actor, application_id: int, **arguments: object) -> Done:
    return await return_application(
        actor=actor,
        key=key(),
        application_id=application_id,
        **{"comment": "order contract, please", **arguments},
    )


DECISIONS: list[Callable[..., Awaitable[Done]]] = [approve, reject, send_back]


async def refused(attempt: Awaitable[Done]) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as refusal:
        await attempt
    return said(refusal.value)


async def test_one_level_approves(story: Story) -> None:
    application_id = await story.assessed()
    row = await application(application_id)
    done = await approve(
        story.lender.approver,
        application_id,
        signed_sha256=row.content_sha256,
        comment="good orders",
    )
    row = await application(application_id)
    assert (row.state, row.decided_on) == ("APPROVED", TODAY)
    assert row.expires_on == TODAY + dt.timedelta(days=90)
    task = await ApprovalTask.get(id=done["task"])
    assert (task.state, task.decided_by_id) == ("APPROVED", story.lender.approver.id)
    assert (task.content_sha256, task.comment) == (row.content_sha256, "good orders")
    assert (await events("LoanApplication", application_id))[-1] == "application.approved"


async def test_two_levels_in_order_by_two_people(story: Story) -> None:
    first, second = story.lender.approver, story.lender.approver2
    application_id = await story.assessed(probability=REFERRED)
    assert await tasks(application_id) == [(1, 1, "PENDING"), (1, 2, "PENDING")]
    await approve(first, application_id)
    assert (await application(application_id)).state == "ASSESSED"
    assert await tasks(application_id) == [(1, 1, "APPROVED"), (1, 2, "PENDING")]
    assert await refused(approve(first, application_id)) == NOT_PERMITTED
    await approve(second, application_id)
    assert (await application(application_id)).state == "APPROVED"
    assert await refused(approve(second, application_id)) == {("id", "ILLEGAL_STATE")}


async def test_one_person_never_takes_two_levels(story: Story) -> None:
    application_id = await story.assessed(probability=REFERRED)
    await approve(story.lender.approver2, application_id)  # of level 2, taking level 1
    for attempt in DECISIONS:
        assert await refused(attempt(story.lender.approver2, application_id)) == SAME
    other = await staff(story.lender, Role.APPROVER, level=2)
    await approve(other, application_id)
    assert (await application(application_id)).state == "APPROVED"


async def test_two_approvers_at_once_take_one_level_each(story: Story) -> None:
    application_id = await story.assessed()
    found = await asyncio.gather(
        approve(story.lender.approver, application_id),
        approve(story.lender.approver2, application_id),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, Refused) for one in found) == [False, True]
    assert await tasks(application_id) == [(1, 1, "APPROVED")]


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in {Role.APPROVER, Role.APPLICANT}]
)
async def test_nobody_but_an_approver(story: Story, role: Role) -> None:
    application_id = await story.assessed()
    before = await footprint()
    for attempt in DECISIONS:
        assert await refused(attempt(story.lender.actors[role], application_id)) == NOT_PERMITTED
    assert await refused(approve(story.lender.applicant, application_id)) == NOT_PERMITTED
    assert await footprint() == before


async def test_a_level_too_low(story: Story) -> None:
    application_id = await story.assessed(probability=REFERRED)
    novice = await staff(story.lender, Role.APPROVER, level=0)
    for attempt in DECISIONS:
        assert await refused(attempt(novice, application_id)) == NOT_PERMITTED


async def test_nobody_of_the_other_side(story: Story) -> None:
    """An officer now or once, of case or borrower; who entered, submitted, proposed, recorded."""
    application_id = await story.assessed()
    row = await application(application_id)

    async def nobody(person: Actor) -> None:
        for attempt in DECISIONS:
            assert await refused(attempt(person, application_id)) == SAME

    for noun, noun_id in (("LoanApplication", row.id), ("Borrower", row.borrower_id)):
        once = await staff(story.lender, Role.APPROVER)
        await CaseAssignment.create(
            noun=noun,
            noun_id=noun_id,
            employee_id=once.id,
            branch_id=row.branch_id,
            from_date=dt.date(2025, 1, 1),
            to_date=dt.date(2025, 6, 1),
        )
        await nobody(once)
    for column in ("officer_id", "created_by_id", "submitted_by_id"):
        person = await staff(story.lender, Role.APPROVER)
        kept = getattr(row, column)
        setattr(row, column, person.id)
        await row.save(update_fields=[column])
        await nobody(person)
        setattr(row, column, kept)
        await row.save(update_fields=[column])
    person = await staff(story.lender, Role.APPROVER)
    await Borrower.filter(id=row.borrower_id).update(officer_id=person.id)
    await nobody(person)


async def test_who_saved_the_form_once_is_remembered(story: Story) -> None:
    application_id = await story.draft()
    helper = await staff(story.lender, Role.APPROVER, roles=(Role.APPLICANT,))
    await story.save(actor=helper, application_id=application_id, fields={"installments": 10})
    await story.submit(application_id)
    assert await refused(approve(helper, application_id)) == SAME


async def test_who_investigated_or_proposed(story: Story) -> None:
    from domain.models.lending.facility import CreditFacility

    application_id = await story.assessed()
    row = await application(application_id)
    officer = await staff(story.lender, Role.APPROVER, roles=(Role.RISK_OFFICER,))
    # The same person, in the days when the roles were others.
    investigator = replace(officer, roles=frozenset({Role.RELATIONSHIP_MANAGER}))
    await Borrower.filter(id=row.borrower_id).update(officer_id=None)
    nothing = StatementAmounts(**dict.fromkeys(AMOUNTS, Decimal("0.00")))
    form = StatementForm(
        borrower_id=row.borrower_id,
        period_start=dt.date(2024, 1, 1),
        period_end=dt.date(2024, 12, 31),
        currency="USD",
        amounts=nothing,
    )
    await record_statement(actor=investigator, key=key(), statement=form)
    assert await refused(approve(officer, application_id)) == SAME
    proposer = await staff(story.lender, Role.APPROVER)
    await CreditFacility.filter(id=row.facility_id).update(proposed_by_id=proposer.id)
    assert await refused(approve(proposer, application_id)) == SAME
    await approve(story.lender.approver, application_id)


async def test_an_approver_signs_what_is_there(story: Story) -> None:
    application_id = await story.assessed()
    stale = {("contentSha256", "STALE_VERSION")}
    approver = story.lender.approver
    assert await refused(approve(approver, application_id, signed_sha256="0" * 64)) == stale
    row = await application(application_id)
    row.amount = 99_999_99  # behind everybody's back
    await row.save(update_fields=["amount"])
    assert await refused(approve(approver, application_id)) == stale
    signed = row.content_sha256
    assert await refused(approve(approver, application_id, signed_sha256=signed)) == stale


async def test_a_return_voids_what_was_approved_and_starts_again(story: Story) -> None:
    first, second = story.lender.approver, story.lender.approver2
    application_id = await story.assessed(probability=REFERRED)
    await approve(first, application_id)
    await send_back(second, application_id)
    row = await application(application_id)
    assert (row.state, row.decided_on) == ("RETURNED", None)
    assert row.expires_on == TODAY + dt.timedelta(days=180)
    assert await tasks(application_id) == [(1, 1, "VOID"), (1, 2, "RETURNED")]
    before = (await decision(application_id)).content_sha256
    await story.save(application_id=application_id, fields={"amount": Decimal("40000.00")})
    await story.submit(application_id, score=story.says(REFERRED))
    found = await decision(application_id)
    assert found.round == 2
    assert found.content_sha256 != before
    assert (await tasks(application_id))[2:] == [(2, 1, "PENDING"), (2, 2, "PENDING")]
    assert await refused(approve(first, application_id, signed_sha256=before)) == {
        ("contentSha256", "STALE_VERSION")
    }
    await approve(first, application_id)
    await approve(second, application_id)
    assert (await application(application_id)).state == "APPROVED"


async def test_an_approval_can_still_be_returned_by_its_highest_level(story: Story) -> None:
    application_id = await story.assessed(probability=REFERRED)
    await approve(story.lender.approver, application_id)
    await approve(story.lender.approver2, application_id)
    novice = await staff(story.lender, Role.APPROVER, level=1)
    assert await refused(send_back(novice, application_id)) == NOT_PERMITTED
    await send_back(story.lender.approver2, application_id)
    assert (await application(application_id)).state == "RETURNED"
    assert await tasks(application_id) == [(1, 1, "VOID"), (1, 2, "RETURNED")]


async def test_rejecting_a_recommendation_is_counted_as_an_override(story: Story) -> None:
    application_id = await story.assessed()
    approver = story.lender.approver
    counted = await override_counts(start=TODAY, end=TODAY)
    assert await refused(reject(approver, application_id, comment=" ")) == {
        ("comment", "REQUIRED"),
        ("overrideReason", "REQUIRED"),
    }
    await reject(approver, application_id, override_reason=OverrideReason.ADVERSE_NEWS)
    row = await application(application_id)
    assert (row.state, row.decided_on) == ("REJECTED", TODAY)
    assert await tasks(application_id) == [(1, 1, "REJECTED")]
    after = await override_counts(start=TODAY, end=TODAY)
    assert after[OverrideReason.ADVERSE_NEWS] == counted[OverrideReason.ADVERSE_NEWS] + 1
    assert (await events("LoanApplication", application_id))[-1] == "application.rejected"


async def test_rejecting_what_was_referred_is_no_override(story: Story) -> None:
    application_id = await story.assessed(probability=REFERRED)
    await approve(story.lender.approver, application_id)
    wrong = reject(
        story.lender.approver2, application_id, override_reason=OverrideReason.ADVERSE_NEWS
    )
    assert await refused(wrong) == {("overrideReason", "INVALID_VALUE")}
    await reject(story.lender.approver2, application_id)
    assert await tasks(application_id) == [(1, 1, "APPROVED"), (1, 2, "REJECTED")]


async def test_returning_needs_its_reason(story: Story) -> None:
    application_id = await story.assessed()
    for comment, code in (("", "REQUIRED"), ("x" * 501, "OUT_OF_RANGE")):
        attempt = send_back(story.lender.approver, application_id, comment=comment)
        assert await refused(attempt) == {("comment", code)}


async def test_a_second_click_approves_one_level(story: Story) -> None:
    application_id = await story.assessed(probability=REFERRED)
    once = key()
    for replayed in (False, True):
        done = await approve_application(
            actor=story.lender.approver, key=once, application_id=application_id
        )
        assert done.replayed is replayed
    assert await tasks(application_id) == [(1, 1, "APPROVED"), (1, 2, "PENDING")]


@pytest.mark.parametrize("state", ApplicationState)
async def test_states_it_is_decided_in(story: Story, state: ApplicationState) -> None:
    for attempt, to in (
        (approve, ApplicationState.APPROVED),
        (send_back, ApplicationState.RETURNED),
        (reject, ApplicationState.REJECTED),
    ):
        application_id = await story.assessed(probability=0.12)
        await approve(story.lender.approver, application_id)
        row = await application(application_id)
        row.state = state
        await row.save(update_fields=["state"])
        if to in APPLICATION_MOVES[state]:
            await attempt(story.lender.approver2, application_id)
            assert (await application(application_id)).state == to
            continue
        assert await refused(attempt(story.lender.approver2, application_id)) == {
            ("id", "ILLEGAL_STATE")
        }
        assert (await application(application_id)).state == state


async def test_the_trail_says_who_did_what(story: Story) -> None:
    application_id = await story.assessed()
    await refused(approve(story.lender.cashier, application_id))
    await approve(story.lender.approver, application_id)
    found = await rows(
        "SELECT action, actor_id, `after` FROM audit_entry WHERE noun = 'LoanApplication' "
        "AND noun_id = %s AND outcome = 'DONE' ORDER BY id",
        [application_id],
    )
    manager, approver = story.lender.relationship_manager.id, story.lender.approver.id
    assert [(row["action"], row["actor_id"]) for row in found] == [
        ("saveApplication", manager),
        ("submitApplication", manager),
        ("submitApplication", manager),
        ("approveApplication", approver),
    ]
    assert '"state":"APPROVED"' in found[-1]["after"]
    refusals = await rows(
        "SELECT COUNT(*) AS n FROM audit_entry WHERE action = 'approveApplication' "
        "AND outcome = 'REFUSED' AND actor_id = %s",
        [story.lender.cashier.id],
    )
    assert refusals[0]["n"] >= 1
