"""Register a borrower's bank account. The number is encrypted; its blind index keeps it single."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.actor import Actor
from domain.encryption import blind_index, encrypt
from domain.models.lending.borrower import BankAccount
from domain.operations.lending.owner_side import refuse_other_side
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.find import find_borrower
from domain.rules.form import Form
from domain.rules.refusal import ErrorCode

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
    """Add the account, for the borrower or its relationship manager. Result: `account`.

    Raises :class:`Refused` with every mistake of the form, or for an account registered before.
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
        elif await BankAccount.exists(borrower_id=borrower.id, number_index=index):
            form.add(
                ErrorCode.DUPLICATE,
                "number",
                "This account is registered for the borrower already.",
                "该借款人已登记此账号。",
            )
        form.refuse()
        row = await BankAccount.create(
            borrower_id=borrower.id,
            bank_name=bank_name,
            account_name=account_name,
            number_cipher=encrypt(number, column=NUMBER),
            number_index=index,
            number_tail=number[-4:],
        )
        step.changed(
            "BankAccount",
            row.id,
            after={"borrower": borrower.id, "bankName": bank_name, "tail": row.number_tail},
            event="bank_account.registered",
        )
        return {"account": row.id}

    arguments = {
        "borrower": account.borrower_id,
        "bank": account.bank_name,
        "name": account.account_name,
        "number": index,
    }
    return await perform(
        actor=actor, action="registerBankAccount", key=key, arguments=arguments, work=work
    )
