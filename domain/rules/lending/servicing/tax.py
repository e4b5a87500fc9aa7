"""Value-added tax (增值税) included in interest, by a dated rate (docs/domain.md §6).

The tax point of contract interest is the day it falls due (结息日), or its payment where that comes
first. While something older is unpaid, that holds for what arises in the ninety days after the
oldest unpaid due date; what arises later is taxed as it is paid. What was taxed stays so in
non-accrual and after a write-off: the tax was declared. Penalty and compound interest have no
settlement day of their own, and are taxed as they are paid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Protocol

from domain.rules.lending.accrual import EarningRow, EarningTerms, accrued_interest
from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.money import Rounding, round_half

_TAXED_UNPAID: Final = dt.timedelta(days=90)


class TaxedRow(EarningRow, Protocol):
    """A row of which contract interest may be unpaid."""

    @property
    def interest_unpaid(self) -> int: ...


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
    """Gross interest whose tax point has come, cumulative: what was paid, and of what fell due and
    is still owed the part that :func:`taxed_unpaid` says."""
    paid = account.interest_paid + account.penalty_paid + account.compound_paid
    return paid + sum(
        taxed_unpaid(row, account.terms.schedule, account.next_due_date)
        for row in account.installments
        if row.settled_on is None and row.due_date <= today
    )


def taxed_unpaid(row: TaxedRow, terms: EarningTerms, oldest_unpaid: dt.date | None) -> int:
    """What of the contract interest of a row that has fallen due is unpaid and yet taxed.

    Payments and waivers come off what was taxed first. Source: Cai Shui [2016] 36, annex 3, IV.
    """
    unpaid = row.interest_unpaid
    if not unpaid or oldest_unpaid is None:
        return 0
    waits_from = oldest_unpaid + _TAXED_UNPAID
    if row.end_date <= waits_from:
        return unpaid
    return max(unpaid - (row.interest - accrued_interest(row, terms, waits_from)), 0)
