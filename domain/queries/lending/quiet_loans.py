"""What a day close reads of many loans at once: only the columns that a quiet day depends on, each
statement's rows as one JSON field."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.db import for_update, packed_rows
from domain.models.lending.loan_account import balance_changes, read_rate_changes
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.fees import FeeKind
from domain.rules.lending.overdue import CompoundBasis, InstallmentPayment, OverdueTerms
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.servicing.account import BookStatus, Installment
from domain.rules.lending.servicing.quiet_day import QuietLoan, RunningRow, Terms
from domain.rules.lending.states import LIVING_LOANS
from domain.rules.money import Rounding

_LOAN = (
    "l.id",
    "l.borrower_id",
    "l.branch_id",
    "l.currency",
    # Whether the loan can have a quiet day at all: %s is the day that ends.
    "l.accrued_through = %s AND l.credit_balance = 0 AND l.principal_outstanding > 0 "
    "AND l.matured IS NULL AND l.misuse IS NULL",
    "l.book_status",
    "l.next_due_date",
    "l.arrears_cleared_on",
    "l.non_accrual_beyond_days",
    "l.cure_days",
    "l.taxed_income",
    "l.interest_paid + l.penalty_paid + l.compound_paid",
    "CAST(l.fees AS CHAR)",
)
_TERMS = (
    "CAST(l.annual_rate AS CHAR)",
    "CAST(l.rate_changes AS CHAR)",
    "l.day_count",
    "l.period_unit",
    "l.rounding",
    "l.profile",
)
_ROW = (
    "i.number",
    "i.start_date",
    "i.end_date",
    "i.days",
    "i.opening",
    "i.interest",
    "CAST(i.balance_changes AS CHAR)",
    "i.interest_accrued",
    "i.due_date",
)
_LOAN_WIDTH, _TERMS_WIDTH = len(_LOAN), len(_TERMS)
_DUE = (
    "i.loan_id",
    *_ROW,
    "i.principal",
    "i.principal_paid",
    "i.principal_moved",
    "i.interest_paid",
    "i.interest_waived",
    "i.penalty_accrued",
    "i.penalty_paid",
    "i.penalty_waived",
    "i.compound_accrued",
    "i.compound_paid",
    "i.compound_waived",
)
_OVERDUE = (
    "l.id",
    "CAST(l.annual_rate AS CHAR)",
    "CAST(l.penalty_rate AS CHAR)",
    "l.day_count",
    "l.maturity_date",
    "l.penalty_grace_days",
    "l.compound_basis",
    "l.rounding",
    "CAST(l.rate_changes AS CHAR)",
)
_day = dt.date.fromisoformat


@dataclass(slots=True)
class LoanOfDay:
    """A locked loan of a closing day. `quiet` is None where it cannot have a quiet day."""

    id: int
    borrower_id: int
    branch_id: int
    currency: str
    quiet: QuietLoan | None


async def lock_loans_of_day(
    *, from_id: int, to_id: int, ended: dt.date, vat: Mapping[str, tuple[DatedRate, ...]]
) -> list[LoanOfDay]:
    """Lock the living loans of a range of ids for which `ended` has not been accrued, and read
    what the day after it does to them."""
    day = ended + dt.timedelta(days=1)
    found = await packed_rows(
        (*_LOAN, *_TERMS, *_ROW),
        "FROM loan l LEFT JOIN installment i ON i.loan_id = l.id AND i.settled_on IS NULL "
        "AND i.start_date < %s WHERE l.id BETWEEN %s AND %s AND l.state IN (%s, %s) "
        "AND l.accrued_through < %s" + for_update(),
        [ended, day, from_id, to_id, *LIVING_LOANS, day],
    )
    loans: dict[int, LoanOfDay] = {}
    terms: dict[tuple[Any, ...], Terms] = {}
    due: set[int] = set()
    opens = day.isoformat()
    for row in found:
        loan = loans.get(row[0])
        if loan is None:
            key = tuple(row[_LOAN_WIDTH : _LOAN_WIDTH + _TERMS_WIDTH])
            if (shared := terms.get(key)) is None:
                shared = terms[key] = _terms(*key, vat=vat)
            loan = loans[row[0]] = _loan(row, shared)
        if loan.quiet is None or row[-9] is None:
            continue
        if row[-1] > opens:
            loan.quiet.running.append(_running(*row[-9:-1]))
        else:
            due.add(loan.id)
    if due:
        await _read_due(loans, sorted(due), day)
    return sorted(loans.values(), key=lambda loan: loan.id)


def _terms(
    rate: str,
    changes: str | None,
    day_count: str,
    unit: str,
    rounding: str,
    profile: str,
    *,
    vat: Mapping[str, tuple[DatedRate, ...]],
) -> Terms:
    return Terms(
        Decimal(rate),
        read_rate_changes(changes),
        DayCount(day_count),
        PeriodUnit(unit),
        Rounding(rounding),
        vat.get(profile, ()),
    )


def _loan(row: Sequence[Any], terms: Terms) -> LoanOfDay:
    (
        loan_id,
        borrower_id,
        branch_id,
        currency,
        may_be_quiet,
        book_status,
        next_due,
        cleared,
        beyond,
        cure,
        taxed,
        paid,
        fees,
    ) = row[:_LOAN_WIDTH]
    quiet = None
    if may_be_quiet:
        quiet = QuietLoan(
            terms=terms,
            overdue=None,
            book_status=BookStatus(book_status),
            next_due_date=_day(next_due) if next_due else None,
            arrears_cleared_on=_day(cleared) if cleared else None,
            non_accrual_beyond_days=beyond,
            cure_days=cure,
            taxed_income=taxed,
            paid=paid,
            bills_rows=fees is not None and FeeKind.PERIODIC in fees,
            running=[],
            due=[],
        )
    return LoanOfDay(loan_id, borrower_id, branch_id, currency, quiet)


def _running(
    number: int,
    start: str,
    end: str,
    days: int,
    opening: int,
    interest: int,
    changes: str | None,
    accrued: int,
) -> RunningRow:
    return RunningRow(
        number,
        _day(start),
        _day(end),
        days,
        opening,
        interest,
        balance_changes(changes) if changes else (),
        accrued,
    )


async def _read_due(loans: Mapping[int, LoanOfDay], ids: Sequence[int], day: dt.date) -> None:
    """Read the instalments due by `day` of the loans, and of those past due what overdue charges
    depend on."""
    listed = _listed(ids)
    late = set()
    for row in await packed_rows(
        _DUE,
        f"FROM installment i WHERE i.loan_id IN {listed} AND i.settled_on IS NULL "
        "AND i.start_date < %s AND i.due_date <= %s",
        [day, day],
    ):
        quiet = loans[row[0]].quiet
        if quiet is not None:
            quiet.due.append(_due(*row[1:]))
            if quiet.due[-1].due_date < day:
                late.add(row[0])
    if not late:
        return
    listed = _listed(sorted(late))
    for loan_id, *row in await packed_rows(_OVERDUE, f"FROM loan l WHERE l.id IN {listed}"):
        if (quiet := loans[loan_id].quiet) is not None:
            quiet.overdue = _overdue(*row)
    payments: dict[tuple[int, int], list[InstallmentPayment]] = defaultdict(list)
    for loan_id, number, bucket, amount, on in await packed_rows(
        ("a.loan_id", "a.installment_number", "a.bucket", "a.amount", "a.value_date"),
        "FROM repayment_allocation a JOIN installment i ON i.loan_id = a.loan_id "
        f"AND i.number = a.installment_number AND i.settled_on IS NULL WHERE a.loan_id IN {listed} "
        "AND a.superseded_by IS NULL AND a.bucket IN (%s, %s)",
        [Bucket.PRINCIPAL, Bucket.INTEREST],
    ):
        principal = amount if bucket == Bucket.PRINCIPAL else 0
        payments[loan_id, number].append(
            InstallmentPayment(_day(on), principal, amount - principal)
        )
    for loan_id in late:
        if (quiet := loans[loan_id].quiet) is not None:
            for due in quiet.due:
                due.payments = payments.get((loan_id, due.number), [])


def _due(
    number: int,
    start: str,
    end: str,
    days: int,
    opening: int,
    interest: int,
    changes: str | None,
    accrued: int,
    due: str,
    principal: int,
    principal_paid: int,
    principal_moved: int,
    interest_paid: int,
    interest_waived: int,
    penalty_accrued: int,
    penalty_paid: int,
    penalty_waived: int,
    compound_accrued: int,
    compound_paid: int,
    compound_waived: int,
) -> Installment:
    return Installment(
        number=number,
        start_date=_day(start),
        end_date=_day(end),
        due_date=_day(due),
        days=days,
        opening=opening,
        principal=principal,
        interest=interest,
        balance_changes=balance_changes(changes) if changes else (),
        principal_paid=principal_paid,
        principal_moved=principal_moved,
        interest_accrued=accrued,
        interest_paid=interest_paid,
        interest_waived=interest_waived,
        penalty_accrued=penalty_accrued,
        penalty_paid=penalty_paid,
        penalty_waived=penalty_waived,
        compound_accrued=compound_accrued,
        compound_paid=compound_paid,
        compound_waived=compound_waived,
    )


def _overdue(
    rate: str,
    penalty: str,
    day_count: str,
    maturity: str,
    grace: int,
    basis: str,
    rounding: str,
    changes: str | None,
) -> OverdueTerms:
    return OverdueTerms(
        contract_rate=Decimal(rate),
        penalty_rate=Decimal(penalty),
        day_count=DayCount(day_count),
        maturity=_day(maturity),
        grace_days=grace,
        compound_basis=CompoundBasis(basis),
        rounding=Rounding(rounding),
        rate_changes=read_rate_changes(changes),
        penalty_changes=read_rate_changes(changes, place=2),
    )


def _listed(ids: Iterable[int]) -> str:
    """The ids as SQL text: whole numbers of ours, and too many for as many placeholders."""
    return "(" + ", ".join(str(int(each)) for each in ids) + ")"
