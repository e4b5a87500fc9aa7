"""A borrower's bank account: registered by one person, approved by another, usable after a while.

The cooling period (a policy value, in days) gives the borrower time to notice an account that was
slipped in: fraud by a changed account is paid out at once or never.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.states import Moves


class BankAccountState(StrEnum):
    """Where a registered account stands."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


BANK_ACCOUNT_MOVES: Moves = {
    BankAccountState.PENDING: frozenset({BankAccountState.APPROVED, BankAccountState.REJECTED}),
    BankAccountState.APPROVED: frozenset(),
    # Registered once more, it waits for an approval again.
    BankAccountState.REJECTED: frozenset({BankAccountState.PENDING}),
}
BANK_ACCOUNT = ("bank account", "银行账户")


def refuse_unusable(
    state: BankAccountState, usable_from: date | None, *, today: date, path: str
) -> None:
    """Refuse to pay money to an account that is not approved, or is within its cooling period."""
    if state is not BankAccountState.APPROVED or usable_from is None:
        problem = Problem(
            ErrorCode.ILLEGAL_STATE,
            (path,),
            f"This bank account is {state}. Money may go to it once another person has approved "
            "it.",
            f"该银行账户当前状态为 {state}，须经另一人批准后方可用于付款。",
        )
    elif today < usable_from:
        problem = Problem(
            ErrorCode.ILLEGAL_STATE,
            (path,),
            f"This bank account is in its cooling period. Money may go to it from {usable_from} "
            "on.",
            f"该银行账户处于冷静期，自 {usable_from} 起方可用于付款。",
        )
    else:
        return
    raise Refused([problem])
