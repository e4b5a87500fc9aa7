"""Value-added tax (增值税) included in interest, by a dated rate (docs/domain.md §6).

The tax point of contract interest is the day it falls due (结息日), or its payment where that comes
first; of penalty and compound interest, and of everything in non-accrual, the payment.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from domain.rules.lending.servicing.account import BookStatus, LoanAccount
from domain.rules.money import Rounding, round_half


def vat_included(gross: int, rate: Decimal, rounding: Rounding = Rounding.HALF_UP) -> int:
    """The tax in `gross` at an inclusive `rate`: 6,500.00 at 6 % hold 367.92."""
    return round_half(gross * Fraction(rate) / (1 + Fraction(rate)), rounding)


def tax(account: LoanAccount, today: dt.date) -> None:
    """Bring the tax to what has reached its tax point.

    Taxes are cumulative like accruals; where the rate changes, what was taxed before stays.
    """
    rates = [dated.rate for dated in account.terms.vat if dated.effective_from <= today]
    if not rates:
        return
    reached = taxable(account, today)
    rounding = account.terms.schedule.rounding
    rate = rates[-1]
    account.vat += vat_included(reached, rate, rounding) - vat_included(
        account.taxed_income, rate, rounding
    )
    account.taxed_income = reached


def taxable(account: LoanAccount, today: dt.date) -> int:
    """Gross interest whose tax point has come, cumulative: what was paid, and on the books also
    what fell due and is still owed."""
    paid = account.interest_paid + account.penalty_paid + account.compound_paid
    if account.book_status is not BookStatus.ACCRUING:
        return paid
    return paid + sum(
        row.interest_unpaid
        for row in account.installments
        if row.settled_on is None and row.due_date <= today
    )
