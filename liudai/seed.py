"""The demo's small lender: staff of every role. Refused in production."""

from __future__ import annotations

from dataclasses import dataclass

from domain.actor import SYSTEM
from domain.operations.staff import NewEmployee, register_employee
from domain.queries.actors import load_actor
from domain.queries.branches import head_office_id
from domain.rules.roles import Role
from domain.settings import get_settings
from liudai.errors import EXIT_USAGE, LiudaiError

SECOND_APPROVER = "demo-approver-2"
SECOND_ADMINISTRATOR = "demo-admin-2"


@dataclass(frozen=True, slots=True)
class _Person:
    subject: str
    name: str
    role: Role
    approval_level: int = 0


PEOPLE = (
    _Person("demo-relationship-manager", "林经理 Lin (manager)", Role.RELATIONSHIP_MANAGER),
    _Person("demo-risk-officer", "王风控 Wang (risk officer)", Role.RISK_OFFICER),
    _Person("demo-approver", "陈审批 Chen (approver, level 1)", Role.APPROVER, 1),
    _Person(SECOND_APPROVER, "周总 Zhou (approver, level 2)", Role.APPROVER, 2),
    _Person("demo-cashier", "赵出纳 Zhao (cashier)", Role.CASHIER),
    _Person("demo-accountant", "孙会计 Sun (accountant)", Role.ACCOUNTANT),
    _Person("demo-analyst", "钱分析 Qian (analyst)", Role.ANALYST),
    _Person("demo-operator", "李运维 Li (operator)", Role.OPERATOR),
    _Person("demo-auditor", "吴审计 Wu (auditor)", Role.AUDITOR),
    _Person("demo-admin", "郑管理 Zheng (administrator)", Role.ADMIN),
    _Person(SECOND_ADMINISTRATOR, "冯管理 Feng (administrator, approves roles)", Role.ADMIN),
)


async def ensure_staff() -> dict[Role, str]:
    """Employ the demo's people where they are not yet; return each role's subject.

    The second approver and administrator are :data:`SECOND_APPROVER` and
    :data:`SECOND_ADMINISTRATOR`. Needs an open, installed database.
    """
    if get_settings().production:
        raise LiudaiError(
            "LIUDAI_ENV=production refuses the demo's staff: employ your own people with the "
            "registerEmployee mutation",
            exit_code=EXIT_USAGE,
        )
    branch_id = await head_office_id()
    for person in PEOPLE:
        if await load_actor(person.subject) is not None:
            continue
        await register_employee(
            actor=SYSTEM,
            key=f"seed-{person.subject}",
            employee=NewEmployee(
                subject=person.subject,
                name=person.name,
                branch_id=branch_id,
                roles=frozenset({person.role}),
                approval_level=person.approval_level,
            ),
        )
    return {person.role: person.subject for person in reversed(PEOPLE)}
