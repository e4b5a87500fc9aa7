"""Which financial statements a person may see: those of the borrowers in sight."""

from __future__ import annotations

from typing import Any

from domain.actor import Actor
from domain.queries.select import Condition
from domain.queries.visibility import visible

LATEST_VERSION = Condition(
    "NOT EXISTS (SELECT 1 FROM financial_statement later WHERE later.borrower_id = "
    "financial_statement.borrower_id AND later.period_end = financial_statement.period_end "
    "AND later.version > financial_statement.version)"
)
"""The statements that no later version of the same period has replaced."""


def visible_by_borrower(actor: Actor, *, table: str) -> tuple[str, list[Any]]:
    """Like :func:`~domain.queries.visibility.visible`, for tables whose rows belong to a borrower
    and carry no branch of their own."""
    condition, values = visible(actor, table="borrower", borrower_column="id")
    if condition == "1 = 1":
        return condition, []
    return (
        f"EXISTS (SELECT 1 FROM borrower WHERE borrower.id = {table}.borrower_id AND {condition})",
        values,
    )
