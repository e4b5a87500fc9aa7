"""Replaying a loan whose past has changed: a payment dated back, an event reversed.

The loan is made anew from the schedule of its disbursement and its history; what it is then, less
what the books had, is posted into the open day. Closed days stay closed (docs/domain.md §5, §6).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.db import in_list, rows
from domain.models.lending.loan_account import first_terms, loan_account
from domain.models.lending.loan_history_events import NOT_REPLAYED, event_of, payment_of
from domain.models.lending.loan_rows import ChargeRow, InstallmentRow, LoanRow, columns_of
from domain.operations.lending.account import OpenLoan
from domain.operations.lending.allocations import CREDIT_APPLIED, rewrite_taken
from domain.queries.lending.loan_rows import charges_of, installments_of
from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.postings import Account
from domain.rules.lending.postings import Event as LedgerEvent
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.events import Event
from domain.rules.lending.servicing.replay import as_disbursed, replay


async def replay_loan(
    loan: OpenLoan,
    *,
    journal: str,
    superseded_by: int,
    today: dt.date,
    value_date: dt.date,
    cash: Account = Account.BANK,
    asked: int | None = None,
) -> None:
    """Make the loan anew from its history as it now stands in the database, and book the
    difference. The caller saves. Raises Refused where the changed history contradicts itself, or
    does not allow the event that was `asked` for (its sequence) on its day."""
    vat = loan.account.terms.vat
    past = await account_of_history(loan.row, vat=vat, today=today, asked=asked)
    loan.installments = {each.number: each for each in past.installments}
    loan.charges = {each.number: each for each in past.charges}
    loan.account = past.account
    loan.book(
        LedgerEvent.REPLAY,
        journal=journal,
        value_date=value_date,
        posting_date=today,
        cash=cash,
    )
    await rewrite_taken(loan, past.repayments, superseded_by=superseded_by, today=today)


@dataclass(frozen=True, slots=True)
class Past:
    """A loan as its history makes it, the schedule of its disbursement, its instalments and charges
    as they are stored, and the rows of its payments by their sequence."""

    account: LoanAccount
    first_schedule: Sequence[InstallmentRow]
    installments: Sequence[InstallmentRow]
    charges: Sequence[ChargeRow]
    repayments: Mapping[int, int]


async def account_of_history(
    row: LoanRow, *, vat: tuple[DatedRate, ...], today: dt.date, asked: int | None = None
) -> Past:
    """Replay a loan's history as it stands in the database, up to `today`; nothing is written.

    `asked` is the sequence of an event that is new in it. Raises Refused where it is not allowed on
    its day, or the history contradicts itself.
    """
    payments = await rows(
        "SELECT id, kind, keep, sequence, value_date, amount FROM repayment "
        "WHERE loan_id = %s AND reversed_by IS NULL AND kind <> %s",
        [row.id, CREDIT_APPLIED],
    )
    events = await rows(
        "SELECT kind, sequence, value_date, amount, data FROM loan_event "
        f"WHERE loan_id = %s AND reversed_by IS NULL AND kind NOT IN {in_list(NOT_REPLAYED)}",
        [row.id, *NOT_REPLAYED],
    )
    history: list[Event] = [payment_of(p) for p in payments] + [event_of(e) for e in events]
    stored = (await installments_of([row.id], settled=True))[row.id]
    charges = (await charges_of([row.id], settled=True))[row.id]
    terms = first_terms(row, vat=vat)
    first = await _first_schedule(row.id, stored)
    schedule = loan_account(row, first, [], [], vat=vat)
    schedule.terms = terms
    fresh = as_disbursed(schedule)
    return Past(
        replay(fresh, history, today=today, asked=asked, currency=row.currency),
        first,
        stored,
        charges,
        {payment["sequence"]: payment["id"] for payment in payments},
    )


async def _first_schedule(
    loan_id: int, present: Sequence[InstallmentRow]
) -> Sequence[InstallmentRow]:
    """The schedule of the disbursement: what the first change of it put aside, if any did."""
    found = await rows(
        "SELECT number, start_date, end_date, due_date, days, opening, principal, interest, "
        "balance_changes FROM superseded_installment WHERE loan_id = %s AND event_sequence = "
        "(SELECT event_sequence FROM superseded_installment WHERE loan_id = %s "
        "ORDER BY id LIMIT 1) ORDER BY number",
        [loan_id, loan_id],
    )
    if not found:
        return present
    return [InstallmentRow(id=0, loan_id=loan_id, **_NOTHING_YET, **row) for row in found]


_NOTHING_YET: dict[str, Any] = {
    name.strip("`"): 0
    for name in columns_of(InstallmentRow).split(", ")
    if name.strip("`").endswith(("_paid", "_moved", "_accrued", "_waived"))
} | {"settled_on": None}
