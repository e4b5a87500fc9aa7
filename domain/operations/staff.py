"""Employees, their roles, and borrowers' users: what an ADMIN may do, and nothing about money.

A role is never overwritten: it is granted at a moment and revoked at one, so that who could do
what when stays answerable.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from tortoise.exceptions import IntegrityError

from domain.actor import Actor, ActorKind
from domain.models.lending.borrower import Borrower
from domain.models.staff import BorrowerUser, Branch, Employee, EmployeeRole
from domain.operations.clock import now
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.find import find_borrower
from domain.rules.form import Form
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.roles import Role, incompatible_roles

APPROVAL_LEVEL_MAX = 9


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
    """Create an employee with roles. Result: `employee`. Raises :class:`Refused`."""

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
        _check_roles(form, employee.roles, employee.approval_level)
        await _check_subject(form, subject)
        form.refuse()
        try:
            created = await Employee.create(
                subject=subject,
                name=name,
                branch_id=employee.branch_id,
                approval_level=employee.approval_level,
            )
        except IntegrityError as error:  # somebody registered it between the look and the insert
            raise Refused([_DUPLICATE]) from error
        await _grant(actor, created.id, employee.roles)
        step.changed(
            "Employee",
            created.id,
            after={
                "name": name,
                "branch": employee.branch_id,
                **_authority(employee.roles, employee.approval_level),
            },
            event="employee.registered",
        )
        return {"employee": created.id}

    asked = asdict(employee) | {"roles": sorted(employee.roles)}
    return await perform(
        actor=actor, action="registerEmployee", key=key, arguments=asked, work=work
    )


async def assign_roles(
    *, actor: Actor, key: str, employee_id: int, roles: Collection[Role], approval_level: int = 0
) -> Done:
    """Make `roles` the employee's roles: grant what is new, revoke what is not among them.

    Nobody assigns roles to themselves. Result: `employee`. Raises :class:`Refused`.
    """
    wanted = frozenset(roles)

    async def work(step: Step) -> Result:
        employee = await _find_employee(employee_id)
        _refuse_oneself(actor, employee_id)
        form = Form()
        _check_roles(form, wanted, approval_level)
        form.refuse()
        held = frozenset(
            Role(row.role)
            for row in await EmployeeRole.filter(employee_id=employee_id, revoked_at=None)
        )
        if gone := sorted(held - wanted):
            await EmployeeRole.filter(
                employee_id=employee_id, role__in=gone, revoked_at=None
            ).update(revoked_at=now())
        await _grant(actor, employee_id, wanted - held)
        before = _authority(held, employee.approval_level)
        employee.approval_level = approval_level
        await employee.save(update_fields=["approval_level"])
        step.changed(
            "Employee",
            employee_id,
            before=before,
            after=_authority(wanted, approval_level),
            event="employee.roles_assigned",
        )
        return {"employee": employee_id}

    asked = {"employee": employee_id, "roles": sorted(wanted), "level": approval_level}
    return await perform(actor=actor, action="assignRoles", key=key, arguments=asked, work=work)


async def deactivate_employee(*, actor: Actor, key: str, employee_id: int) -> Done:
    """End a person's access and revoke every role. Result: `employee`. Raises :class:`Refused`."""

    async def work(step: Step) -> Result:
        employee = await _find_employee(employee_id)
        _refuse_oneself(actor, employee_id)
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


def _check_roles(form: Form, roles: Collection[Role], approval_level: int) -> None:
    if not roles:
        form.add(
            ErrorCode.REQUIRED,
            "roles",
            "An employee needs at least one role. To end a person's access, deactivate instead.",
            "员工至少需要一个角色；如需终止其权限，请停用该员工。",
        )
    if Role.APPLICANT in roles:
        form.add(
            ErrorCode.INVALID_VALUE,
            "roles",
            "APPLICANT is the role of a borrower's user, never of an employee.",
            "APPLICANT 是借款人用户的角色，不能授予员工。",
        )
    form.extend(incompatible_roles([role for role in roles if role is not Role.APPLICANT]))
    if Role.APPROVER in roles:
        form.whole("approvalLevel", approval_level, least=1, most=APPROVAL_LEVEL_MAX)
    elif approval_level:
        form.add(
            ErrorCode.INVALID_VALUE,
            "approvalLevel",
            "Only an APPROVER has an approval level. Leave it at 0.",
            "只有 APPROVER 才有审批级别，请填 0。",
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


async def _find_employee(employee_id: int) -> Employee:
    employee = await Employee.filter(id=employee_id).select_for_update().first()
    if employee is None:
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_FOUND,
                    ("employeeId",),
                    "There is no such employee. Check the id.",
                    "没有该员工，请核对编号。",
                )
            ]
        )
    return employee


def _refuse_oneself(actor: Actor, employee_id: int) -> None:
    if actor.kind is ActorKind.EMPLOYEE and actor.id == employee_id:
        raise Refused(
            [
                Problem(
                    ErrorCode.SAME_PERSON,
                    ("employeeId",),
                    "You cannot change your own roles or access. Ask another administrator.",
                    "不能变更本人的角色或权限，请由其他管理员处理。",
                )
            ]
        )


async def _grant(actor: Actor, employee_id: int, roles: Collection[Role]) -> None:
    at = now()
    await EmployeeRole.bulk_create(
        [
            EmployeeRole(employee_id=employee_id, role=role, granted_by=actor.id, granted_at=at)
            for role in sorted(roles)
        ]
    )


def _authority(roles: Collection[Role], approval_level: int) -> dict[str, object]:
    return {"roles": sorted(roles), "approvalLevel": approval_level}
