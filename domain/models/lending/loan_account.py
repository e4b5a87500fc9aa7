"""Between rows and the account that the rules of servicing work on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from domain.models.lending.loan_rows import AllocationRow, ChargeRow, InstallmentRow, LoanRow
from domain.models.lending.loan_terms import allocation_rule, read_fees, schedule_terms
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.interest import BalanceChange
from domain.rules.lending.misuse import MisuseStep
from domain.rules.lending.overdue import CompoundBasis, InstallmentPayment, OverdueTerms
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing.account import (
    BookStatus,
    Charge,
    Installment,
    LoanAccount,
    ServicingTerms,
)
from domain.rules.lending.states import LoanState
from domain.rules.money import Rounding
from domain.stored_json import read_json

STATE_COLUMNS = (
    "state",
    "book_status",
    "arrears_cleared_on",
    "accrued_through",
    "principal_outstanding",
    "interest_receivable",
    "penalty_receivable",
    "compound_receivable",
    "fee_receivable",
    "interest_paid",
    "penalty_paid",
    "compound_paid",
    "fee_paid",
    "written_off",
    "taxed_income",
    "vat",
    "credit_balance",
    "limit_used",
    "counted_from",
    "maturity_date",
    "next_due_date",
    "closed_on",
)
"""The columns of a loan that have the name of what they are in the account."""
SCHEDULE_COLUMNS = (
    "start_date",
    "end_date",
    "due_date",
    "days",
    "opening",
    "principal",
    "interest",
    "balance_changes",
)
"""What of an instalment is its row of the schedule."""
PROGRESS_COLUMNS = (
    "principal_paid",
    "principal_moved",
    "interest_accrued",
    "interest_paid",
    "interest_waived",
    "penalty_accrued",
    "penalty_paid",
    "penalty_waived",
    "compound_accrued",
    "compound_paid",
    "compound_waived",
    "settled_on",
)
"""What of an instalment was accrued, paid and waived."""


def first_terms(loan: LoanRow, *, vat: tuple[DatedRate, ...]) -> ServicingTerms:
    """The terms of the disbursement, before any event changed them.

    The maturity of its overdue terms is the one that counts at present.
    """
    return ServicingTerms(
        schedule=schedule_terms(loan),
        overdue=OverdueTerms(
            contract_rate=Decimal(loan.annual_rate),
            penalty_rate=Decimal(loan.penalty_rate),
            day_count=DayCount(loan.day_count),
            maturity=loan.maturity_date,
            grace_days=loan.penalty_grace_days,
            compound_basis=CompoundBasis(loan.compound_basis),
            rounding=Rounding(loan.rounding),
        ),
        allocation=allocation_rule(loan.allocation),
        non_accrual_beyond_days=loan.non_accrual_beyond_days,
        cure_days=loan.cure_days,
        prepayment_fee_rate=Decimal(loan.prepayment_fee_rate),
        vat=vat,
        fees=read_fees(loan.fees),
    )


def loan_account(
    loan: LoanRow,
    installments: Sequence[InstallmentRow],
    charges: Sequence[ChargeRow],
    allocations: Iterable[AllocationRow],
    *,
    vat: tuple[DatedRate, ...],
) -> LoanAccount:
    """The account as the rows have it; `allocations` are those of the instalments past due."""
    payments: dict[int, list[InstallmentPayment]] = {}
    for paid in allocations:
        if paid.bucket in (Bucket.PRINCIPAL, Bucket.INTEREST):
            payments.setdefault(paid.installment_number, []).append(_payment(paid))
    state = {name: getattr(loan, name) for name in STATE_COLUMNS}
    state["state"] = LoanState(loan.state)
    state["book_status"] = BookStatus(loan.book_status)
    state["matured"] = _read_matured(loan.matured)
    return LoanAccount(
        terms=_present_terms(loan, vat),
        installments=[_installment(row, payments.get(row.number)) for row in installments],
        charges=[
            Charge(
                number=row.number,
                code=row.code,
                due_date=row.due_date,
                amount=row.amount,
                paid=row.paid,
                waived=row.waived,
                settled_on=row.settled_on,
            )
            for row in charges
        ],
        **state,
    )


def _present_terms(loan: LoanRow, vat: tuple[DatedRate, ...]) -> ServicingTerms:
    terms = first_terms(loan, vat=vat)
    if loan.current_method != loan.method:
        schedule = replace(terms.schedule, method=RepaymentMethod(loan.current_method))
        terms = replace(terms, schedule=schedule)
    if loan.misuse:
        overdue = replace(terms.overdue, misuse=read_misuse(loan.misuse))
        terms = replace(terms, overdue=overdue)
    if not loan.rate_changes:
        return terms
    contract = read_rate_changes(loan.rate_changes)
    penalty = read_rate_changes(loan.rate_changes, place=2)
    return replace(
        terms,
        schedule=replace(terms.schedule, rate_changes=contract),
        overdue=replace(terms.overdue, rate_changes=contract, penalty_changes=penalty),
    )


def read_rate_changes(stored: Any, *, place: int = 1) -> tuple[DatedRate, ...]:
    """The contract rates (the penalty rates at `place` 2) of the JSON that
    :func:`stored_rate_changes` makes, as text or read already; none for None."""
    if not stored:
        return ()
    changes = read_json(stored)
    return tuple(
        DatedRate(dt.date.fromisoformat(each[0]), Decimal(each[place])) for each in changes
    )


def stored_rate_changes(account: LoanAccount) -> str | None:
    """The JSON of the account's rates since its first ones; None where they never changed."""
    contract = account.terms.schedule.rate_changes
    if not contract:
        return None
    penalty = account.terms.overdue.penalty_changes
    return orjson.dumps(
        [
            [rate.effective_from.isoformat(), str(rate.rate), str(charged.rate)]
            for rate, charged in zip(contract, penalty, strict=True)
        ]
    ).decode()


