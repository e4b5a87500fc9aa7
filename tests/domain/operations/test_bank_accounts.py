"""Bank accounts: encrypted, single, shown in clear only to those whose work needs it."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.encryption import blind_index
from domain.models.change import ChangeRequest
from domain.models.lending.borrower import BankAccount
from domain.operations.changes.decide import reject_change, withdraw_change
from domain.operations.lending.register_bank_account import (
    NUMBER,
    NewBankAccount,
    register_bank_account,
)
from domain.queries.clear_text import clear_text
from domain.rules.refusal import ErrorCode, Refused
from tests.changes import approve
from tests.conftest import FIRST_DAY
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


async def request_of(account_id: int) -> ChangeRequest:
    found = ChangeRequest.filter(subject_noun="BankAccount", subject_id=account_id)
    return await found.order_by("-id").first()


async def test_an_account_waits_for_another_person_and_then_cools(lender: Lender) -> None:
    account_id = await register(lender, await lender.borrower(), "6222000012345678")
    row = await BankAccount.get(id=account_id)
    assert (row.state, row.usable_from) == ("PENDING", None)
    change = await request_of(account_id)
    assert "****5678" in change.summary_zh
    assert "6222000012345678" not in change.payload
    for actor in (lender.relationship_manager, lender.manager2, lender.cashier, lender.admin):
        with pytest.raises(Refused):
            await approve(actor, change)
    assert (await BankAccount.get(id=account_id)).state == "PENDING"
    await approve(lender.risk_officer, change)
    row = await BankAccount.get(id=account_id)
    assert (row.state, row.approved_on) == ("APPROVED", FIRST_DAY)
    assert row.usable_from == FIRST_DAY + dt.timedelta(days=3)


@pytest.mark.parametrize("way", ["rejected", "withdrawn"])
async def test_an_account_that_was_turned_down_may_be_registered_again(
    lender: Lender, way: str
) -> None:
    borrower_id = await lender.borrower()
    account_id = await register(lender, borrower_id, "6222000012345678")
    change = await request_of(account_id)
    if way == "rejected":
        await reject_change(
            actor=lender.risk_officer, key=key(), change_id=change.id, comment="Not theirs."
        )
    else:
        manager = lender.relationship_manager
        await withdraw_change(actor=manager, key=key(), change_id=change.id)
    assert (await BankAccount.get(id=account_id)).state == "REJECTED"
    again = await register(lender, borrower_id, "6222000012345678", account_name="Right name")
    assert again == account_id
    row = await BankAccount.get(id=account_id)
    assert (row.state, row.account_name) == ("PENDING", "Right name")
    with pytest.raises(Refused):
        await approve(lender.risk_officer, change)
    await approve(lender.risk_officer, await request_of(account_id))
    assert (await BankAccount.get(id=account_id)).state == "APPROVED"
    with pytest.raises(Refused, match="DUPLICATE"):
        await register(lender, borrower_id, "6222000012345678")


async def test_an_account_of_before_the_approvals_is_registered_again(lender: Lender) -> None:
    """The migration leaves what was there PENDING, without a request."""
    borrower_id = await lender.borrower()
    row = await BankAccount.create(
        borrower_id=borrower_id,
        bank_name="工商银行",
        account_name="Old",
        number_cipher="",
        number_index=blind_index("6222000012345678", column=NUMBER),
        number_tail="5678",
    )
    assert await register(lender, borrower_id, "6222000012345678") == row.id
    await approve(lender.risk_officer, await request_of(row.id))
