"""Writing a loan's instalments and charges where they changed; a replaced schedule is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.db import execute_many, in_list
from domain.models.lending.loan import Loan
from domain.models.lending.loan_account import (
    PROGRESS_COLUMNS,
    SCHEDULE_COLUMNS,
    stored_balance_changes,
)
from domain.models.lending.loan_rows import ChargeRow, InstallmentRow, LoanRow
from domain.rules.lending.servicing.account import Charge, Installment

_COLUMNS = (*SCHEDULE_COLUMNS, *PROGRESS_COLUMNS)
_UPDATE = f"UPDATE installment SET {', '.join(f'{c} = %s' for c in _COLUMNS)} WHERE id = %s"
_INSERT = (
    f"INSERT INTO installment (loan_id, number, currency, {', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join(['%s'] * (3 + len(_COLUMNS)))})"
)
_SUPERSEDE = (
    f"INSERT INTO superseded_installment (loan_id, event_sequence, number, currency, "
    f"{', '.join(SCHEDULE_COLUMNS)}) SELECT loan_id, %s, number, currency, "
    f"{', '.join(SCHEDULE_COLUMNS)} FROM installment WHERE loan_id = %s"
)
# All of it: in a changed history a prepayment may have cost another fee, and a row that brings one
# fallen due on another day.
_UPDATE_CHARGE = (
    "UPDATE loan_charge SET code = %s, due_date = %s, amount = %s, paid = %s, waived = %s, "
    "settled_on = %s WHERE id = %s"
)
_INSERT_CHARGE = (
    "INSERT INTO loan_charge (loan_id, number, currency, code, due_date, amount, paid, waived, "
    "settled_on) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


async def save_installments(
    loan: LoanRow,
    before: Mapping[int, InstallmentRow],
    after: Sequence[Installment],
    *,
    schedule_event: int,
) -> None:
    """Write what changed between the rows that were read and the account's instalments.

    Where the schedule itself changes, all of it is first kept as it was, under `schedule_event`.
    """
    values = {row.number: _values(row) for row in after}
    stored = {number: _stored(row) for number, row in before.items()}
    gone = [row.id for number, row in before.items() if number not in values]
    width = len(SCHEDULE_COLUMNS)
    if values.keys() != stored.keys() or any(
        values[number][:width] != stored[number][:width] for number in values
    ):
        await execute_many(_SUPERSEDE, [(schedule_event, loan.id)])
    if gone:
        await execute_many(f"DELETE FROM installment WHERE id IN {in_list(gone)}", [gone])
    changed = [
        (*value, before[number].id)
        for number, value in values.items()
        if number in stored and value != stored[number]
    ]
    if changed:
        await execute_many(_UPDATE, changed)
    added = [
        (loan.id, number, loan.currency, *value)
        for number, value in values.items()
        if number not in stored
    ]
    if added:
        await execute_many(_INSERT, added)


async def save_charges(
    loan: Loan | LoanRow, before: Mapping[int, ChargeRow], after: Sequence[Charge]
) -> None:
    """Write what changed between the rows that were read and the account's charges."""
    changed, added = [], []
    for charge in after:
        row, values = before.get(charge.number), _charged(charge)
        if row is None:
            added.append((loan.id, charge.number, loan.currency, *values))
        elif values != _charged(row):
            changed.append((*values, row.id))
    gone = [row.id for number, row in before.items() if number not in {c.number for c in after}]
    if gone:
        await execute_many(f"DELETE FROM loan_charge WHERE id IN {in_list(gone)}", [gone])
    if changed:
        await execute_many(_UPDATE_CHARGE, changed)
    if added:
        await execute_many(_INSERT_CHARGE, added)


def _charged(of: Charge | ChargeRow) -> tuple[object, ...]:
    return of.code, of.due_date, of.amount, of.paid, of.waived, of.settled_on


def _values(row: Installment) -> tuple[object, ...]:
    schedule = [getattr(row, name) for name in SCHEDULE_COLUMNS[:-1]]
    progress = (getattr(row, name) for name in PROGRESS_COLUMNS)
    return (*schedule, stored_balance_changes(row), *progress)


def _stored(row: InstallmentRow) -> tuple[object, ...]:
    schedule = [getattr(row, name) for name in SCHEDULE_COLUMNS[:-1]]
    progress = (getattr(row, name) for name in PROGRESS_COLUMNS)
    return (*schedule, _compact(row.balance_changes), *progress)


def _compact(text: str | None) -> str | None:
    """A JSON text as we write it: MySQL's JSON type puts spaces into it, MariaDB's does not."""
    return text.replace(" ", "") if text else None
