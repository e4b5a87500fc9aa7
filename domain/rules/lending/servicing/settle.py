"""Taking money off what a loan owes, and closing what is settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from domain.rules.lending.allocation import AllocatedItem, Bucket, OwedItem, allocate
from domain.rules.lending.overdue import InstallmentPayment
from domain.rules.lending.servicing.account import Charge, Installment, LoanAccount, Taken
from domain.rules.lending.states import LoanState


def owed_now(account: LoanAccount, today: dt.date) -> list[OwedItem]:
    """Everything due by `today`, by item and bucket; what is not yet due stays out."""
    owed = [
        OwedItem(row.number, row.due_date, bucket, amount)
        for row in account.installments
        if row.settled_on is None and row.due_date <= today
        for bucket, amount in _buckets(row, row.interest_unpaid)
        if amount
    ]
    return owed + _costs(account.charges, today)


def owed_to_close(account: LoanAccount, today: dt.date) -> list[OwedItem]:
    """Everything that closing the loan `today` takes: what is due, all other principal, every
    charge, and the interest accrued to today (first day in, last day out)."""
    owed = [
        OwedItem(row.number, row.due_date, bucket, amount)
        for row in account.installments
        if row.settled_on is None
        for bucket, amount in _buckets(
            row, row.interest_unpaid if row.due_date <= today else max(row.interest_claim, 0)
        )
        if amount
    ]
    return owed + _costs(account.charges, dt.date.max)


def accrued_ahead(account: LoanAccount, today: dt.date) -> list[OwedItem]:
    """Contract interest accrued on instalments that are not due yet, and their penalty interest
    where principal is misused."""
    return [
        OwedItem(row.number, row.due_date, bucket, amount)
        for row in account.installments
        if row.settled_on is None and row.due_date > today
        for bucket, amount in (
            (Bucket.PENALTY, row.penalty_claim),
            (Bucket.INTEREST, row.interest_claim),
        )
        if amount > 0
    ]


def take(
    account: LoanAccount,
    money: int,
    owed: Sequence[OwedItem],
    *,
    on: dt.date,
    sequence: int | None,
) -> int:
    """Settle `owed` with `money` in the product's order; return what is left over."""
    allocation = allocate(
        payment=money,
        owed=owed,
        rule=account.terms.allocation,
        days_past_due=account.days_past_due(),
    )
    take_items(account, allocation.items, on=on, sequence=sequence)
    return allocation.credit


def take_items(
    account: LoanAccount, items: Iterable[AllocatedItem], *, on: dt.date, sequence: int | None
) -> None:
    """Take allocated amounts off the items and the balances."""
    rows = {row.number: row for row in account.installments}
    charges = {charge.number: charge for charge in account.charges}
    for item in items:
        account.taken.append(Taken(sequence, item.installment, item.bucket, item.amount, on))
        if item.bucket is Bucket.COSTS:
            charges[item.installment].paid += item.amount
            account.fee_receivable -= item.amount
            account.fee_paid += item.amount
        else:
            _take_from_row(account, rows[item.installment], item, on)


def _take_from_row(
    account: LoanAccount, row: Installment, item: AllocatedItem, on: dt.date
) -> None:
    match item.bucket:
        case Bucket.PRINCIPAL:
            row.principal_paid += item.amount
            account.principal_outstanding -= item.amount
            row.payments.append(InstallmentPayment(on, item.amount, 0))
        case Bucket.INTEREST:
            row.interest_paid += item.amount
            account.interest_receivable -= item.amount
            account.interest_paid += item.amount
            row.payments.append(InstallmentPayment(on, 0, item.amount))
        case Bucket.PENALTY:
            row.penalty_paid += item.amount
            account.penalty_receivable -= item.amount
            account.penalty_paid += item.amount
        case _:
            row.compound_paid += item.amount
            account.compound_receivable -= item.amount
            account.compound_paid += item.amount


def close_settled(account: LoanAccount, today: dt.date) -> None:
    """Close the instalments and charges of which nothing remains; when all are, the loan.

    An instalment not yet due may still accrue: only its due date, or the last of the principal,
    settles it.
    """
    for charge in account.charges:
        if charge.settled_on is None and charge.claim == 0:
            charge.settled_on = today
    all_repaid = account.principal_outstanding == 0
    for row in account.installments:
        if row.settled_on is None and (row.due_date <= today or all_repaid) and row.settled:
            row.settled_on = today
    unpaid = [row.due_date for row in account.installments if row.settled_on is None and row.owing]
    account.next_due_date = min(unpaid, default=None)
    if all_repaid and not account.open_installments() and not account.open_charges():
        account.state = LoanState.PAID_OFF
        account.closed_on = today


def _buckets(row: Installment, interest: int) -> list[tuple[Bucket, int]]:
    return [
        (Bucket.PENALTY, row.penalty_claim),
        (Bucket.COMPOUND, row.compound_claim),
        (Bucket.INTEREST, interest),
        (Bucket.PRINCIPAL, row.principal_unpaid),
    ]


def _costs(charges: Iterable[Charge], today: dt.date) -> list[OwedItem]:
    return [
        OwedItem(charge.number, charge.due_date, Bucket.COSTS, charge.claim)
        for charge in charges
        if charge.settled_on is None and charge.due_date <= today and charge.claim
    ]
