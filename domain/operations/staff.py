"""Employees and borrowers' users: what an ADMIN may do, and nothing about money.

An employee's roles take two persons: whoever registers one proposes them, another approves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tortoise.exceptions import IntegrityError

from domain.actor import Actor, ActorKind
from domain.models.lending.borrower import Borrower
from domain.models.staff import BorrowerUser, Branch, Employee, EmployeeRole
from domain.operations.changes.kinds.employee_roles import (
    EMPLOYEE_ROLES,
    RolesOfEmployee,
    authority,
    check_roles,
    find_employee,
    grant,
    refuse_oneself,
)
from domain.operations.changes.propose import propose_in
from domain.operations.clock import now
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.find import find_borrower
from domain.rules.form import Form
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.roles import Role

REGISTERED = "Registered as a new employee. 新员工登记。"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmployee:
    """What the form gives. `subject` is the `sub` of the person's tokens."""

    subject: str
    name: str
    branch_id: int
    roles: frozenset[Role]
    approval_level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBorrowerUser:
    """A person who acts for a borrower; without `borrower_id` the person registers it."""

    subject: str
    name: str
    borrower_id: int | None = None


async def register_employee(*, actor: Actor, key: str, employee: NewEmployee) -> Done:
    """Create an employee, without roles, and propose those asked for. The system, which employs the
    first administrators, gives them at once.

    Result: `employee`, and `change` of the proposal. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        form = Form()
        subject = form.text("subject", employee.subject, longest=190)
        name = form.text("name", employee.name, longest=100)
        if not await Branch.exists(id=employee.branch_id):
            form.add(
                ErrorCode.NOT_FOUND,
                "branchId",
                "There is no such branch. Check the id.",
                "没有该机构，请核对编号。",
            )
        check_roles(form, employee.roles, employee.approval_level)
        await _check_subject(form, subject)
        form.refuse()
        try:
            created = await Employee.create(
                subject=subject,
                name=name,
                branch_id=employee.branch_id,
            )
        except IntegrityError as error:  # somebody registered it between the look and the insert
            raise Refused([_DUPLICATE]) from error
        named = {"name": name, "branch": employee.branch_id}
        step.changed("Employee", created.id, after=named, event="employee.registered")
        return {"employee": created.id, **await _give_roles(step, created, employee)}

    asked = asdict(employee) | {"roles": sorted(employee.roles)}
    return await perform(
        actor=actor, action="registerEmployee", key=key, arguments=asked, work=work
    )


async def _give_roles(step: Step, created: Employee, asked: NewEmployee) -> Result:
    roles = RolesOfEmployee(
        employee_id=created.id,
        roles=tuple(sorted(asked.roles)),
        approval_level=asked.approval_level,
    )
    if step.actor.kind is not ActorKind.SYSTEM:
        return {"change": await propose_in(step, EMPLOYEE_ROLES, roles, reason=REGISTERED)}
    await grant(step.actor, created.id, asked.roles)
    created.approval_level = asked.approval_level
    await created.save(update_fields=["approval_level"])
    step.changed("Employee", created.id, after=authority(asked.roles, asked.approval_level))
    return {}


async def deactivate_employee(*, actor: Actor, key: str, employee_id: int) -> Done:
    """End a person's access and revoke every role. Result: `employee`. Raises :class:`Refused`."""

    async def work(step: Step) -> Result:
        employee = await find_employee(employee_id)
        refuse_oneself(actor, employee_id)
        if not employee.active:
            raise Refused(
                [
                    Problem(
                        ErrorCode.ILLEGAL_STATE,
                        ("employeeId",),
                        "This employee is inactive already. Nothing is left to do.",
                        "该员工已停用，无需再次操作。",
                    )
                ]
            )
        await EmployeeRole.filter(employee_id=employee_id, revoked_at=None).update(revoked_at=now())
        employee.active = False
        await employee.save(update_fields=["active"])
        step.changed(
            "Employee",
            employee_id,
            before={"active": True},
            after={"active": False},
            event="employee.deactivated",
        )
        return {"employee": employee_id}

    return await perform(
        actor=actor,
        action="deactivateEmployee",
        key=key,
        arguments={"employee": employee_id},
        work=work,
    )


async def register_borrower_user(*, actor: Actor, key: str, user: NewBorrowerUser) -> Done:
    """Create a borrower's user. Result: `borrower_user`. Raises :class:`Refused`."""

    async def work(step: Step) -> Result:
        form = Form()
        subject = form.text("subject", user.subject, longest=190)
        name = form.text("name", user.name, longest=100)
        if user.borrower_id is not None:
            await _check_borrower(form, actor, user.borrower_id)
        await _check_subject(form, subject)
        form.refuse()
        try:
            created = await BorrowerUser.create(
                subject=subject, name=name, borrower_id=user.borrower_id
            )
        except IntegrityError as error:
            raise Refused([_DUPLICATE]) from error
        step.changed(
            "BorrowerUser",
            created.id,
            after={"name": name, "borrower": user.borrower_id},
            event="borrower_user.registered",
        )
        return {"borrower_user": created.id}

    return await perform(
        actor=actor, action="registerBorrowerUser", key=key, arguments=asdict(user), work=work
    )


_DUPLICATE = Problem(
    ErrorCode.DUPLICATE,
    ("subject",),
    "Somebody is registered with this subject already. Look the person up instead.",
    "该主体标识已登记，请直接查询该人员。",
)


async def _check_borrower(form: Form, actor: Actor, borrower_id: int) -> None:
    """An administrator sees no borrowers yet lets their users in; a manager, the own ones' only."""
    if actor.has(Role.ADMIN) and await Borrower.exists(id=borrower_id):
        return
    try:
        await find_borrower(actor, borrower_id)
    except Refused as refusal:
        form.extend(refusal.problems)


async def _check_subject(form: Form, subject: str) -> None:
    """A token names one person: no employee and no borrower's user may share a subject."""
    taken = await Employee.exists(subject=subject) or await BorrowerUser.exists(subject=subject)
    if subject and taken:
        form.extend([_DUPLICATE])
