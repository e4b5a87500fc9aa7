"""The fees that a loan's terms charge (docs/domain.md §5): once on its start date, and with every
instalment that falls due. They need no event, as interest needs none."""

from __future__ import annotations

from typing import Final

from domain.rules.lending.fees import due_at_start, due_with_row
from domain.rules.lending.servicing.account import Charge, LoanAccount
from domain.rules.lending.states import LoanState

UPFRONT_FEE: Final = "UPFRONT_FEE"
PERIODIC_FEE: Final = "PERIODIC_FEE"


def bill_upfront(account: LoanAccount) -> None:
    """Bill what falls due on the start date, to a loan as it was disbursed."""
    schedule = account.terms.schedule
    amount = due_at_start(account.terms.fees, schedule.principal, schedule.rounding)
    _bill(account, 0, UPFRONT_FEE, amount)


def bill_periodic(account: LoanAccount) -> None:
    """Bill with the instalments that fall due on `account.accrued_through`, which has just opened.

    What people make fall due on a day that is open, by an acceleration or a new schedule, carries
    no fee; nor does a loan written off.
    """
    if not account.terms.fees or account.state is not LoanState.ACTIVE:
        return
    rounding = account.terms.schedule.rounding
    for row in account.installments:
        if row.settled_on is None and row.due_date == account.accrued_through:
            amount = due_with_row(account.terms.fees, row.opening, rounding)
            _bill(account, -row.number, PERIODIC_FEE, amount)


def _bill(account: LoanAccount, number: int, code: str, amount: int) -> None:
    if not amount:
        return
    account.charges.append(
        Charge(number=number, code=code, due_date=account.accrued_through, amount=amount)
    )
    account.fee_receivable += amount
