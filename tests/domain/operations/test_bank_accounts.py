"""Bank accounts: encrypted, single, shown in clear only to those whose work needs it."""

from __future__ import annotations

import pytest

from domain.models.lending.borrower import BankAccount
from domain.operations.lending.register_bank_account import (
    NUMBER,
    NewBankAccount,
    register_bank_account,
)
from domain.queries.clear_text import clear_text
from domain.rules.refusal import ErrorCode, Refused
from tests.lender import Lender, key


async def register(lender: Lender, borrower_id: int, number: str, **changes: str) -> int:
    form = {"bank_name": "工商银行", "account_name": "Borrower", **changes}
    done = await register_bank_account(
        actor=lender.relationship_manager,
        key=key(),
        account=NewBankAccount(borrower_id=borrower_id, number=number, **form),
    )
    return done["account"]


async def test_a_number_is_stored_encrypted_and_masked_by_role(lender: Lender) -> None:
    borrower_id = await lender.borrower()
    row = await BankAccount.get(id=await register(lender, borrower_id, "6222 0000-1234 5678"))
    assert "6222000012345678" not in row.number_cipher
    assert row.number_tail == "5678"
    assert clear_text(lender.cashier, row.number_cipher, column=NUMBER) == "6222000012345678"
    assert clear_text(lender.analyst, row.number_cipher, column=NUMBER) is None


async def test_the_same_number_written_otherwise_is_a_duplicate(lender: Lender) -> None:
    borrower_id = await lender.borrower()
    await register(lender, borrower_id, "6222000012345678")
    with pytest.raises(Refused) as refused:
        await register(lender, borrower_id, "6222-0000-1234-5678")
    assert [p.code for p in refused.value.problems] == [ErrorCode.DUPLICATE]
    await register(lender, await lender.borrower(), "6222000012345678")


async def test_all_mistakes_come_together(lender: Lender) -> None:
    borrower_id = await lender.borrower()
    with pytest.raises(Refused) as refused:
        await register(lender, borrower_id, "12", bank_name=" ", account_name="x" * 201)
    assert {p.path for p in refused.value.problems} == {
        ("bankName",),
        ("accountName",),
        ("number",),
    }
