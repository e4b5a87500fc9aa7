"""Finding the bank account an operation is about."""

from __future__ import annotations

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.borrower import BankAccount
from domain.queries.lending.find import not_found
from domain.queries.lending.statements import visible_by_borrower
from domain.queries.visibility import as_doer
from domain.rules.lending.bank_account import BANK_ACCOUNT


async def find_bank_account(
    actor: Actor, account_id: int, *, path: str = "accountId"
) -> BankAccount:
    """Return the account, locked; raises NOT_FOUND for an absent or unseen one."""
    condition, values = visible_by_borrower(as_doer(actor), table="bank_account")
    sql = f"SELECT 1 AS one FROM bank_account WHERE id = %s AND {condition}"
    if not await rows(sql, [account_id, *values]):
        raise not_found(BANK_ACCOUNT, path)
    return await BankAccount.filter(id=account_id).select_for_update().get()
