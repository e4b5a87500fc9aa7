"""The posting profile: the roles an event's accounts play, and the account each posts to.

The default is what postings.py posts: a role is an account of that chart, by name. A lender gives a
role another account of the same side, from a day on.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from domain.rules.form import Form
from domain.rules.lending.postings import CASH_ACCOUNTS, Account, Event
from domain.rules.refusal import ErrorCode

_LOAN: Final = tuple(account for account in Account if account not in CASH_ACCOUNTS)

ROLES_OF: Final = MappingProxyType(
    {
        Event.DISBURSEMENT: (Account.LOANS, *sorted(CASH_ACCOUNTS)),
        Event.ACCRUAL: tuple(
            account for account in _LOAN if account.name.endswith(("RECEIVABLE", "INCOME"))
        ),
        Event.REPAYMENT: (*sorted(CASH_ACCOUNTS), *_LOAN),
        Event.SUSPENSE: (Account.BANK, Account.SUSPENSE),
    }
)
"""The roles of each event; a role's name is its account's, such as INTEREST_INCOME."""


def default_profile() -> list[tuple[Event, str, Account]]:
    """Return (event, role, account) of every line of the default profile."""
    return [(event, role.name, role) for event, roles in ROLES_OF.items() for role in roles]


def check_line(form: Form, *, event: str, role: str) -> Account | None:
    """Note an unknown event or role; return the default account of the line if it is known."""
    known = {str(each): each for each in ROLES_OF}
    roles = {each.name: each for each in ROLES_OF[known[event]]} if event in known else {}
    if event not in known:
        names = ", ".join(ROLES_OF)
        form.add(
            ErrorCode.INVALID_VALUE,
            "event",
            f"No event {event!r} posts entries. Choose one of {names}.",
            f"没有名为“{event}”的记账事件，请选择：{names}。",
        )
    elif role not in roles:
        names = ", ".join(roles)
        form.add(
            ErrorCode.INVALID_VALUE,
            "role",
            f"{event} has no role {role!r}. Choose one of {names}.",
            f"事件 {event} 没有角色“{role}”，请选择：{names}。",
        )
    return roles.get(role)


def check_account(form: Form, *, code: str, side: str | None, wanted: str) -> None:
    """Note an account that the chart lacks (`side` is None) or that grows on the other side."""
    if side is None:
        form.add(
            ErrorCode.NOT_FOUND,
            "accountCode",
            f"The chart of accounts has no account {code!r}. Check its code.",
            f"会计科目表中没有科目“{code}”，请核对编码。",
        )
    elif side != wanted:
        form.add(
            ErrorCode.INVALID_VALUE,
            "accountCode",
            f"Account {code} grows on the {side} side, but this role needs a {wanted} account.",
            f"科目 {code} 的余额方向为 {side}，该角色需要 {wanted} 方向的科目。",
        )
