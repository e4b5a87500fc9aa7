"""Employees, roles and borrowers' users: separation is by person, and history is kept."""

from __future__ import annotations

import pytest

from domain.db import rows
from domain.models.change import ChangeRequest
from domain.models.staff import BorrowerUser, Branch, Employee, EmployeeRole
from domain.operations.changes.kinds.employee_roles import EMPLOYEE_ROLES, RolesOfEmployee
from domain.operations.staff import (
    NewBorrowerUser,
    NewEmployee,
    deactivate_employee,
    register_borrower_user,
    register_employee,
)
from domain.queries.actors import load_actor
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.roles import INCOMPATIBLE, Role
from tests.changes import approve, propose
from tests.lender import Lender, hire, key


async def new_employee(lender: Lender, *roles: Role, level: int = 0) -> int:
    """An employee whose roles another person has approved."""
    done = await register_employee(
        actor=lender.admin, key=key(), employee=await form_of(*roles, level=level)
    )
    await approve(lender.risk_officer, await ChangeRequest.get(id=done["change"]))
    return done["employee"]


async def form_of(*roles: Role, level: int = 0) -> NewEmployee:
    branch = await Branch.get(parent_id=None)
    return NewEmployee(
        subject=f"new-{key()}",
        name="Wang Fang",
        branch_id=branch.id,
        roles=frozenset(roles),
        approval_level=level,
    )


def roles_of(employee_id: int, *roles: Role, level: int = 0) -> RolesOfEmployee:
    return RolesOfEmployee(employee_id=employee_id, roles=roles, approval_level=level)


async def held(employee_id: int) -> set[str]:
    return {row.role for row in await EmployeeRole.filter(employee_id=employee_id, revoked_at=None)}


def codes(refusal: Refused) -> set[tuple[ErrorCode, tuple[str, ...]]]:
    return {(problem.code, problem.path) for problem in refusal.problems}


async def test_an_employee_acts_with_the_roles_given(lender: Lender) -> None:
    employee_id = await new_employee(lender, Role.APPROVER, Role.RISK_OFFICER, level=2)
    employee = await Employee.get(id=employee_id)
    actor = await load_actor(employee.subject)
    assert actor is not None
    assert (actor.roles, actor.approval_level) == ({Role.APPROVER, Role.RISK_OFFICER}, 2)
    entry = await rows(
        "SELECT actor_id, after FROM audit_entry WHERE noun = 'Employee' AND noun_id = %s "
        "AND action = 'approveChange'",
        [employee_id],
    )
    assert entry[0]["actor_id"] == lender.risk_officer.id
    assert "APPROVER" in entry[0]["after"]


async def test_a_new_employee_has_no_role_until_another_approves(lender: Lender) -> None:
    form = await form_of(Role.CASHIER)
    done = await register_employee(actor=lender.admin, key=key(), employee=form)
    actor = await load_actor(form.subject)
    assert actor is not None
    assert actor.roles == set()
    change = await ChangeRequest.get(id=done["change"])
    assert (change.state, change.subject_id) == ("PROPOSED", done["employee"])
    with pytest.raises(Refused, match="SAME_PERSON"):
        await approve(lender.admin, change)
    assert await held(done["employee"]) == set()
    second = await hire("admin-2", Role.ADMIN, branch_id=actor.branch_id or 0)
    await approve(second, change)
    assert await held(done["employee"]) == {Role.CASHIER}
    granted = await EmployeeRole.get(employee_id=done["employee"])
    assert granted.granted_by == second.id


async def test_every_mistake_of_the_form_is_said_at_once_and_nothing_is_written(
    lender: Lender,
) -> None:
    before = await Employee.all().count()
    form = NewEmployee(
        subject=lender.cashier.subject,
        name=" ",
        branch_id=999_999,
        roles=frozenset({Role.CASHIER, Role.APPLICANT}),
        approval_level=1,
    )
    with pytest.raises(Refused) as refused:
        await register_employee(actor=lender.admin, key=key(), employee=form)
    assert codes(refused.value) == {
        (ErrorCode.DUPLICATE, ("subject",)),
        (ErrorCode.REQUIRED, ("name",)),
        (ErrorCode.NOT_FOUND, ("branchId",)),
        (ErrorCode.INVALID_VALUE, ("roles",)),
        (ErrorCode.INVALID_VALUE, ("approvalLevel",)),
    }
    assert await Employee.all().count() == before


async def test_incompatible_roles_are_refused_at_assignment(lender: Lender) -> None:
    employee_id = await new_employee(lender, Role.ANALYST)
    for pair in INCOMPATIBLE:
        asked = roles_of(employee_id, *pair, level=1 if Role.APPROVER in pair else 0)
        with pytest.raises(Refused) as refused:
            await propose(lender.admin, EMPLOYEE_ROLES, asked)
        foreign = Role.APPLICANT in pair
        wanted = ErrorCode.INVALID_VALUE if foreign else ErrorCode.INCOMPATIBLE_ROLES
        assert (wanted, ("content", "employeeRoles", "roles")) in codes(refused.value)
    assert await held(employee_id) == {Role.ANALYST}


