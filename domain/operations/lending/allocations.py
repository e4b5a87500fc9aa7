"""Writing where a loan's money went (冲账), and writing it anew after a replay."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.actor import SYSTEM
from domain.db import execute, execute_many, in_list, insert, rows
from domain.operations.clock import now
from domain.operations.lending.account import OpenLoan
from domain.rules.lending.servicing.account import Taken

CREDIT_APPLIED = "CREDIT_APPLIED"

_INSERT = (
    "INSERT INTO repayment_allocation (repayment_id, event_sequence, loan_id, installment_number, "
    "bucket, currency, amount, value_date) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)

Place = tuple[int | None, dt.date, int, str]
"""Whose (`Taken.sequence`), when, from which item, from which bucket."""


@dataclass(frozen=True, slots=True)
class _Kept:
    id: int
    repayment_id: int | None
    amount: int


async def write_taken(loan: OpenLoan, repayments: Mapping[int, int], *, today: dt.date) -> None:
    """Write what was taken since the account was opened.

    `repayments` gives the row of the repayment behind a sequence; a waiver has none. What a credit
    balance paid on a day gets a repayment of its own, of amount 0.
    """
    await _insert(loan, _sums(loan.account.taken), dict(repayments), today=today)
    loan.account.taken.clear()


async def rewrite_taken(
    loan: OpenLoan, repayments: Mapping[int, int], *, superseded_by: int, today: dt.date
) -> None:
    """After a replay: leave what is as it was, supersede the rest, write what is new."""
    wanted = _sums(loan.account.taken)
    kept = await _current(loan.row.id)
    stale = [row.id for place, row in kept.items() if wanted.get(place) != row.amount]
    if stale:
        await execute(
            f"UPDATE repayment_allocation SET superseded_by = %s WHERE id IN {in_list(stale)}",
            [superseded_by, *stale],
        )
    days = {
        place[1]: row.repayment_id
        for place, row in kept.items()
        if place[0] is None and row.repayment_id is not None
    }
    new = {
        place: amount
        for place, amount in wanted.items()
        if place not in kept or kept[place].amount != amount
    }
    # A day may have used credit twice: when it was opened, and for what fell due later in it.
    used = {days[place[1]] for place in new if place[0] is None and place[1] in days}
    for place, row in kept.items():
        if wanted.get(place) == row.amount and row.repayment_id is not None:
            used.add(row.repayment_id)
    uses = {row.repayment_id for place, row in kept.items() if place[0] is None}
    gone = sorted(use for use in uses if use is not None and use not in used)
    if gone:
        await execute(
            f"UPDATE repayment SET reversed_by = %s WHERE id IN {in_list(gone)}",
            [superseded_by, *gone],
        )
    await _insert(loan, new, dict(repayments), today=today, credit_days=days)
    await _correct_credit(loan, wanted, repayments)
    loan.account.taken.clear()


async def _current(loan_id: int) -> dict[Place, _Kept]:
    found = await rows(
        "SELECT a.id, a.repayment_id, a.event_sequence, a.installment_number, a.bucket, a.amount, "
        "a.value_date, r.kind FROM repayment_allocation a "
        "LEFT JOIN repayment r ON r.id = a.repayment_id "
        "WHERE a.loan_id = %s AND a.superseded_by IS NULL",
        [loan_id],
    )
    return {
        (
            None if row["kind"] == CREDIT_APPLIED else row["event_sequence"],
            row["value_date"],
            row["installment_number"],
            row["bucket"],
        ): _Kept(row["id"], row["repayment_id"], row["amount"])
        for row in found
    }


async def _insert(
    loan: OpenLoan,
    taken: Mapping[Place, int],
    repayments: dict[int, int],
    *,
    today: dt.date,
    credit_days: Mapping[dt.date, int] | None = None,
) -> None:
    values = []
    days = dict(credit_days or {})
    sequences: dict[dt.date, int] = {}
    for (sequence, on, item, bucket), amount in taken.items():
        repayment_id: int | None
        if sequence is None:
            if on not in sequences:
                sequences[on] = loan.next_sequence()
            if on not in days:
                days[on] = await _credit_applied(loan, on, sequences[on], today=today)
            repayment_id, place = days[on], sequences[on]
        else:
            repayment_id, place = repayments.get(sequence), sequence
        values.append(
            (repayment_id, place, loan.row.id, item, bucket, loan.row.currency, amount, on)
        )
    if values:
        await execute_many(_INSERT, values)


async def _credit_applied(loan: OpenLoan, on: dt.date, sequence: int, *, today: dt.date) -> int:
    return await insert(
        "repayment",
        {
            "loan_id": loan.row.id,
            "kind": CREDIT_APPLIED,
            "currency": loan.row.currency,
            "amount": 0,
            "to_credit": 0,
            "value_date": on,
            "posting_date": today,
            "sequence": sequence,
            "keep": "",
            "payer_role": "BORROWER",
            "payer_name": "",
            "external_reference": "",
            "received_by_kind": SYSTEM.kind,
            "received_by_id": SYSTEM.id,
            "created_at": now(),
        },
    )


async def _correct_credit(
    loan: OpenLoan, wanted: Mapping[Place, int], repayments: Mapping[int, int]
) -> None:
    """What of each payment was kept as credit may be another now."""
    used: dict[int, int] = defaultdict(int)
    for (sequence, *_), amount in wanted.items():
        if sequence is not None:
            used[sequence] += amount
    await execute_many(
        "UPDATE repayment SET to_credit = CASE WHEN amount > %s THEN amount - %s ELSE 0 END "
        "WHERE id = %s",
        [(used[sequence], used[sequence], row_id) for sequence, row_id in repayments.items()],
    )


def _sums(taken: Iterable[Taken]) -> dict[Place, int]:
    sums: dict[Place, int] = defaultdict(int)
    for each in taken:
        sums[(each.sequence, each.on, each.item, str(each.bucket))] += each.amount
    return dict(sums)
