"""Branches of the lender."""

from __future__ import annotations

from domain.models.staff import Branch


async def head_office_id() -> int:
    """Return the row id of the head office, which every installed database has."""
    office_id: int = (await Branch.get(parent_id=None)).id
    return office_id
