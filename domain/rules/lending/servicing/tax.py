"""Value-added tax (增值税) included in interest, by a dated rate (docs/domain.md §6).

The tax point of contract interest is the day it falls due (结息日), or its payment where that comes
first; of penalty and compound interest, and of everything in non-accrual, the payment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.servicing.account import BookStatus, LoanAccount
from domain.rules.money import Rounding, round_half


def vat_included(gross: int, rate: Decimal, rounding: Rounding = Rounding.HALF_UP) -> int:
    """The tax in `gross` at an inclusive `rate`: 6,500.00 at 6 % hold 367.92."""
    return round_half(gross * Fraction(rate) / (1 + Fraction(rate)), rounding)


def tax(account: LoanAccount, today: dt.date) -> None:
    """Bring the tax to what has reached its tax point.

    Taxes are cumulative like accruals; where the rate changes, what was taxed before stays.
    """
    reached = taxable(account, today)
    vat = vat_reached(
        account.terms.vat,
        taxed=account.taxed_income,
        reached=reached,
        today=today,
        rounding=account.terms.schedule.rounding,
    )
    if vat is not None:
        account.vat += vat
        account.taxed_income = reached


def vat_reached(
    rates: Sequence[DatedRate], *, taxed: int, reached: int, today: dt.date, rounding: Rounding
) -> int | None:
    """The tax on what came to its tax point beyond what was taxed; None without a rate in force.

    `rates` are in the order of their days.
    """
    in_force = [dated.rate for dated in rates if dated.effective_from <= today]
    if not in_force:
        return None
    if taxed == reached:
        return 0
    rate = in_force[-1]
    return vat_included(reached, rate, rounding) - vat_included(taxed, rate, rounding)


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
