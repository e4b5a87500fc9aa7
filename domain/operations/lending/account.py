"""A loan under lock with its open instalments: accruing it, settling it, saving it.

Everything that moves a loan's money goes through here, so that its balances, its instalments and
its postings change together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from domain.db import execute, execute_many
from domain.models.lending.loan_rows import AllocationRow, InstallmentRow, LoanRow, LoanTermsRow
from domain.models.lending.loan_terms import (
    due_installment,
    installment_debt,
    overdue_terms,
    schedule_row,
    schedule_terms,
)
from domain.operations.lending.post import Posting
from domain.queries.lending.loan_rows import allocations_of, open_installments, terms_of
from domain.rules.lending import postings
from domain.rules.lending.allocation import AllocatedItem, Bucket
from domain.rules.lending.daily_accrual import AccruingInstallment, accrue, sum_parts
from domain.rules.lending.debt import InstallmentDebt
from domain.rules.lending.postings import Parts
from domain.rules.lending.states import LOAN, LOAN_MOVES, LoanState
from domain.rules.states import move

_PAID_COLUMN = {
    Bucket.PRINCIPAL: "principal_paid",
    Bucket.INTEREST: "interest_paid",
    Bucket.PENALTY: "penalty_paid",
    Bucket.COMPOUND: "compound_paid",
}
_LOAN_COLUMNS = (
    "state",
    "accrued_through",
    "principal_outstanding",
    "interest_receivable",
    "penalty_receivable",
    "compound_receivable",
    "credit_balance",
    "next_due_date",
    "closed_on",
)
_INSTALLMENT_COLUMNS = (
    "interest",
    "principal_paid",
    "interest_paid",
    "penalty_accrued",
    "penalty_paid",
    "compound_accrued",
    "compound_paid",
    "interest_accrued",
    "settled_on",
)


def _update(table: str, columns: Sequence[str]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in columns)} WHERE id = %s"


_UPDATE_LOAN = _update("loan", _LOAN_COLUMNS)
_UPDATE_INSTALLMENT = _update("installment", _INSTALLMENT_COLUMNS)
_loan_values = attrgetter(*_LOAN_COLUMNS)
_installment_values = attrgetter(*_INSTALLMENT_COLUMNS)


@dataclass(slots=True)
class LoanAccount:
    """A locked loan and its unsettled instalments in order; where it has days to accrue, also its
    terms and the payments that touched it."""

    loan: LoanRow
    installments: list[InstallmentRow]
    terms: LoanTermsRow | None = None
    allocations: list[AllocationRow] = field(default_factory=list)
    touched: dict[int, InstallmentRow] = field(default_factory=dict)

    def debts(self) -> list[InstallmentDebt]:
        """The open instalments as the rules take them."""
        return [installment_debt(row) for row in self.installments]

    def accrue_to(self, on: dt.date, *, posting_date: dt.date) -> list[Posting]:
        """Accrue up to `on` (excluded); return what to post, empty when all was posted."""
        loan = self.loan
        if loan.accrued_through >= on:
            return []
        if self.terms is None:
            raise ValueError(f"loan {loan.id} was not opened to accrue up to {on}")
        accrued = accrue(
            [
                AccruingInstallment(
                    schedule_row(row), installment_debt(row), due_installment(row, self.allocations)
                )
                for row in self.installments
                if row.start_date < on
            ],
            terms=schedule_terms(self.terms),
            overdue=overdue_terms(self.terms),
            on=on,
        )
        for row in self.installments:
            if row.number in accrued:
                parts = accrued[row.number]
                row.interest_accrued += parts.interest
                row.penalty_accrued += parts.penalty
                row.compound_accrued += parts.compound
                self.touched[row.number] = row
        total = sum_parts(list(accrued.values()))
        loan.interest_receivable += total.interest
        loan.penalty_receivable += total.penalty
        loan.compound_receivable += total.compound
        loan.accrued_through = on
        entries = postings.accrued(total)
        if not entries:
            return []
        return [
            Posting(
                journal=f"accrual:{loan.id}:{on:%Y%m%d}",
                event=postings.Event.ACCRUAL,
                loan=loan,
                entries=entries,
                # Interest of the day that ends as `on` begins.
                value_date=on - dt.timedelta(days=1),
                posting_date=posting_date,
            )
        ]

    def settle(self, items: Sequence[AllocatedItem], *, today: dt.date) -> Parts:
        """Take what was allocated off the instalments and the balances; close the loan when
        nothing remains. Returns the sums by bucket."""
        by_number = {row.number: row for row in self.installments}
        sums = dict.fromkeys(_PAID_COLUMN, 0)
        for item in items:
            row = by_number[item.installment]
            column = _PAID_COLUMN[item.bucket]
            setattr(row, column, getattr(row, column) + item.amount)
            sums[item.bucket] += item.amount
            self.touched[row.number] = row
        loan = self.loan
        loan.principal_outstanding -= sums[Bucket.PRINCIPAL]
        loan.interest_receivable -= sums[Bucket.INTEREST]
        loan.penalty_receivable -= sums[Bucket.PENALTY]
        loan.compound_receivable -= sums[Bucket.COMPOUND]
        self._close_settled(today)
        return Parts(
            principal=sums[Bucket.PRINCIPAL],
            interest=sums[Bucket.INTEREST],
            penalty=sums[Bucket.PENALTY],
            compound=sums[Bucket.COMPOUND],
        )

    def _close_settled(self, today: dt.date) -> None:
        still_open = []
        for row in self.installments:
            # A row not yet due may still accrue: only its due date or the payoff settles it.
            may_close = row.due_date <= today or self.loan.principal_outstanding == 0
            if may_close and installment_debt(row).settled:
                row.settled_on = today
                self.touched[row.number] = row
            else:
                still_open.append(row)
        self.installments = still_open
        unpaid = (
            row
            for row in still_open
            if row.principal > row.principal_paid or row.interest > row.interest_paid
        )
        self.loan.next_due_date = next((row.due_date for row in unpaid), None)
        if not still_open:
            move(LOAN_MOVES, LOAN, LoanState(self.loan.state), LoanState.PAID_OFF)
            self.loan.state = LoanState.PAID_OFF
            self.loan.closed_on = today

    async def save(self) -> None:
        """Write the loan and the instalments that changed."""
        await execute(_UPDATE_LOAN, [*_loan_values(self.loan), self.loan.id])
        if self.touched:
            await execute_many(
                _UPDATE_INSTALLMENT,
                [(*_installment_values(row), row.id) for row in self.touched.values()],
            )
            self.touched.clear()


async def open_accounts(loans: Sequence[LoanRow], *, on: dt.date) -> list[LoanAccount]:
    """Load the open instalments of loans the caller holds under lock, and for those not accrued up
    to `on` yet what accruing takes."""
    ids = [loan.id for loan in loans]
    installments = await open_installments(ids)
    behind = [loan.id for loan in loans if loan.accrued_through < on]
    terms = await terms_of(behind) if behind else {}
    # Only what is past its due date is charged for how late it was paid.
    late = [
        loan_id for loan_id in behind if any(_may_be_late(r, on) for r in installments[loan_id])
    ]
    allocations = await allocations_of(late) if late else {}
    return [
        LoanAccount(
            loan,
            installments[loan.id],
            terms=terms.get(loan.id),
            allocations=allocations.get(loan.id, []),
        )
        for loan in loans
    ]


def _may_be_late(row: InstallmentRow, on: dt.date) -> bool:
    return row.due_date < on or bool(row.principal_paid or row.interest_paid)
