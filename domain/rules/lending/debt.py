"""What is owed on a loan on a day: due amounts by bucket, and the payoff (docs/domain.md §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.rules.lending.allocation import Bucket, OwedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallmentDebt:
    """One instalment and what of it was accrued and paid; minor units."""

    number: int
    due_date: dt.date
    principal: int
    principal_paid: int
    interest: int
    interest_accrued: int
    interest_paid: int
    penalty_accrued: int
    penalty_paid: int
    compound_accrued: int
    compound_paid: int

    @property
    def settled(self) -> bool:
        """Whether nothing of it remains to be paid, now or later."""
        return (
            self.principal == self.principal_paid
            and self.interest == self.interest_paid
            and self.penalty_accrued == self.penalty_paid
            and self.compound_accrued == self.compound_paid
        )


def owed_now(rows: Iterable[InstallmentDebt], *, today: dt.date) -> list[OwedItem]:
    """Everything due by `today`, by instalment and bucket; what is not yet due stays out."""
    return [
        OwedItem(row.number, row.due_date, bucket, amount)
        for row in rows
        if row.due_date <= today
        for bucket, amount in _buckets(row, row.interest)
        if amount
    ]


def payoff_items(rows: Iterable[InstallmentDebt], *, today: dt.date) -> list[OwedItem]:
    """Everything that closing the loan `today` takes: what is due, all other principal, and the
    interest accrued to today (first day in, last day out)."""
    return [
        OwedItem(row.number, row.due_date, bucket, amount)
        for row in rows
        for bucket, amount in _buckets(
            row, row.interest if row.due_date <= today else row.interest_accrued
        )
        if amount
    ]


def unpaid_due_dates(rows: Iterable[InstallmentDebt], *, today: dt.date) -> list[dt.date]:
    """Due dates up to `today` on which principal or contract interest is still unpaid."""
    return [
        row.due_date
        for row in rows
        if row.due_date <= today
        and (row.principal > row.principal_paid or row.interest > row.interest_paid)
    ]


def _buckets(row: InstallmentDebt, interest: int) -> Iterator[tuple[Bucket, int]]:
    yield Bucket.PENALTY, row.penalty_accrued - row.penalty_paid
    yield Bucket.COMPOUND, row.compound_accrued - row.compound_paid
    yield Bucket.INTEREST, interest - row.interest_paid
    yield Bucket.PRINCIPAL, row.principal - row.principal_paid
