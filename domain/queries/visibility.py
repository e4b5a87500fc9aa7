"""Which rows a person may see: an object out of sight does not exist for that person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from domain.actor import Actor, ActorKind
from domain.db import in_list
from domain.rules.roles import Role

_SEES_ALL = (Role.AUDITOR, Role.ANALYST, Role.ACCOUNTANT)
_SEES_NO_CASE = frozenset({Role.ADMIN, Role.OPERATOR})
_NOTHING: tuple[str, list[Any]] = ("1 = 0", [])
_MANAGER_ALONE = frozenset({Role.RELATIONSHIP_MANAGER})


def as_doer(actor: Actor) -> Actor:
    """Return the person without the roles that only read: an analyst who is a relationship manager
    too reads every case, and touches the own customers' alone."""
    doing = actor.roles.difference(_SEES_ALL)
    return replace(actor, roles=doing) if doing and doing != actor.roles else actor


def visible(
    actor: Actor, *, table: str, borrower_column: str = "borrower_id"
) -> tuple[str, list[Any]]:
    """Return the SQL condition (with its values) for the rows of `table` that `actor` may see.

    `table` has the columns branch_id and officer_id: by whose customer it is.
    """
    condition, values = visible_by_branch(actor, table=table, borrower_column=borrower_column)
    if actor.roles == _MANAGER_ALONE:
        # Own customers, and those of the branch that nobody holds yet.
        return (
            f"({table}.officer_id = %s OR ({table}.officer_id IS NULL AND {condition}))",
            [actor.id, *values],
        )
    return condition, values


def visible_by_loan(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Like :func:`visible`, for tables whose rows belong to a loan."""
    condition, values = visible(actor, table="loan")
    if condition == "1 = 1":
        return condition, []
    return (
        f"EXISTS (SELECT 1 FROM loan WHERE loan.id = {table}.loan_id AND {condition})",
        values,
    )


def visible_by_application(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Like :func:`visible`, for tables whose rows belong to an application."""
    condition, values = visible(actor, table="loan_application")
    if condition == "1 = 1":
        return condition, []
    return (
        "EXISTS (SELECT 1 FROM loan_application WHERE "
        f"loan_application.id = {table}.application_id AND {condition})",
        values,
    )


def visible_to_staff_by_application(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Like :func:`visible_by_application`, for what borrowers' users never see."""
    if actor.kind is ActorKind.BORROWER_USER:
        return _NOTHING
    return visible_by_application(actor, table=table)


def visible_by_customer(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Like :func:`visible`, for tables that carry no officer: the borrower's counts."""
    if actor.roles != _MANAGER_ALONE:
        return visible_by_branch(actor, table=table)
    condition, values = visible(actor, table="borrower", borrower_column="id")
    return (
        f"EXISTS (SELECT 1 FROM borrower WHERE borrower.id = {table}.borrower_id AND {condition})",
        values,
    )


def visible_by_branch(
    actor: Actor, *, table: str, borrower_column: str = "borrower_id"
) -> tuple[str, list[Any]]:
    """The part of :func:`visible` that looks at no officer."""
    if actor.kind is ActorKind.SYSTEM:
        return "1 = 1", []
    if actor.kind is ActorKind.BORROWER_USER:
        # By the row, not by the actor, which may be cached from before the registration.
        return (
            f"{table}.{borrower_column} = (SELECT u.borrower_id FROM borrower_user u "
            "WHERE u.id = %s)",
            [actor.id],
        )
    if actor.roles <= _SEES_NO_CASE:
        return _NOTHING
    if actor.branch_ids is None or actor.has(*_SEES_ALL):
        return "1 = 1", []
    branches = sorted(actor.branch_ids)
    return f"{table}.branch_id IN {in_list(branches)}", list(branches)


def visible_to_all(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """For tables that everybody who has signed in may read."""
    return "1 = 1", []


def visible_to(roles: frozenset[Role]) -> Callable[..., tuple[str, list[Any]]]:
    """For tables whose readers are a matter of role alone.

    `roles` are those of the list in the role table: `node(id:)` is open to everybody, and must not
    show what the list would refuse.
    """

    def sight(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
        return ("1 = 1", []) if actor.has(*roles) else _NOTHING

    return sight
