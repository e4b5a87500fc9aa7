"""The `repayLoan` mutation beside a transaction written by hand that writes the same rows."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import orjson

from benchmarks.lender import Lent, lent
from benchmarks.reading import API, RAW, conclude_ratio, graphql, same
from benchmarks.report import ROUNDS, Unmeasurable, alternate, run, take
from benchmarks.serving import Call, Server, serving
from domain import db
from domain.rules.money import format_minor
from domain.rules.roles import Role

NAME, BAR = "repayment", 2.0
REQUESTS, WARM_UP = 300, 50

MUTATION = """
mutation Repay($input: RepayLoanInput!) {
  repayLoan(input: $input) {
    loan {
      id number state principalOutstanding interestReceivable creditBalance nextDueDate
    }
    repayment { id number amount toCredit valueDate }
    replayed
    errors { code message path }
  }
}
"""
TABLES = (
    "idempotency_record",
    "repayment",
    "repayment_allocation",
    "ledger_entry",
    "audit_entry",
    "outbox_event",
)
# What tells one repayment from another; everything else must be equal on both sides.
_OWN = {"id", "number", "created_at", "at", "key", "arguments_sha256", "request_id", "journal"}
_OWN |= {"loan_id", "noun_id", "borrower_id", "facility_id", "drawdown_id", "repayment_id"}


class Sides:
    """Both servers, each with loans of its own, and a count of what each wrote."""

    def __init__(self, api: Server, raw: Server, book: Lent) -> None:
        self._api, self._raw, self._book = api, raw, book
        loans = iter(book.loan_ids)
        self._loans = {API: itertools.islice(loans, len(book.loan_ids) // 2), RAW: loans}
        self.written: dict[str, list[dict[str, int]]] = {API: [], RAW: []}

    def one_each(self) -> None:
        """Repay one loan on each side; Raises Unmeasurable when answers or rows differ."""
        answers, rows = [], []
        for server, side in ((self._api, API), (self._raw, RAW)):
            loan_id = next(self._loans[side])
            answers.append(
                _anonymous(orjson.loads(server.call(repayment_call(self._book, side, loan_id))))
            )
            rows.append(asyncio.run(_rows_of(loan_id)))
        same(*answers)
        same(*rows)

    def cpu_ms(self, side: str, requests: int = REQUESTS) -> float:
        """Repay that many loans on one side; return its CPU a request, and note what it wrote."""
        server = self._api if side == API else self._raw
        loans = take(self._loans[side], requests)
        calls = [repayment_call(self._book, side, loan_id) for loan_id in loans]
        before = asyncio.run(_counts())
        spent = server.cpu_ms(calls)
        after = asyncio.run(_counts())
        self.written[side].append({table: after[table] - before[table] for table in TABLES})
        return spent


def repayment_call(book: Lent, side: str, loan_id: int) -> Call:
    """The request by which a side repays what is due on a loan."""
    amount = format_minor(book.due, "USD")
    key = f"{'ours' if side == API else 'raw'}-{loan_id}"
    if side == RAW:
        form = {"key": key, "loanId": loan_id, "amount": amount, "payerName": "Payer"}
        return ("POST", "/repayments", orjson.dumps(form))
    return graphql(
        MUTATION,
        {
            "input": {
                "idempotencyKey": key,
                "loanId": book.global_id(loan_id - book.loan_ids[0]),
                "amount": amount,
                "payerName": "Payer",
            }
        },
    )


def measure() -> None:
    """Print both sides and their ratio."""
    with lent(loans=2 * (1 + WARM_UP + ROUNDS * REQUESTS)) as book:
        token = book.tokens[Role.CASHIER]
        with (
            serving(API, environment=book.environment, token=token) as api,
            serving(RAW, environment=book.environment, token=token) as raw,
        ):
            sides = Sides(api, raw, book)
            sides.one_each()
            for side in (API, RAW):
                sides.cpu_ms(side, WARM_UP)
            found = alternate(lambda: sides.cpu_ms(API), lambda: sides.cpu_ms(RAW))
        same(sides.written[API], sides.written[RAW])
        print(f"rows written by {REQUESTS} requests, on either side: {sides.written[RAW][-1]}")
        conclude_ratio(NAME, found, bar=BAR)


async def _counts() -> dict[str, int]:
    await db.open_database()
    try:
        return {
            table: (await db.rows(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"] for table in TABLES
        }
    finally:
        await db.close_database()


async def _rows_of(loan_id: int) -> list[Any]:
    """Everything in the database about one loan, without what tells it from another."""
    await db.open_database()
    try:
        found = []
        for sql in (
            "SELECT * FROM loan WHERE id = %s",
            "SELECT f.* FROM credit_facility f JOIN loan ON loan.facility_id = f.id "
            "WHERE loan.id = %s",
            "SELECT * FROM installment WHERE loan_id = %s ORDER BY number",
            "SELECT * FROM repayment WHERE loan_id = %s",
            "SELECT * FROM repayment_allocation WHERE loan_id = %s ORDER BY id",
            "SELECT * FROM ledger_entry WHERE loan_id = %s AND event = 'REPAYMENT' ORDER BY id",
            "SELECT * FROM audit_entry WHERE action = 'repayLoan' AND noun_id = %s",
            "SELECT * FROM outbox_event WHERE kind = 'loan.repaid' AND noun_id = %s",
        ):
            found.append([_anonymous(row) for row in await db.rows(sql, [loan_id])])
        if not all(found):
            raise Unmeasurable(f"a table has no row of loan {loan_id}: {found}")
        return found
    finally:
        await db.close_database()


def _anonymous(value: Any) -> Any:
    if isinstance(value, dict):
        hidden = _OWN | {"repayment"} if "principalOutstanding" in value else _OWN
        return {name: _anonymous(inner) for name, inner in value.items() if name not in hidden}
    if isinstance(value, list):
        return [_anonymous(inner) for inner in value]
    if isinstance(value, str) and value.startswith("{"):
        return _anonymous(orjson.loads(value))
    return value


if __name__ == "__main__":
    run(measure)
