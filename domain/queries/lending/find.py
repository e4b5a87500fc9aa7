"""Finding the one noun an operation is about: what the caller may not touch does not exist."""

from __future__ import annotations

from typing import TypeVar

from tortoise import models

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.application import LoanApplication
from domain.models.lending.borrower import Borrower
from domain.models.lending.contract import Drawdown, LoanContract
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Loan
from domain.queries.visibility import as_doer, visible, visible_by_customer
from domain.rules.lending import borrower as borrower_rules
from domain.rules.lending.states import APPLICATION, CONTRACT, DRAWDOWN, FACILITY, LOAN
from domain.rules.refusal import ErrorCode, Problem, Refused

M = TypeVar("M", bound=models.Model)


async def find_borrower(actor: Actor, borrower_id: int, *, path: str = "borrowerId") -> Borrower:
    """Return the borrower; raises NOT_FOUND for an absent or unseen one."""
    sight = visible(as_doer(actor), table="borrower", borrower_column="id")
    await _seen("borrower", borrower_id, sight, borrower_rules.NOUN, path)
    return await Borrower.get(id=borrower_id)


async def find_facility(
    actor: Actor, facility_id: int, *, lock: bool = False, path: str = "facilityId"
) -> CreditFacility:
    """Return the facility, locked if asked; raises NOT_FOUND for an absent or unseen one."""
    sight = visible_by_customer(as_doer(actor), table="credit_facility")
    await _seen("credit_facility", facility_id, sight, FACILITY, path)
    return await _get(CreditFacility, facility_id, lock=lock)


async def find_application(
    actor: Actor, application_id: int, *, lock: bool = False, path: str = "applicationId"
) -> LoanApplication:
    """Return the application, locked if asked; raises NOT_FOUND likewise."""
    sight = visible(as_doer(actor), table="loan_application")
    await _seen("loan_application", application_id, sight, APPLICATION, path)
    return await _get(LoanApplication, application_id, lock=lock)


async def find_contract(
    actor: Actor, contract_id: int, *, lock: bool = False, path: str = "contractId"
) -> LoanContract:
    """Return the contract, locked if asked; raises NOT_FOUND likewise."""
    sight = visible(as_doer(actor), table="loan_contract")
    await _seen("loan_contract", contract_id, sight, CONTRACT, path)
    return await _get(LoanContract, contract_id, lock=lock)


async def find_drawdown(
    actor: Actor, drawdown_id: int, *, lock: bool = False, path: str = "drawdownId"
) -> Drawdown:
    """Return the drawdown, locked if asked; raises NOT_FOUND likewise."""
    sight = visible_by_customer(as_doer(actor), table="drawdown")
    await _seen("drawdown", drawdown_id, sight, DRAWDOWN, path)
    return await _get(Drawdown, drawdown_id, lock=lock)


async def find_loan(
    actor: Actor, loan_id: int, *, lock: bool = False, path: str = "loanId"
) -> Loan:
    """Return the loan, locked if asked; raises NOT_FOUND likewise."""
    sight = visible(as_doer(actor), table="loan")
    await _seen("loan", loan_id, sight, LOAN, path)
    return await _get(Loan, loan_id, lock=lock)


async def _get(model: type[M], row_id: int, *, lock: bool) -> M:
    query = model.filter(id=row_id)
    return await (query.select_for_update() if lock else query).get()


async def _seen(
    table: str,
    row_id: int,
    sight: tuple[str, list[object]],
    noun: tuple[str, str],
    path: str,
) -> None:
    condition, values = sight
    sql = f"SELECT 1 AS one FROM {table} WHERE id = %s AND {condition}"
    if not await rows(sql, [row_id, *values]):
        raise not_found(noun, path)


def not_found(noun: tuple[str, str], path: str) -> Refused:
    """The refusal of an absent or unseen noun; `noun` is its name in en and zh."""
    en, zh = noun
    return Refused(
        [
            Problem(
                ErrorCode.NOT_FOUND,
                (path,),
                f"There is no such {en}, or you may not see it. Check the id.",
                f"没有该{zh}，或您无权查看，请核对编号。",
            )
        ]
    )
