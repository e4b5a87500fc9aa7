"""A repayment as one transaction written by hand: the rows that `repayLoan` writes, no more.

The same locks in the same order (business date, facility, loan), the same idempotency claim, audit
entry and outbox event; the allocation in plain Python; the answer made from what is in hand.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from api.graphql.ids import global_id
from benchmarks.raw_parts import Hand, transaction
from domain.actor import Actor
from domain.queries.visibility import visible
from domain.rules.money import format_minor, to_minor
from domain.rules.numbers import NumberKind, human_number


async def repay(pool: Any, actor: Actor, form: dict[str, Any]) -> dict[str, Any]:
    """Record a payment that settles instalments due by today, in full or in part."""
    async with transaction(pool) as cursor:
        return await _repay(Hand(cursor, actor, "repayLoan", dt.datetime.now(dt.UTC)), form)


async def _repay(hand: Hand, form: dict[str, Any]) -> dict[str, Any]:
    cursor, actor, now, loan_id = hand.cursor, hand.actor, hand.now, form["loanId"]
    today = await hand.today(" LOCK IN SHARE MODE")
    seen, values = visible(actor, table="loan")
    await cursor.execute(
        f"SELECT facility_id FROM loan WHERE id = %s AND ({seen})", [loan_id, *values]
    )
    (facility_id,) = await cursor.fetchone()
    await cursor.execute(
        "SELECT state FROM credit_facility WHERE id = %s AND revolving = 1 FOR UPDATE",
        [facility_id],
    )
    facility = await cursor.fetchone()
    await cursor.execute(
        "SELECT state, currency, principal_outstanding, interest_receivable, penalty_receivable, "
        "compound_receivable, credit_balance, accrued_through, borrower_id, branch_id, allocation, "
        "interest_paid, penalty_paid, compound_paid, limit_used, event_count, book_status "
        "FROM loan WHERE id = %s FOR UPDATE",
        [loan_id],
    )
    loan = await cursor.fetchone()
    if loan[0] != "ACTIVE" or loan[7] < today:
        raise ValueError("the benchmark repays active loans that are accrued up to today")
    currency, sequence = loan[1], loan[15] + 1
    amount = to_minor(Decimal(form["amount"]), currency)
    parts, items, rows, still_open = await _allocate(cursor, loan_id, today, amount)
    credit = amount - sum(parts.values())
    await cursor.execute(
        "INSERT INTO repayment (loan_id, kind, currency, amount, to_credit, value_date, "
        "posting_date, sequence, payer_name, external_reference, received_by_kind, "
        "received_by_id, created_at) "
        "VALUES (%s, 'REPAYMENT', %s, %s, %s, %s, %s, %s, %s, '', %s, %s, %s)",
        [
            *(loan_id, currency, amount, credit, today, today, sequence, form["payerName"]),
            *(actor.kind, actor.id, now),
        ],
    )
    repayment_id = cursor.lastrowid
    await cursor.executemany(
        "INSERT INTO repayment_allocation (repayment_id, loan_id, installment_number, bucket, "
        "currency, amount, value_date, event_sequence) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (repayment_id, loan_id, number, b, currency, taken, today, sequence)
            for number, b, taken in items
        ],
    )
    outstanding = loan[2] - parts["PRINCIPAL"]
    interest = loan[3] - parts["INTEREST"]
    frees = facility is not None and facility[0] == "ACTIVE"
    freed = parts["PRINCIPAL"] if frees else 0
    next_due_date = still_open[0] if still_open else None
    state = "ACTIVE" if still_open else "PAID_OFF"
    await cursor.execute(
        "UPDATE loan SET state = %s, principal_outstanding = %s, interest_receivable = %s, "
        "penalty_receivable = %s, compound_receivable = %s, credit_balance = %s, "
        "next_due_date = %s, closed_on = %s, interest_paid = %s, penalty_paid = %s, "
        "compound_paid = %s, limit_used = %s, event_count = %s WHERE id = %s",
        [
            *(state, outstanding, interest, loan[4] - parts["PENALTY"]),
            *(loan[5] - parts["COMPOUND"], loan[6] + credit, next_due_date),
            *(None if still_open else today, loan[11] + parts["INTEREST"]),
            *(loan[12] + parts["PENALTY"], loan[13] + parts["COMPOUND"]),
            *(loan[14] - freed, sequence, loan_id),
        ],
    )
    for row in rows:
        await cursor.execute(
            "UPDATE installment SET principal_paid = %s, interest_paid = %s, penalty_paid = %s, "
            "compound_paid = %s, settled_on = %s WHERE id = %s",
            row,
        )
    if freed:
        await cursor.execute(
            "UPDATE credit_facility SET used = used - %s WHERE id = %s", [freed, facility_id]
        )
    await _post(cursor, loan_id, loan, repayment_id, amount, parts, credit, today, now)
    before = _shown(loan[0], loan[16], loan[2], loan[3], loan[6])
    after = _shown(state, loan[16], outstanding, interest, loan[6] + credit)
    after |= {"repayment": repayment_id, "amount": amount}
    event = "loan.repaid" if state == "ACTIVE" else "loan.paid_off"
    await hand.tell(("Loan", loan_id, before, after, event))
    await hand.keep(form, {"loan": loan_id, "repayment": repayment_id})
    return {
        "data": {
            "repayLoan": {
                "loan": {
                    "id": global_id("Loan", loan_id),
                    "number": human_number(NumberKind.LOAN, loan_id),
                    "state": state,
                    "principalOutstanding": format_minor(outstanding, currency),
                    "interestReceivable": format_minor(interest, currency),
                    "creditBalance": format_minor(loan[6] + credit, currency),
                    "nextDueDate": next_due_date,
                },
                "repayment": {
                    "id": global_id("Repayment", repayment_id),
                    "number": human_number(NumberKind.REPAYMENT, repayment_id),
                    "amount": format_minor(amount, currency),
                    "toCredit": format_minor(credit, currency),
                    "valueDate": today,
                },
                "replayed": False,
                "errors": [],
            }
        }
    }


async def _allocate(
    cursor: Any, loan_id: int, today: dt.date, amount: int
) -> tuple[dict[str, int], list[tuple[int, str, int]], list[tuple[Any, ...]], list[dt.date]]:
    """Settle what is due, oldest instalment first. Returns the sums by bucket, the allocated items,
    the rows to update, and the due dates that stay unpaid."""
    await cursor.execute(
        "SELECT id, number, due_date, principal, principal_paid, interest, interest_paid, "
        "penalty_accrued, penalty_paid, compound_accrued, compound_paid FROM installment "
        "WHERE loan_id = %s AND settled_on IS NULL ORDER BY number",
        [loan_id],
    )
    parts = {"PENALTY": 0, "COMPOUND": 0, "INTEREST": 0, "PRINCIPAL": 0}
    items: list[tuple[int, str, int]] = []
    rows: list[tuple[Any, ...]] = []
    still_open: list[dt.date] = []
    left = amount
    for row in await cursor.fetchall():
        row_id, number, due_date = row[0], row[1], row[2]
        owed = {
            "PENALTY": row[7] - row[8],
            "COMPOUND": row[9] - row[10],
            "INTEREST": row[5] - row[6],
            "PRINCIPAL": row[3] - row[4],
        }
        if due_date <= today and left:
            for bucket, due in owed.items():
                taken = min(due, left)
                if taken:
                    items.append((number, bucket, taken))
                    parts[bucket] += taken
                    owed[bucket] -= taken
                    left -= taken
            settled = today if not any(owed.values()) else None
            rows.append(
                (
                    *(row[3] - owed["PRINCIPAL"], row[5] - owed["INTEREST"]),
                    *(row[7] - owed["PENALTY"], row[9] - owed["COMPOUND"], settled, row_id),
                )
            )
            if settled:
                continue
        still_open.append(due_date)
    return parts, items, rows, still_open


async def _post(
    cursor: Any,
    loan_id: int,
    loan: tuple[Any, ...],
    repayment_id: int,
    amount: int,
    parts: dict[str, int],
    credit: int,
    today: dt.date,
    now: dt.datetime,
) -> None:
    moved = (
        ("1002", amount),
        ("1132", -parts["INTEREST"]),
        ("1133", -parts["PENALTY"]),
        ("1134", -parts["COMPOUND"]),
        ("1303", -parts["PRINCIPAL"]),
        ("2241", -credit),
    )
    journal, event, currency = f"repayment:{repayment_id}", "REPAYMENT", loan[1]
    owner = (loan_id, loan[8], loan[9])
    await cursor.executemany(
        "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
        "borrower_id, branch_id, value_date, posting_date, created_at) "
        # The driver makes one statement of it only when every value is a placeholder.
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (journal, event, code, currency, sum_, *owner, today, today, now)
            for code, sum_ in moved
            if sum_
        ],
    )


def _shown(
    state: str, book_status: str, outstanding: int, interest: int, credit: int
) -> dict[str, Any]:
    return {
        "state": state,
        "bookStatus": book_status,
        "principalOutstanding": outstanding,
        "interestReceivable": interest,
        "creditBalance": credit,
    }
