"""Replaying a loan whose past has changed: a payment dated back, an event reversed.

The loan is made anew from the schedule of its disbursement and its history; what it is then, less
what the books had, is posted into the open day. Closed days stay closed (docs/domain.md §5, §6).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from domain.db import in_list, rows
from domain.models.lending.loan_account import first_terms, loan_account
from domain.models.lending.loan_history_events import NOT_REPLAYED, event_of, payment_of
from domain.models.lending.loan_rows import InstallmentRow, columns_of
from domain.operations.lending.account import OpenLoan
from domain.operations.lending.allocations import CREDIT_APPLIED, rewrite_taken
from domain.queries.lending.loan_rows import charges_of, installments_of
from domain.rules.lending.postings import Account
from domain.rules.lending.postings import Event as LedgerEvent
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
    row = loan.row
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
    loan.installments = {each.number: each for each in stored}
    charges = (await charges_of([row.id], settled=True))[row.id]
    loan.charges = {each.number: each for each in charges}
    terms = first_terms(row, vat=loan.account.terms.vat)
    schedule = loan_account(row, await _first_schedule(row.id, stored), [], [], vat=terms.vat)
    schedule.terms = terms
    loan.account = replay(
        as_disbursed(schedule), history, today=today, asked=asked, currency=row.currency
    )
    loan.book(
        LedgerEvent.REPLAY,
        journal=journal,
        value_date=value_date,
        posting_date=today,
        cash=cash,
    )
    await rewrite_taken(
        loan,
        {payment["sequence"]: payment["id"] for payment in payments},
        superseded_by=superseded_by,
        today=today,
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
