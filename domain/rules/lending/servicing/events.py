"""What people do to a loan after disbursement: the loan's history is a list of these.

Each has its place in the history: `on`, its value date, and `sequence`, the order in which the
events of one day came. Amounts are minor units. A reversal is no event here: it takes one out of
the history.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.rules.lending.allocation import Bucket
from domain.rules.lending.business_days import WEEKENDS_ONLY, BusinessCalendar, RollConvention
from domain.rules.lending.schedule_terms import RepaymentMethod


class Keep(StrEnum):
    """What a prepayment leaves as it is."""

    INSTALLMENT = "INSTALLMENT"
    """The instalment stays, the loan ends sooner (缩短期限)."""
    TERM = "TERM"
    """The last due date stays, instalments shrink (减少月供)."""


class ChargeCode(StrEnum):
    """What a fee or cost is for. The fee on a prepayment is PREPAYMENT_FEE; nobody levies it."""

    LITIGATION = "LITIGATION"
    COLLECTION = "COLLECTION"
    NOTARY = "NOTARY"
    APPRAISAL = "APPRAISAL"
    SERVICE = "SERVICE"
    COMMITMENT = "COMMITMENT"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a loan."""

    sequence: int
    on: dt.date

    @property
    def reaches_back_to(self) -> dt.date:
        """The first day whose account it looks at: where that has passed, only a replay of the
        whole history can do the event."""
        return self.on


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Event):
    """还款: settles what is due; the rest is a credit balance for the next due item. On a loan
    written off it is a recovery (收回)."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepayment(Event):
    """提前还款: settles what is due, the fee and the interest accrued; the rest is principal."""

    amount: int
    keep: Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff(Event):
    """结清: closes the loan. What it brings above what is owed is a credit balance."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Event):
    """退还溢缴款: pays a credit balance back."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Levy(Event):
    """收费: the borrower owes a fee or cost from `due_date` on."""

    code: str
    amount: int
    due_date: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver(Event):
    """减免: gives up part of a claim, oldest first. Principal is never waived."""

    bucket: Bucket
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange(Event):
    """利率变更 from `on`, that day included."""

    annual_rate: Decimal
    penalty_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDates(Event):
    """An event that makes due dates, which roll to business days. How they roll is part of it, so
    that a replay gives the same dates whatever the calendar says by then."""

    roll: RollConvention = RollConvention.NONE
    calendar: BusinessCalendar = WEEKENDS_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDayChange(NewDates):
    """变更还款日: the running period ends on `next_due_date`, later ones count from it."""

    next_due_date: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(NewDates):
    """展期: `periods` more instalments, at a rate of their own from `on`."""

    periods: int
    annual_rate: Decimal
    penalty_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Restructuring(NewDates):
    """重组: from `on` all principal, overdue or not, is repaid by a new schedule; the interest owed
    so far stays due."""

    method: RepaymentMethod
    periods: int
    annual_rate: Decimal
    penalty_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceleration(Event):
    """宣布提前到期: all principal falls due that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misuse(Event):
    """挪用: `amount` of the principal outstanding was found to be misused since a day; it bears the
    contract rate × (1 + `markup`). 0 says that nothing is misused any more."""

    amount: int
    markup: Decimal
    since: dt.date

    @property
    def reaches_back_to(self) -> dt.date:
        return self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff(Event):
    """核销 (账销案存): out of the books, the claim stays."""