async def test_roles_are_replaced_and_their_history_kept(lender: Lender) -> None:
    employee_id = await new_employee(lender, Role.CASHIER, Role.ANALYST)
    asked = roles_of(employee_id, Role.ANALYST, Role.ACCOUNTANT)
    change = await propose(lender.admin, EMPLOYEE_ROLES, asked)
    assert await held(employee_id) == {Role.CASHIER, Role.ANALYST}
    await approve(lender.risk_officer, change)
    kept = await EmployeeRole.filter(employee_id=employee_id).order_by("id")
    shown = {(row.role, row.revoked_at is None, row.granted_by) for row in kept}
    officer = lender.risk_officer.id
    assert shown == {
        (Role.CASHIER, False, officer),
        (Role.ANALYST, True, officer),
        (Role.ACCOUNTANT, True, officer),
    }


async def test_of_two_assignments_the_second_no_longer_knows_what_it_changes(
    lender: Lender,
) -> None:
    employee_id = await new_employee(lender, Role.ANALYST)
    first = await propose(lender.admin, EMPLOYEE_ROLES, roles_of(employee_id, Role.CASHIER))
    second = await propose(lender.admin, EMPLOYEE_ROLES, roles_of(employee_id, Role.ACCOUNTANT))
    await approve(lender.risk_officer, first)
    with pytest.raises(Refused, match="STALE_VERSION"):
        await approve(lender.risk_officer, second)
    assert await held(employee_id) == {Role.CASHIER}


async def test_an_employee_needs_a_role_and_an_approver_a_level(lender: Lender) -> None:
    employee_id = await new_employee(lender, Role.ANALYST)
    for roles, path in (
        ([], "roles"),
        ([Role.APPROVER], "approvalLevel"),
        ([Role.ANALYST], "roles"),
    ):
        with pytest.raises(Refused) as refused:
            await propose(lender.admin, EMPLOYEE_ROLES, roles_of(employee_id, *roles))
        assert [problem.path[-1] for problem in refused.value.problems] == [path]


async def test_nobody_changes_their_own_access(lender: Lender) -> None:
    admin, officer = lender.admin, lender.risk_officer
    with pytest.raises(Refused, match="SAME_PERSON"):
        await propose(admin, EMPLOYEE_ROLES, roles_of(admin.id, Role.CASHIER))
    with pytest.raises(Refused, match="SAME_PERSON"):
        await deactivate_employee(actor=admin, key=key(), employee_id=admin.id)
    asked = roles_of(officer.id, Role.RISK_OFFICER, Role.APPROVER, level=3)
    change = await propose(admin, EMPLOYEE_ROLES, asked)
    with pytest.raises(Refused, match="SAME_PERSON"):
        await approve(officer, change)
    assert await held(officer.id) == {Role.RISK_OFFICER}
    assert (await load_actor(admin.subject)) is not None


async def test_who_left_before_the_approval_gets_no_role(lender: Lender) -> None:
    employee_id = await new_employee(lender, Role.ANALYST)
    change = await propose(lender.admin, EMPLOYEE_ROLES, roles_of(employee_id, Role.CASHIER))
    await deactivate_employee(actor=lender.admin, key=key(), employee_id=employee_id)
    with pytest.raises(Refused, match="ILLEGAL_STATE"):
        await approve(lender.risk_officer, change)
    assert await held(employee_id) == set()


async def test_a_deactivated_person_is_nobody(lender: Lender) -> None:
    employee_id = await new_employee(lender, Role.CASHIER)
    subject = (await Employee.get(id=employee_id)).subject
    await deactivate_employee(actor=lender.admin, key=key(), employee_id=employee_id)
    assert await load_actor(subject) is None
    assert await EmployeeRole.filter(employee_id=employee_id, revoked_at=None).count() == 0
    with pytest.raises(Refused, match="ILLEGAL_STATE"):
        await deactivate_employee(actor=lender.admin, key=key(), employee_id=employee_id)
    with pytest.raises(Refused, match="NOT_FOUND"):
        await deactivate_employee(actor=lender.admin, key=key(), employee_id=999_999)


async def test_a_borrowers_user_is_registered_once(lender: Lender) -> None:
    form = NewBorrowerUser(
        subject=f"app-{key()}", name="Li Na", borrower_id=await lender.borrower()
    )
    again = key()
    done = await register_borrower_user(actor=lender.admin, key=again, user=form)
    actor = await load_actor(form.subject)
    assert actor is not None
    assert (actor.roles, actor.borrower_id) == ({Role.APPLICANT}, form.borrower_id)
    replay = await register_borrower_user(actor=lender.admin, key=again, user=form)
    assert replay.replayed
    assert replay["borrower_user"] == done["borrower_user"]
    with pytest.raises(Refused, match="DUPLICATE"):
        await register_borrower_user(actor=lender.admin, key=key(), user=form)
    with pytest.raises(Refused) as refused:
        await register_borrower_user(
            actor=lender.admin,
            key=key(),
            user=NewBorrowerUser(subject=lender.admin.subject, name="X", borrower_id=999_999),
        )
    assert codes(refused.value) == {
        (ErrorCode.DUPLICATE, ("subject",)),
        (ErrorCode.NOT_FOUND, ("borrowerId",)),
    }
    assert await BorrowerUser.filter(subject=form.subject).count() == 1
