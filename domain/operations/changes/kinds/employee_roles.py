"""The roles of an employee. Granted at a moment and revoked at one, never overwritten, so that who
could do what when stays answerable. Nobody proposes or approves their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from domain.actor import Actor, ActorKind
from domain.models.staff import Employee, EmployeeRole
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.clock import now
from domain.operations.perform import Result, Step
from domain.rules.form import Form
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.roles import Role, incompatible_roles

APPROVAL_LEVEL_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesOfEmployee:
    """All the roles the employee shall have. What is held before is filled in."""

    employee_id: int
    roles: tuple[Role, ...]
    approval_level: int = 0
    held: tuple[Role, ...] = ()
    held_level: int = 0


async def _validate(actor: Actor, asked: RolesOfEmployee) -> Proposal[RolesOfEmployee]:
    employee = await find_employee(asked.employee_id)
    refuse_oneself(actor, employee.id)
    form = Form()
    check_roles(form, asked.roles, asked.approval_level)
    held = tuple(
        Role(row.role)
        for row in await EmployeeRole.filter(employee_id=employee.id, revoked_at=None).order_by(
            "role"
        )
    )
    roles = tuple(sorted(set(asked.roles)))
    if not employee.active:
        form.add(
            ErrorCode.ILLEGAL_STATE,
            "employeeId",
            "This employee is inactive and can hold no role.",
            "该员工已停用，不能授予角色。",
        )
    elif (roles, asked.approval_level) == (held, employee.approval_level):
        form.add(
            ErrorCode.INVALID_VALUE,
            "roles",
            "The employee holds exactly these roles already. Nothing would change.",
            "该员工现有角色与此完全相同，无需变更。",
        )
    form.refuse()
    payload = replace(asked, roles=roles, held=held, held_level=employee.approval_level)
    before, after = _shown(held, employee.approval_level), _shown(roles, asked.approval_level)
    who = f"{employee.name} ({employee.subject})"
    return Proposal(
        payload=payload,
        en=f"Roles of {who}: {before} → {after}.",
        zh=f"员工 {who} 的角色：{before} → {after}。",
        subject=("Employee", employee.id),
    )


async def _apply(step: Step, actor: Actor, asked: RolesOfEmployee) -> Result:
    employee = await find_employee(asked.employee_id)
    wanted, held = frozenset(asked.roles), frozenset(asked.held)
    if gone := sorted(held - wanted):
        await EmployeeRole.filter(employee_id=employee.id, role__in=gone, revoked_at=None).update(
            revoked_at=now()
        )
    await grant(actor, employee.id, wanted - held)
    employee.approval_level = asked.approval_level
    await employee.save(update_fields=["approval_level"])
    step.changed(
        "Employee",
        employee.id,
        before=authority(held, asked.held_level),
        after=authority(wanted, asked.approval_level),
        event="employee.roles_assigned",
    )
    return {"employee": employee.id}


def _shown(roles: Collection[Role], level: int) -> str:
    names = ", ".join(sorted(roles)) or "-"
    return f"{names} ({level})" if level else names


def check_roles(form: Form, roles: Collection[Role], approval_level: int) -> None:
    """Note roles that no employee, or no one person, may hold, and a level that does not fit."""
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


async def find_employee(employee_id: int) -> Employee:
    """Return the employee, locked; raises NOT_FOUND for an absent one."""
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


def refuse_oneself(actor: Actor, employee_id: int) -> None:
    """Refuse a person who would change the own roles or access."""
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


async def grant(actor: Actor, employee_id: int, roles: Collection[Role]) -> None:
    """Give the employee these roles from now on."""
    at = now()
    await EmployeeRole.bulk_create(
        [
            EmployeeRole(employee_id=employee_id, role=role, granted_by=actor.id, granted_at=at)
            for role in sorted(roles)
        ]
    )


def authority(roles: Collection[Role], approval_level: int) -> dict[str, object]:
    """What the audit trail says of an employee's roles."""
    return {"roles": sorted(roles), "approvalLevel": approval_level}


EMPLOYEE_ROLES = Kind(
    name="EMPLOYEE_ROLES",
    en="The roles of an employee.",
    zh="员工角色",
    payload=RolesOfEmployee,
    propose=frozenset({Role.ADMIN}),
    approve=frozenset({Role.ADMIN, Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
)
