"""Register a borrower's bank account. The number is encrypted; its blind index keeps it single.

It is PENDING, and proposed as a change: another person approves it, and after a cooling period
money may go to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tortoise.exceptions import IntegrityError

from domain.actor import Actor
from domain.encryption import blind_index, encrypt
from domain.models.change import ChangeRequest
from domain.models.lending.borrower import BankAccount
from domain.operations.changes.kinds.bank_account import BANK_ACCOUNT, WaitingAccount
from domain.operations.changes.propose import propose_in
from domain.operations.lending.owner_side import refuse_other_side
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.find import find_borrower
from domain.rules.changes import ChangeState
from domain.rules.form import Form
from domain.rules.lending.bank_account import BankAccountState
from domain.rules.refusal import ErrorCode, Problem, Refused

REGISTERED = "Registered as a new bank account. 新银行账户登记。"
NUMBER = "bank_account.number"
_NUMBER = re.compile(r"[A-Z0-9]{6,34}", re.ASCII)  # IBAN's longest; Chinese accounts have 12 to 21


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBankAccount:
    """What the form gives; blanks and hyphens in the number are read over."""

    borrower_id: int
    bank_name: str
    account_name: str
    number: str


async def register_bank_account(*, actor: Actor, key: str, account: NewBankAccount) -> Done:
    """Add the account, for the borrower or its relationship manager, and propose it. One that was
    rejected may be registered again. Result: `account`, and `change` of the proposal.

    Raises :class:`Refused` with every mistake of the form, or for an account that is approved or
    waits for its approval.
    """
    number = re.sub(r"[\s-]", "", account.number).upper()
    index = blind_index(number, column=NUMBER)

    async def work(step: Step) -> Result:
        refuse_other_side(actor)
        borrower = await find_borrower(actor, account.borrower_id)
        form = Form()
        bank_name = form.text("bankName", account.bank_name, longest=100)
        account_name = form.text("accountName", account.account_name, longest=200)
        if not _NUMBER.fullmatch(number):
            form.add(
                ErrorCode.INVALID_VALUE,
                "number",
                "An account number has 6 to 34 letters and digits. Copy it from the bank's papers.",
                "账号应为 6 至 34 位字母或数字，请对照银行资料重新输入。",
            )
        known = await _known(borrower.id, index)
        if known is not None and await _stands(known):
            form.extend([_DUPLICATE])
        form.refuse()
        row = known or BankAccount(borrower_id=borrower.id, number_index=index)
        row.bank_name, row.account_name = bank_name, account_name
        row.number_cipher, row.number_tail = encrypt(number, column=NUMBER), number[-4:]
        row.state = BankAccountState.PENDING
        try:
            await row.save()
        except IntegrityError as error:  # somebody registered it between the look and the insert
            raise Refused([_DUPLICATE]) from error
        step.changed(
            "BankAccount",
            row.id,
            after={"borrower": borrower.id, "bankName": bank_name, "tail": row.number_tail},
            event="bank_account.registered",
        )
        waiting = WaitingAccount(account_id=row.id)
        change = await propose_in(step, BANK_ACCOUNT, waiting, reason=REGISTERED)
        return {"account": row.id, "change": change}

    arguments = {
        "borrower": account.borrower_id,
        "bank": account.bank_name,
        "name": account.account_name,
        "number": index,
    }
    return await perform(
        actor=actor, action="registerBankAccount", key=key, arguments=arguments, work=work
    )


_DUPLICATE = Problem(
    ErrorCode.DUPLICATE,
    ("number",),
    "This account is registered for the borrower already.",
    "该借款人已登记此账号。",
)


async def _known(borrower_id: int, index: str) -> BankAccount | None:
    found = BankAccount.filter(borrower_id=borrower_id, number_index=index)
    return await found.select_for_update().first()


async def _stands(account: BankAccount) -> bool:
    """Whether the account is approved, or somebody may still approve it."""
    if account.state == BankAccountState.PENDING:
        return await ChangeRequest.exists(
            subject_noun="BankAccount", subject_id=account.id, state=ChangeState.PROPOSED
        )
    return account.state == BankAccountState.APPROVED
