"""减免: giving up part of a claim, oldest first."""

from __future__ import annotations

from domain.rules.lending.allocation import Bucket
from domain.rules.lending.overdue import InstallmentPayment
from domain.rules.lending.servicing.account import LoanAccount, Taken
from domain.rules.lending.servicing.events import Waiver

WAIVABLE = (Bucket.COSTS, Bucket.PENALTY, Bucket.COMPOUND, Bucket.INTEREST)


def waivable(account: LoanAccount, bucket: Bucket) -> int:
    """What may be waived of a bucket: what is accrued and unpaid."""
    if bucket is Bucket.COSTS:
        return account.fee_receivable
    claim: int = getattr(account, f"{bucket.lower()}_receivable")
    return max(claim, 0)


def waive(account: LoanAccount, event: Waiver) -> None:
    """Take up to `event.amount` off the claims of its bucket; nothing is paid."""
    left = event.amount
    if event.bucket is Bucket.COSTS:
        for charge in sorted(account.open_charges(), key=lambda each: each.age):
            part = min(charge.claim, left)
            charge.waived += part
            account.fee_receivable -= part
            left -= part
        return
    name = event.bucket.lower()
    for row in account.open_installments():
        part = min(max(getattr(row, f"{name}_claim"), 0), left)
        if not part:
            continue
        setattr(row, f"{name}_waived", getattr(row, f"{name}_waived") + part)
        balance = f"{name}_receivable"
        setattr(account, balance, getattr(account, balance) - part)
        if event.bucket is Bucket.INTEREST:  # it earns no compound interest from here on
            row.payments.append(InstallmentPayment(event.on, 0, part))
        account.taken.append(Taken(event.sequence, row.number, event.bucket, part, event.on))
        left -= part
