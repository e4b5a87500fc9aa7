"""The rows that make up a loan's account, read without the ORM; locked where it says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.actor import Actor
from domain.db import for_update, in_list, rows
from domain.models.lending.loan_rows import (
    AllocationRow,
    InstallmentRow,
    LoanRow,
    LoanTermsRow,
    RevolvingFacility,
    columns_of,
)
from domain.queries.lending.find import not_found
from domain.queries.visibility import visible
from domain.rules.lending.states import LOAN, LoanState

_LOAN = f"SELECT {columns_of(LoanRow)} FROM loan WHERE "
_TERMS = f"SELECT {columns_of(LoanTermsRow)} FROM loan WHERE id IN "
_FACILITY = f"SELECT {columns_of(RevolvingFacility)} FROM credit_facility WHERE revolving = 1 AND "
_INSTALLMENTS = f"SELECT {columns_of(InstallmentRow)} FROM installment WHERE loan_id IN "
_ALLOCATIONS = f"SELECT {columns_of(AllocationRow)} FROM repayment_allocation WHERE loan_id IN "


async def lock_loan(actor: Actor, loan_id: int, *, path: str = "loanId") -> LoanRow:
    """Return the loan, locked; raises NOT_FOUND for an absent or unseen one."""
    condition, values = visible(actor, table="loan")
    found = await rows(
        f"{_LOAN}id = %s AND ({condition})" + for_update(),
        [loan_id, *values],
    )
    if not found:
        raise not_found(LOAN, path)
    return LoanRow(**found[0])


async def lock_active_loans(*, after: int, limit: int) -> list[LoanRow]:
    """Return the first `limit` ACTIVE loans with an id above `after`, by id, locked."""
    found = await rows(
        f"{_LOAN}state = %s AND id > %s ORDER BY id LIMIT %s" + for_update(),
        [LoanState.ACTIVE, after, limit],
    )
    return [LoanRow(**row) for row in found]


async def lock_revolving_facility(facility_id: int) -> RevolvingFacility | None:
    """Return the facility, locked, or None when it does not revolve."""
    return _first_facility(await rows(f"{_FACILITY}id = %s" + for_update(), [facility_id]))


async def lock_revolving_facility_of(actor: Actor, loan_id: int) -> RevolvingFacility | None:
    """Return the facility of a loan, locked, or None when it does not revolve or the actor may not
    see the loan. The loan itself is not locked: the order is facility, then loan."""
    condition, values = visible(actor, table="loan")
    found = await rows(
        f"{_FACILITY}id = (SELECT facility_id FROM loan WHERE loan.id = %s AND ({condition}))"
        + for_update(),
        [loan_id, *values],
    )
    return _first_facility(found)


async def terms_of(loan_ids: Sequence[int]) -> dict[int, LoanTermsRow]:
    """Return what each loan accrues by."""
    found = await rows(_TERMS + in_list(loan_ids), loan_ids)
    return {row["id"]: LoanTermsRow(**row) for row in found}


async def open_installments(loan_ids: Sequence[int]) -> dict[int, list[InstallmentRow]]:
    """Return the unsettled instalments of each loan, in order."""
    found = await rows(
        f"{_INSTALLMENTS}{in_list(loan_ids)} AND settled_on IS NULL ORDER BY number", loan_ids
    )
    by_loan: dict[int, list[InstallmentRow]] = {loan_id: [] for loan_id in loan_ids}
    for row in found:
        by_loan[row["loan_id"]].append(InstallmentRow(**row))
    return by_loan


async def allocations_of(loan_ids: Sequence[int]) -> dict[int, list[AllocationRow]]:
    """Return what was paid on which instalment of each loan."""
    by_loan: dict[int, list[AllocationRow]] = {loan_id: [] for loan_id in loan_ids}
    for row in await rows(_ALLOCATIONS + in_list(loan_ids), loan_ids):
        by_loan[row["loan_id"]].append(AllocationRow(**row))
    return by_loan


def _first_facility(found: Sequence[dict[str, Any]]) -> RevolvingFacility | None:
    return RevolvingFacility(**found[0]) if found else None
