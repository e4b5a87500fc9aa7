"""A drawdown booked and paid out as two transactions written by hand.

The same locks in the same order and the same rows. The loan and its schedule are copied in SQL from
the first loan of the database, which the API made: no schedule is worked out here, and whatever
columns the tables have, both sides fill.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from api.graphql.ids import global_id
from benchmarks.raw_parts import Hand, transaction
from domain.actor import Actor
from domain.queries.visibility import visible, visible_by_customer
from domain.rules.money import to_minor
from domain.rules.numbers import NumberKind, human_number

_columns: dict[str, list[str]] = {}


async def book(pool: Any, actor: Actor, form: dict[str, Any]) -> dict[str, Any]:
    """Reserve the amount and write the drawdown."""
    contract_id = form["contract"]
    async with transaction(pool) as cursor:
        hand = Hand(cursor, actor, "requestDrawdown", dt.datetime.now(dt.UTC))
        today = await hand.today(" LOCK IN SHARE MODE")
        seen, values = visible(actor, table="loan_contract")
        (facility_id,) = await hand.one(
            f"SELECT facility_id FROM loan_contract WHERE id = %s AND ({seen})",
            [contract_id, *values],
        )
        state, limit, reserved, used, expires = await hand.one(
            "SELECT state, limit_amount, reserved, used, expires_on FROM credit_facility "
            "WHERE id = %s FOR UPDATE",
            [facility_id],
        )
        borrower, branch, currency, amount, drawn, count, ends_on, signed, *_ = await hand.one(
            "SELECT c.borrower_id, c.branch_id, c.currency, c.amount, c.drawn, c.installments, "
            "c.ends_on, c.state, p.every, p.period_unit FROM loan_contract c "
            "JOIN loan_product p ON p.id = c.product_id WHERE c.id = %s",
            [contract_id],
        )
        await hand.one("SELECT id FROM loan_contract WHERE id = %s FOR UPDATE", [contract_id])
        asked = to_minor(Decimal(form["amount"]), currency)
        if state != "ACTIVE" or signed != "SIGNED" or not today < min(expires, ends_on):
            raise ValueError("the benchmark draws on active limits and signed contracts")
        if asked > min(limit - reserved - used, amount - drawn):
            raise ValueError("the benchmark stays within its limits")
        await cursor.execute(
            "INSERT INTO drawdown (contract_id, facility_id, borrower_id, branch_id, state, "
            "currency, amount, installments, payment_method, payee_name, payee_account_cipher, "
            "payee_account_tail, evidence_number, requested_by_kind, requested_by_id, "
            "requested_on, created_at) VALUES (%s, %s, %s, %s, 'REQUESTED', %s, %s, %s, 'SELF', "
            "'', NULL, '', '', %s, %s, %s, %s)",
            [
                *(contract_id, facility_id, borrower, branch, currency, asked, count),
                *(actor.kind, actor.id, today, hand.now),
            ],
        )
        drawdown_id: int = cursor.lastrowid
        await cursor.execute(
            "UPDATE credit_facility SET reserved = reserved + %s WHERE id = %s",
            [asked, facility_id],
        )
        await cursor.execute(
            "UPDATE loan_contract SET drawn = drawn + %s WHERE id = %s", [asked, contract_id]
        )
        after = {"state": "REQUESTED", "amount": asked, "currency": currency}
        await hand.tell(
            ("Drawdown", drawdown_id, {}, after, "drawdown.requested"),
            (
                *("CreditFacility", facility_id, {"reserved": reserved}),
                *({"reserved": reserved + asked}, ""),
            ),
        )
        kept = {"drawdown": drawdown_id, "facility": facility_id, "contract": contract_id}
        await hand.keep(form, kept)
    return {"data": {"requestDrawdown": {"drawdown": _drawdown(drawdown_id, "REQUESTED")}}}


async def disburse(pool: Any, actor: Actor, form: dict[str, Any]) -> dict[str, Any]:
    """Pay a drawdown out: the loan, its schedule, its postings."""
    drawdown_id = form["drawdown"]
    async with transaction(pool) as cursor:
        hand = Hand(cursor, actor, "disburseDrawdown", dt.datetime.now(dt.UTC))
        today = await hand.today(" LOCK IN SHARE MODE")
        seen, values = visible_by_customer(actor, table="drawdown")
        (facility_id,) = await hand.one(
            f"SELECT facility_id FROM drawdown WHERE id = %s AND ({seen})", [drawdown_id, *values]
        )
        await hand.one(
            "SELECT state, expires_on, activated_by_id FROM credit_facility WHERE id = %s "
            "FOR UPDATE",
            [facility_id],
        )
        state, amount, currency, contract_id, borrower, branch = await hand.one(
            "SELECT state, amount, currency, contract_id, borrower_id, branch_id FROM drawdown "
            "WHERE id = %s FOR UPDATE",
            [drawdown_id],
        )
        if state != "REQUESTED":
            raise ValueError("the benchmark pays each drawdown once")
        application_id, officer = await hand.one(
            "SELECT application_id, officer_id FROM loan_contract WHERE id = %s", [contract_id]
        )
        await _read_people(hand, application_id)
        loan_id = await _copy_loan(hand, drawdown_id, facility_id, contract_id, borrower)
        await cursor.execute(
            "UPDATE credit_facility SET reserved = reserved - %s, used = used + %s WHERE id = %s",
            [amount, amount, facility_id],
        )
        await cursor.execute("UPDATE drawdown SET state = 'DISBURSED' WHERE id = %s", [drawdown_id])
        await cursor.execute(
            "INSERT INTO disbursement (drawdown_id, loan_id, currency, amount, value_date, "
            "disbursed_by_id, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [drawdown_id, loan_id, currency, amount, today, actor.id, hand.now],
        )
        await cursor.execute(
            "INSERT INTO case_assignment (noun, noun_id, employee_id, branch_id, from_date, "
            "reason, created_at) VALUES ('Loan', %s, %s, %s, %s, 'disbursed', %s)",
            [loan_id, officer, branch, today, hand.now],
        )
        owner = (loan_id, borrower, branch, today, today, hand.now)
        await cursor.executemany(
            "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
            "borrower_id, branch_id, value_date, posting_date, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (f"disbursement:{drawdown_id}", "DISBURSEMENT", code, currency, sum_, *owner)
                for code, sum_ in (("1303", amount), ("1002", -amount))
            ],
        )
        paid = {"state": "DISBURSED"}
        begun = {"state": "ACTIVE", "principal": amount, "currency": currency, "installments": 12}
        await hand.tell(
            ("Drawdown", drawdown_id, {"state": state}, paid, "drawdown.disbursed"),
            ("Loan", loan_id, {}, begun, "loan.activated"),
        )
        kept = {"drawdown": drawdown_id, "loan": loan_id, "facility": facility_id}
        await hand.keep(form, kept)
    loan = {
        "id": global_id("Loan", loan_id),
        "number": human_number(NumberKind.LOAN, loan_id),
        "state": "ACTIVE",
    }
    payload = {"drawdown": _drawdown(drawdown_id, "DISBURSED"), "loan": loan}
    return {"data": {"disburseDrawdown": payload}}


async def _read_people(hand: Hand, application_id: int) -> None:
    """Read who stood on which side of the case."""
    await hand.one(
        "SELECT officer_id, created_by_id, submitted_by_id FROM loan_application WHERE id = %s",
        [application_id],
    )
    await hand.one(
        "SELECT actor_id FROM audit_entry WHERE noun = 'LoanApplication' AND noun_id = %s "
        "AND outcome = 'DONE'",
        [application_id],
    )
    await hand.one(
        "SELECT decided_by_id FROM approval_task WHERE application_id = %s", [application_id]
    )


async def _copy_loan(
    hand: Hand, drawdown_id: int, facility_id: int, contract_id: int, borrower_id: int
) -> int:
    own = {
        "drawdown_id": drawdown_id,
        "facility_id": facility_id,
        "contract_id": contract_id,
        "borrower_id": borrower_id,
        "created_at": hand.now,
    }
    await _copy(hand, "loan", own, "id = (SELECT MIN(id) FROM loan)")
    loan_id: int = hand.cursor.lastrowid
    await _copy(hand, "installment", {"loan_id": loan_id}, "loan_id = (SELECT MIN(id) FROM loan)")
    return loan_id


async def _copy(hand: Hand, table: str, own: dict[str, Any], which: str) -> None:
    """Insert rows like those of `which`, but for these columns."""
    if table not in _columns:
        await hand.cursor.execute(f"SHOW COLUMNS FROM {table}")
        _columns[table] = [row[0] for row in await hand.cursor.fetchall() if row[0] != "id"]
    listed = ", ".join(f"`{name}`" for name in _columns[table])
    given = [name for name in _columns[table] if name in own]
    taken = ", ".join("%s" if name in own else f"`{name}`" for name in _columns[table])
    await hand.cursor.execute(
        f"INSERT INTO {table} ({listed}) SELECT {taken} FROM {table} WHERE {which}",
        [own[name] for name in given],
    )


def _drawdown(drawdown_id: int, state: str) -> dict[str, Any]:
    return {
        "id": global_id("Drawdown", drawdown_id),
        "number": human_number(NumberKind.DRAWDOWN, drawdown_id),
        "state": state,
    }
