"""What a loan earns up to a day beyond what was already posted, instalment by instalment.

Targets are cumulative and rounded once each, so the difference to what was posted never lets a
cent drift, and accruing the same day twice adds nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from domain.rules.lending.accrual import accrued_interest
from domain.rules.lending.debt import InstallmentDebt
from domain.rules.lending.overdue import (
    DueInstallment,
    OverdueTerms,
    compound_interest,
    penalty_interest,
)
from domain.rules.lending.postings import Parts
from domain.rules.lending.schedule import ScheduleRow, ScheduleTerms


@dataclass(frozen=True, slots=True)
class AccruingInstallment:
    """One instalment: its row of the schedule, what was posted and paid, and when it was paid."""

    row: ScheduleRow
    debt: InstallmentDebt
    due: DueInstallment


def accrue(
    installments: Sequence[AccruingInstallment],
    *,
    terms: ScheduleTerms,
    overdue: OverdueTerms,
    on: dt.date,
) -> dict[int, Parts]:
    """Return what to post up to `on` (excluded), by instalment number; nothing where it is 0.

    A correction of an earlier day (a payment dated back) may make a part negative.
    """
    posted: dict[int, Parts] = {}
    for installment in installments:
        debt = installment.debt
        late = debt.due_date < on
        parts = Parts(
            interest=accrued_interest(installment.row, terms, on) - debt.interest_accrued,
            penalty=(penalty_interest(installment.due, overdue, on) if late else 0)
            - debt.penalty_accrued,
            compound=(compound_interest(installment.due, overdue, on) if late else 0)
            - debt.compound_accrued,
        )
        if parts.interest or parts.penalty or parts.compound:
            posted[debt.number] = parts
    return posted


def sum_parts(parts: Sequence[Parts]) -> Parts:
    """Return the sum of parts, bucket by bucket."""
    return Parts(
        principal=sum(each.principal for each in parts),
        interest=sum(each.interest for each in parts),
        penalty=sum(each.penalty for each in parts),
        compound=sum(each.compound for each in parts),
    )
