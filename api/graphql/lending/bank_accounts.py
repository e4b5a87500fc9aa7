"""Borrowers' bank accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from api.graphql.changes.requests import ChangeRequest
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.nouns import Noun, column, computed
from api.graphql.payloads import Payload, answer
from domain.actor import Actor
from domain.operations.lending.register_bank_account import (
    NUMBER,
    NewBankAccount,
    register_bank_account,
)
from domain.queries.clear_text import clear_text
from domain.queries.lending.statements import visible_by_borrower
from domain.queries.select import Condition
from domain.rules.lending.bank_account import BankAccountState


def _number(actor: Actor, row: Mapping[str, Any]) -> str:
    return clear_text(actor, row["number_cipher"], column=NUMBER) or f"****{row['number_tail']}"


@strawberry.type(description="Bank account of a borrower.")
class BankAccount(Node):
    """A row of the bank_account table."""

    bank_name: str = column("bank_name", "The bank.")
    account_name: str = column("account_name", "The holder, as the bank has it.")
    number: str = computed(
        ("number_cipher", "number_tail"),
        "The number: in clear for those whose work needs it, else its last four characters.",
        _number,
    )
    state: BankAccountState = column("state", "Its state.", read=BankAccountState)
    approved_on: dt.date | None = column("approved_on", "Business date of its approval.")
    usable_from: dt.date | None = column(
        "usable_from", "Money may go to it from this day on: its cooling period is over."
    )
    created_at: dt.datetime = column("created_at", "When it was registered.")


ACCOUNTS = Noun(BankAccount, table="bank_account", sight=visible_by_borrower)


@strawberry.input(description="A bank account to register.")
class RegisterBankAccountInput:
    """The form of `registerBankAccount`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    borrower_id: strawberry.ID = strawberry.field(description="Global id of the borrower.")
    bank_name: str = strawberry.field(description="The bank, at most 100 characters.")
    account_name: str = strawberry.field(description="The holder, at most 200 characters.")
    number: str = strawberry.field(
        description="6 to 34 letters and digits; blanks and hyphens are read over."
    )


@strawberry.type(description="The account that was registered.")
class RegisterBankAccountPayload(Payload):
    """Answer of `registerBankAccount`."""

    account: BankAccount | None = strawberry.field(default=None, description="The account.")
    change: ChangeRequest | None = strawberry.field(
        default=None, description="The account as a change that another person must approve."
    )


@strawberry.type
class BankAccountQueries:
    """Reading bank accounts."""

    @strawberry.field(description="Bank accounts of a borrower you may see, newest first.")
    async def bank_accounts(
        self,
        info: Info,
        borrower_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the borrower.")
        ],
        first: First = PAGE_DEFAULT,
        after: After = None,
    ) -> Connection[BankAccount]:
        of_borrower = Condition(
            "bank_account.borrower_id = %s", (row_id_of(borrower_id, "Borrower"),)
        )
        return await ACCOUNTS.page(info, first=first, after=after, where=[of_borrower])


@strawberry.type
class BankAccountMutations:
    """Changing bank accounts."""

    @strawberry.mutation(
        description="Register a bank account of a borrower. It is PENDING until another person "
        "approves it."
    )
    async def register_bank_account(
        self,
        info: Info,
        input: Annotated[RegisterBankAccountInput, strawberry.argument(description="The account.")],
    ) -> RegisterBankAccountPayload:
        account = NewBankAccount(
            borrower_id=row_id_of(input.borrower_id, "Borrower"),
            bank_name=input.bank_name,
            account_name=input.account_name,
            number=input.number,
        )
        effect = register_bank_account(
            actor=info.context.actor, key=input.idempotency_key, account=account
        )
        return await answer(
            info, RegisterBankAccountPayload, effect, account="BankAccount", change="ChangeRequest"
        )
