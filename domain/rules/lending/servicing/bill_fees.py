"""The fees that a loan's terms charge (docs/domain.md §5): once on its start date, and with every
instalment that falls due. They need no event, as interest needs none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from domain.rules.lending.fees import Fee, due_at_start, due_with_row
from domain.rules.lending.schedule_terms import ScheduleTerms
from domain.rules.lending.servicing.account import Charge, Installment, LoanAccount
from domain.rules.lending.states import LoanState

UPFRONT_FEE: Final = "UPFRONT_FEE"
PERIODIC_FEE: Final = "PERIODIC_FEE"


def upfront_charge(fees: Sequence[Fee], schedule: ScheduleTerms) -> Charge | None:
    """What a loan of these terms owes from its start date on, besides interest."""
    amount = due_at_start(fees, schedule.principal, schedule.rounding)
    return _charge(0, UPFRONT_FEE, schedule.start_date, amount)


def bill_upfront(account: LoanAccount) -> None:
    """Bill what falls due on the start date, to a loan as it was disbursed."""
    _bill(account, upfront_charge(account.terms.fees, account.terms.schedule))


def bill_periodic(account: LoanAccount) -> None:
    """Bill with the instalments that fall due on `account.accrued_through`, which has just opened.

    A row opens with what is left once its first day is over: what is prepaid on a due date no
    longer counts for the row that begins there. What people make fall due on a day that is open, by
    an acceleration or a new schedule, carries no fee; nor does a loan written off.
    """
    if not account.terms.fees or account.state is not LoanState.ACTIVE:
        return
    rounding = account.terms.schedule.rounding
    for row in account.installments:
        if row.settled_on is None and row.due_date == account.accrued_through:
            amount = due_with_row(account.terms.fees, _opens_with(row), rounding)
            _bill(account, _charge(-row.number, PERIODIC_FEE, row.due_date, amount))


def _opens_with(row: Installment) -> int:
    first_day = [each.balance for each in row.balance_changes if each.on <= row.start_date]
    return first_day[-1] if first_day else row.opening


def _charge(number: int, code: str, due_date: dt.date, amount: int) -> Charge | None:
    return Charge(number=number, code=code, due_date=due_date, amount=amount) if amount else None


def _bill(account: LoanAccount, charge: Charge | None) -> None:
    if charge is not None:
        account.charges.append(charge)
        account.fee_receivable += charge.amount
