"""A borrower's bank account that waits for approval. `registerBankAccount` proposes it.

The number is not in the payload: it is encrypted in its row, which never changes while it waits.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor
from domain.models.lending.borrower import BankAccount, Borrower
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.queries.lending.bank_accounts import find_bank_account
from domain.queries.policy import policy_value
from domain.rules.lending.bank_account import (
    BANK_ACCOUNT as NOUN,
)
from domain.rules.lending.bank_account import (
    BANK_ACCOUNT_MOVES,
    BankAccountState,
)
from domain.rules.roles import Role
from domain.rules.states import move

COOLING_DAYS = "bank_account_cooling_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingAccount:
    """The account; all but its id is filled in, for the eye."""

    account_id: int
    bank_name: str = ""
    account_name: str = ""
    number_tail: str = ""


async def _validate(actor: Actor, asked: WaitingAccount) -> Proposal[WaitingAccount]:
    row = await find_bank_account(actor, asked.account_id)
    move(BANK_ACCOUNT_MOVES, NOUN, BankAccountState(row.state), BankAccountState.APPROVED)
    borrower = await Borrower.get(id=row.borrower_id)
    shown = f"{row.bank_name} ****{row.number_tail} {row.account_name}"
    return Proposal(
        payload=WaitingAccount(
            account_id=row.id,
            bank_name=row.bank_name,
            account_name=row.account_name,
            number_tail=row.number_tail,
        ),
        en=f"Bank account of {borrower.name}: {shown}.",
        zh=f"{borrower.name} 的银行账户：{shown}。",
        subject=("BankAccount", row.id),
        borrower_id=borrower.id,
        branch_id=borrower.branch_id,
    )


async def _apply(step: Step, actor: Actor, account: WaitingAccount) -> Result:
    row = await find_bank_account(actor, account.account_id)
    borrower, today = await Borrower.get(id=row.borrower_id), await business_date()
    days = int(await policy_value(COOLING_DAYS, profile=borrower.profile, on=today))
    row.approved_on, row.usable_from = today, today + dt.timedelta(days=days)
    await _become(step, row, BankAccountState.APPROVED, event="bank_account.approved")
    return {"bank_account": row.id}


async def _turned_down(step: Step, account: WaitingAccount) -> None:
    row = await BankAccount.filter(id=account.account_id).select_for_update().get()
    if row.state == BankAccountState.PENDING:
        await _become(step, row, BankAccountState.REJECTED, event="bank_account.rejected")


async def _become(step: Step, row: BankAccount, to: BankAccountState, *, event: str) -> None:
    before = BankAccountState(row.state)
    move(BANK_ACCOUNT_MOVES, NOUN, before, to)
    row.state = to
    await row.save(update_fields=["state", "approved_on", "usable_from"])
    step.changed(
        "BankAccount",
        row.id,
        before={"state": before},
        after={"state": to, "usableFrom": row.usable_from},
        event=event,
    )


BANK_ACCOUNT = Kind(
    name="BANK_ACCOUNT",
    en="A bank account that a borrower registered.",
    zh="借款人银行账户",
    payload=WaitingAccount,
    propose=frozenset({Role.APPLICANT, Role.RELATIONSHIP_MANAGER}),
    approve=frozenset({Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
    turned_down=_turned_down,
)
