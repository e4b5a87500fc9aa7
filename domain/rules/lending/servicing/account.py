"""A loan's account: its terms, its instalments and charges, its balances. Minor units throughout.

The account is mutable and belongs to one operation, which holds the loan's row under lock. The same
account serves a payment of today (with the unsettled instalments alone) and a replay of the loan's
whole history (with all of them).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from domain.rules.lending.allocation import AllocationRule, Bucket
from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.fees import Fee
from domain.rules.lending.interest import BalanceChange
from domain.rules.lending.overdue import InstallmentPayment, OverdueTerms
from domain.rules.lending.schedule_terms import ScheduleTerms
from domain.rules.lending.states import LoanState


class BookStatus(StrEnum):
    """Where the books keep a loan's claims."""

    ACCRUING = "ACCRUING"
    """Principal and accrued interest are assets, and interest is income as it accrues."""
    NON_ACCRUAL = "NON_ACCRUAL"
    """Interest is kept in memo accounts and becomes income when it is paid."""
    WRITTEN_OFF = "WRITTEN_OFF"
    """账销案存: everything is kept in memo accounts; what comes in is a recovery."""


@dataclass(slots=True, kw_only=True)
class Installment:
    """One instalment: its row of the schedule, what of it was accrued, paid and waived.

    `payments` are what was taken off its principal and interest, by value date, be it paid, waived
    or moved to a new schedule; they are there when the whole history is, or when the instalment is
    past due.
    """

    number: int
    start_date: dt.date
    end_date: dt.date
    due_date: dt.date
    days: int
    opening: int
    principal: int
    interest: int
    balance_changes: tuple[BalanceChange, ...] = ()
    principal_paid: int = 0
    principal_moved: int = 0
    interest_accrued: int = 0
    interest_paid: int = 0
    interest_waived: int = 0
    penalty_accrued: int = 0
    penalty_paid: int = 0
    penalty_waived: int = 0
    compound_accrued: int = 0
    compound_paid: int = 0
    compound_waived: int = 0
    settled_on: dt.date | None = None
    payments: list[InstallmentPayment] = field(default_factory=list)

    @property
    def principal_unpaid(self) -> int:
        """Principal still to come, due or not; what was moved to a new schedule comes there."""
        return self.principal - self.principal_paid - self.principal_moved

    @property
    def interest_unpaid(self) -> int:
        """Contract interest of the whole row still to come."""
        return self.interest - self.interest_paid - self.interest_waived

    @property
    def interest_claim(self) -> int:
        """Contract interest accrued and unpaid; below zero where it was paid ahead."""
        return self.interest_accrued - self.interest_paid - self.interest_waived

    @property
    def penalty_claim(self) -> int:
        """Penalty interest accrued and unpaid."""
        return self.penalty_accrued - self.penalty_paid - self.penalty_waived

    @property
    def compound_claim(self) -> int:
        """Compound interest accrued and unpaid."""
        return self.compound_accrued - self.compound_paid - self.compound_waived

    @property
    def owing(self) -> bool:
        """Whether principal or contract interest of it is unpaid: what makes a loan past due."""
        return self.principal_unpaid > 0 or self.interest_unpaid > 0

    @property
    def settled(self) -> bool:
        """Whether nothing of it remains to be paid, now or later."""
        return not (
            self.principal_unpaid
            or self.interest_unpaid
            or self.penalty_claim
            or self.compound_claim
        )


@dataclass(slots=True, kw_only=True)
class Charge:
    """A fee or cost (费用) owed besides interest, in the bucket COSTS.

    `number` is the sequence of the event that levied it. A fee that the loan's terms charge has no
    event: 0 is the one due on the start date, -3 that of the third instalment.
    """

    number: int
    code: str
    due_date: dt.date
    amount: int
    paid: int = 0
    waived: int = 0
    settled_on: dt.date | None = None

    @property
    def claim(self) -> int:
        """What of it is unpaid."""
        return self.amount - self.paid - self.waived

    @property
    def age(self) -> tuple[bool, int]:
        """Its place among the charges that a waiver gives up: those of the terms first, then what
        was levied, each in the order they came."""
        return self.number > 0, abs(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicingTerms:
    """What a loan is serviced by, as agreed when it was disbursed; events change the rates.

    `schedule.annual_rate` and `overdue.penalty_rate` are the first ones. `vat` are the dated rates
    of value-added tax included in interest; none means none. `fees` are those that the terms
    charge, UPFRONT_DUE and PERIODIC.
    """

    schedule: ScheduleTerms
    overdue: OverdueTerms
    allocation: AllocationRule
    non_accrual_beyond_days: int
    cure_days: int
    prepayment_fee_rate: Decimal
    vat: tuple[DatedRate, ...] = ()
    fees: tuple[Fee, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a payment (`sequence`), or the credit balance on a day (None), took off one item."""

    sequence: int | None
    item: int
    bucket: Bucket
    amount: int
    on: dt.date


@dataclass(slots=True, kw_only=True)
class LoanAccount:
    """A loan as it stands at the opening of `accrued_through`: every day before has been accrued.

    `installments` are in order: all of them in a replay, else the unsettled ones alone; `charges`
    likewise. `matured` are the maturities that had passed when a new one was agreed, in order.
    `taken` collects how money was allocated since the account was opened. `settled_to` is the
    highest number of the settled instalments that are not here: a new schedule is numbered after
    it. `counted_from` is the day from which due dates are counted.
    """

    terms: ServicingTerms
    state: LoanState
    accrued_through: dt.date
    installments: list[Installment]
    charges: list[Charge] = field(default_factory=list)
    book_status: BookStatus = BookStatus.ACCRUING
    arrears_cleared_on: dt.date | None = None
    principal_outstanding: int = 0
    interest_receivable: int = 0
    penalty_receivable: int = 0
    compound_receivable: int = 0
    fee_receivable: int = 0
    interest_paid: int = 0
    penalty_paid: int = 0
    compound_paid: int = 0
    fee_paid: int = 0
    written_off: int = 0
    taxed_income: int = 0
    vat: int = 0
    credit_balance: int = 0
    limit_used: int = 0
    maturity_date: dt.date
    matured: tuple[dt.date, ...] = ()
    counted_from: dt.date
    next_due_date: dt.date | None = None
    closed_on: dt.date | None = None
    settled_to: int = 0
    taken: list[Taken] = field(default_factory=list)

    def open_installments(self) -> list[Installment]:
        """The instalments not settled yet."""
        return [row for row in self.installments if row.settled_on is None]

    def open_charges(self) -> list[Charge]:
        """The charges not settled yet."""
        return [charge for charge in self.charges if charge.settled_on is None]

    def days_past_due(self) -> int:
        """逾期天数 at the opening of `accrued_through`: the 21st unpaid is 1 on the 22nd."""
        if self.next_due_date is None:
            return 0
        return max((self.accrued_through - self.next_due_date).days, 0)
