"""People: who am I, employees, roles, branches."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.changes.requests import ChangeRequest
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, global_id, row_id_of
from api.graphql.lending.borrowers import BORROWERS, Borrower
from api.graphql.lookahead import selection
from api.graphql.nouns import Noun, column, many, one
from api.graphql.payloads import Payload, answer
from api.graphql.role_enum import Role
from api.graphql.roles import ROLES
from domain.operations.staff import (
    NewBorrowerUser,
    NewEmployee,
    deactivate_employee,
    register_borrower_user,
    register_employee,
)
from domain.queries.lending.own_borrower import own_borrower_id
from domain.queries.select import Condition
from domain.queries.visibility import visible_to


@strawberry.type(description="Branch (分支机构) of the lender.")
class Branch(Node):
    """A row of the branch table."""

    code: str = column("code", "Its code.")
    name: str = column("name", "Its name.")


@strawberry.type(description="A role that an employee holds or held.")
class EmployeeRole(Node):
    """A row of the employee_role table."""

    role: Role = column("role", "The role.", read=Role)
    granted_at: dt.datetime = column("granted_at", "Since when.")
    revoked_at: dt.datetime | None = column("revoked_at", "Until when; null while held.")


@strawberry.type(description="Employee of the lender.")
class Employee(Node):
    """A row of the employee table."""

    subject: str = column("subject", "The `sub` of the person's tokens.")
    name: str = column("name", "The person's name.")
    approval_level: int = column("approval_level", "Level of an approver; else 0.")
    active: bool = column("active", "Whether the person may sign in.", read=bool)
    branch: Branch = one("branch_id", "Where the person works.")
    roles: list[EmployeeRole] = many(
        "employee_id",
        "The roles held now.",
        where=(Condition("revoked_at IS NULL"),),
    )


_SEE_EMPLOYEES = visible_to(ROLES["Query.employees"])

BRANCHES = Noun(Branch, table="branch", sight=visible_to(ROLES["Query.branches"]))
EMPLOYEE_ROLES = Noun(EmployeeRole, table="employee_role", sight=_SEE_EMPLOYEES)
EMPLOYEES = Noun(Employee, table="employee", sight=_SEE_EMPLOYEES)


@strawberry.type(description="The person behind the token.")
class Me:
    """Who the server takes you for."""

    name: str = strawberry.field(description="Your name.")
    roles: list[Role] = strawberry.field(description="Your roles.")
    borrower_id: strawberry.ID | None = strawberry.field(
        description="Global id of your company, if you are a borrower's user and registered it."
    )
    borrower: Borrower | None = strawberry.field(
        default=None, description="Your company, likewise."
    )


@strawberry.input(description="A person to employ.")
class RegisterEmployeeInput:
    """The form of `registerEmployee`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    subject: str = strawberry.field(description="The `sub` of the person's tokens; unique.")
    name: str = strawberry.field(description="The person's name.")
    branch_id: strawberry.ID = strawberry.field(description="Global id of the branch.")
    roles: list[Role] = strawberry.field(description="Roles that one person may hold together.")
    approval_level: int = strawberry.field(default=0, description="Level of an approver; else 0.")


@strawberry.input(description="An employee who leaves.")
class DeactivateEmployeeInput:
    """The form of `deactivateEmployee`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    employee_id: strawberry.ID = strawberry.field(description="Global id of the employee.")


@strawberry.input(description="A borrower's user.")
class RegisterBorrowerUserInput:
    """The form of `registerBorrowerUser`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    subject: str = strawberry.field(description="The `sub` of the person's tokens; unique.")
    name: str = strawberry.field(description="The person's name.")
    borrower_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom the person acts for; none: the person registers it."
    )


@strawberry.type(description="The employee as of now.")
class EmployeePayload(Payload):
    """Answer of the employee mutations."""

    employee: Employee | None = strawberry.field(default=None, description="The employee.")


@strawberry.type(description="Whether the user was made.")
class RegisterBorrowerUserPayload(Payload):
    """Answer of `registerBorrowerUser`."""


@strawberry.type(description="The person who was employed, and the roles as they were proposed.")
class RegisterEmployeePayload(EmployeePayload):
    """Answer of `registerEmployee`."""

    change: ChangeRequest | None = strawberry.field(
        default=None, description="The roles, which another person must approve."
    )


@strawberry.type(description="The employee who left.")
class DeactivateEmployeePayload(EmployeePayload):
    """Answer of `deactivateEmployee`."""


@strawberry.type
class StaffQueries:
    """Reading people."""

    @strawberry.field(description="Who you are.")
    async def me(self, info: Info) -> Me:
        actor = info.context.actor
        borrower_id = await own_borrower_id(actor)
        me = Me(
            name=actor.name,
            roles=sorted(actor.roles),
            borrower_id=global_id("Borrower", borrower_id) if borrower_id else None,
        )
        wanted = selection(info)
        if borrower_id and "borrower" in wanted:
            found = await BORROWERS.load(actor, [borrower_id], wanted["borrower"])
            me.borrower = found.get(borrower_id)
        return me

    @strawberry.field(description="Employees, newest first.")
    async def employees(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[Employee]:
        return await EMPLOYEES.page(info, first=first, after=after)

    @strawberry.field(description="Branches, oldest first.")
    async def branches(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[Branch]:
        return await BRANCHES.page(info, first=first, after=after, newest_first=False)


@strawberry.type
class StaffMutations:
    """Changing who may do what."""

    @strawberry.mutation(
        description="Employ a person and propose the roles, which another person must approve; "
        "incompatible ones are refused."
    )
    async def register_employee(
        self,
        info: Info,
        input: Annotated[RegisterEmployeeInput, strawberry.argument(description="The person.")],
    ) -> RegisterEmployeePayload:
        employee = NewEmployee(
            subject=input.subject,
            name=input.name,
            branch_id=row_id_of(input.branch_id, "Branch"),
            roles=frozenset(input.roles),
            approval_level=input.approval_level,
        )
        effect = register_employee(
            actor=info.context.actor, key=input.idempotency_key, employee=employee
        )
        return await answer(
            info, RegisterEmployeePayload, effect, employee="Employee", change="ChangeRequest"
        )

    @strawberry.mutation(description="End a person's access and revoke every role.")
    async def deactivate_employee(
        self,
        info: Info,
        input: Annotated[DeactivateEmployeeInput, strawberry.argument(description="Who leaves.")],
    ) -> DeactivateEmployeePayload:
        effect = deactivate_employee(
            actor=info.context.actor,
            key=input.idempotency_key,
            employee_id=row_id_of(input.employee_id, "Employee"),
        )
        return await answer(info, DeactivateEmployeePayload, effect, employee="Employee")

    @strawberry.mutation(description="Let a person act for a borrower through an app.")
    async def register_borrower_user(
        self,
        info: Info,
        input: Annotated[RegisterBorrowerUserInput, strawberry.argument(description="The user.")],
    ) -> RegisterBorrowerUserPayload:
        user = NewBorrowerUser(
            subject=input.subject,
            name=input.name,
            borrower_id=row_id_of(input.borrower_id, "Borrower") if input.borrower_id else None,
        )
        effect = register_borrower_user(
            actor=info.context.actor, key=input.idempotency_key, user=user
        )
        return await answer(info, RegisterBorrowerUserPayload, effect)
