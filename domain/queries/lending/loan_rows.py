"""The rows that make up a loan's account, read without the ORM; locked where it says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from domain.actor import Actor
from domain.db import for_update, in_list, rows
from domain.models.lending.loan_rows import (
    AllocationRow,
    ChargeRow,
    InstallmentRow,
    LimitRow,
    LoanRow,
    columns_of,
)
from domain.queries.lending.find import not_found
from domain.queries.visibility import visible
from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.states import LOAN

_LOAN = f"SELECT {columns_of(LoanRow)} FROM loan WHERE "
_LIMIT = f"SELECT {columns_of(LimitRow)} FROM credit_facility WHERE "
_INSTALLMENTS = f"SELECT {columns_of(InstallmentRow)} FROM installment WHERE loan_id IN "
_CHARGES = f"SELECT {columns_of(ChargeRow)} FROM loan_charge WHERE loan_id IN "
_ALLOCATIONS = (
    f"SELECT {columns_of(AllocationRow)} FROM repayment_allocation "
    "WHERE superseded_by IS NULL AND loan_id IN "
)


async def see_loan(actor: Actor, loan_id: int, *, path: str = "loanId") -> LoanRow:
    """Return the loan as it is, not locked; raises NOT_FOUND for an absent or unseen one."""
    return await _loan(actor, loan_id, path, "")


async def lock_loan(actor: Actor, loan_id: int, *, path: str = "loanId") -> LoanRow:
    """Return the loan, locked; raises NOT_FOUND for an absent or unseen one."""
    return await _loan(actor, loan_id, path, for_update())


async def _loan(actor: Actor, loan_id: int, path: str, lock: str) -> LoanRow:
    condition, values = visible(actor, table="loan")
    found = await rows(f"{_LOAN}id = %s AND ({condition})" + lock, [loan_id, *values])
    if not found:
        raise not_found(LOAN, path)
    return LoanRow(**found[0])


async def lock_loans(loan_ids: Sequence[int]) -> list[LoanRow]:
    """Return loans by id, locked, in the order of their ids."""
    found = await rows(f"{_LOAN}id IN {in_list(loan_ids)} ORDER BY id" + for_update(), loan_ids)
    return [LoanRow(**row) for row in found]


async def lock_limit(facility_id: int) -> LimitRow:
    """Return the facility, locked."""
    found = await rows(f"{_LIMIT}id = %s" + for_update(), [facility_id])
    return LimitRow(**found[0])


async def lock_revolving_limit_of(actor: Actor, loan_id: int) -> LimitRow | None:
    """Return the facility of a loan, locked, or None when it does not revolve or the actor may not
    see the loan. The loan itself is not locked: the order is facility, then loan."""
    condition, values = visible(actor, table="loan")
    found = await rows(
        f"{_LIMIT}revolving = 1 AND id = "
        f"(SELECT facility_id FROM loan WHERE loan.id = %s AND ({condition}))" + for_update(),
        [loan_id, *values],
    )
    return LimitRow(**found[0]) if found else None


async def installments_of(
    loan_ids: Sequence[int], *, settled: bool = False
) -> dict[int, list[InstallmentRow]]:
    """Return the unsettled instalments of each loan in order, the settled ones too if asked."""
    only_open = "" if settled else " AND settled_on IS NULL"
    by_loan: dict[int, list[InstallmentRow]] = defaultdict(list)
    for row in await rows(
        f"{_INSTALLMENTS}{in_list(loan_ids)}{only_open} ORDER BY number", loan_ids
    ):
        by_loan[row["loan_id"]].append(InstallmentRow(**row))
    return by_loan


async def charges_of(
    loan_ids: Sequence[int], *, settled: bool = False
) -> dict[int, list[ChargeRow]]:
    """Return the unsettled charges of each loan in order, the settled ones too if asked."""
    only_open = "" if settled else " AND settled_on IS NULL"
    by_loan: dict[int, list[ChargeRow]] = defaultdict(list)
    for row in await rows(f"{_CHARGES}{in_list(loan_ids)}{only_open} ORDER BY number", loan_ids):
        by_loan[row["loan_id"]].append(ChargeRow(**row))
    return by_loan


async def allocations_of(loan_ids: Sequence[int]) -> dict[int, list[AllocationRow]]:
    """Return what was paid on which instalment of each loan, oldest first."""
    by_loan: dict[int, list[AllocationRow]] = defaultdict(list)
    for row in await rows(f"{_ALLOCATIONS}{in_list(loan_ids)} ORDER BY id", loan_ids):
        by_loan[row["loan_id"]].append(AllocationRow(**row))
    return by_loan


async def vat_rates() -> dict[str, tuple[DatedRate, ...]]:
    """Return the rates of value-added tax by profile, in the order of their days."""
    by_profile: dict[str, tuple[DatedRate, ...]] = defaultdict(tuple)
    for row in await rows(
        "SELECT profile, value, effective_from FROM policy_value WHERE name = 'vat_rate' "
        "ORDER BY effective_from"
    ):
        rate = DatedRate(row["effective_from"], Decimal(row["value"]))
        by_profile[row["profile"]] += (rate,)
    return by_profile