def read_misuse(stored: Any) -> tuple[MisuseStep, ...]:
    """The steps of the JSON that :func:`stored_misuse` makes, as text or read already; none for
    None."""
    if not stored:
        return ()
    steps = read_json(stored)
    return tuple(
        MisuseStep(dt.date.fromisoformat(day), Decimal(share), Decimal(markup), number, arrears)
        for day, share, markup, number, arrears in steps
    )


def share_misused(stored: Any) -> Decimal:
    """The share of the principal that is misused by now, 0 to 1, of the same JSON."""
    steps = read_misuse(stored)
    return steps[-1].share if steps else Decimal(0)


def stored_misuse(account: LoanAccount) -> str | None:
    """The JSON of what is on record of misused principal; None where nothing ever was."""
    steps = account.terms.overdue.misuse
    if not steps:
        return None
    return orjson.dumps(
        [
            (
                each.effective_from.isoformat(),
                str(each.share),
                str(each.markup),
                each.number,
                each.arrears,
            )
            for each in steps
        ]
    ).decode()


def _read_matured(stored: str | None) -> tuple[dt.date, ...]:
    return tuple(map(dt.date.fromisoformat, orjson.loads(stored))) if stored else ()


def stored_matured(account: LoanAccount) -> str | None:
    """The JSON of the maturities that passed before the present one; None where none did."""
    return orjson.dumps(account.matured).decode() if account.matured else None


def stored_balance_changes(row: Installment) -> str | None:
    """The JSON of the changes of balance inside a row; None where there are none."""
    if not row.balance_changes:
        return None
    return orjson.dumps(
        [[change.on.isoformat(), change.balance] for change in row.balance_changes]
    ).decode()


def _installment(row: InstallmentRow, payments: list[InstallmentPayment] | None) -> Installment:
    return Installment(
        number=row.number,
        start_date=row.start_date,
        end_date=row.end_date,
        due_date=row.due_date,
        days=row.days,
        opening=row.opening,
        principal=row.principal,
        interest=row.interest,
        balance_changes=balance_changes(row.balance_changes) if row.balance_changes else (),
        principal_paid=row.principal_paid,
        principal_moved=row.principal_moved,
        interest_accrued=row.interest_accrued,
        interest_paid=row.interest_paid,
        interest_waived=row.interest_waived,
        penalty_accrued=row.penalty_accrued,
        penalty_paid=row.penalty_paid,
        penalty_waived=row.penalty_waived,
        compound_accrued=row.compound_accrued,
        compound_paid=row.compound_paid,
        compound_waived=row.compound_waived,
        settled_on=row.settled_on,
        payments=payments if payments is not None else [],
    )


def balance_changes(text: str) -> tuple[BalanceChange, ...]:
    """The changes of a JSON that :func:`stored_balance_changes` gave."""
    stored: list[Any] = orjson.loads(text)
    return tuple(BalanceChange(dt.date.fromisoformat(day), balance) for day, balance in stored)


def _payment(row: AllocationRow) -> InstallmentPayment:
    principal = row.bucket == Bucket.PRINCIPAL
    return InstallmentPayment(
        value_date=row.value_date,
        principal=row.amount if principal else 0,
        interest=0 if principal else row.amount,
    )
