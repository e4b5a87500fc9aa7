"""Booking and paying out through GraphQL: how many loans a second two API processes begin.

One disbursement is two requests: `requestDrawdown` by the relationship manager, which reserves the
limit, then `disburseDrawdown` by the cashier, which makes the loan with its schedule of twelve
instalments, posts it and turns reserved into used. Each is under a signed contract and a facility
of its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from api.graphql.ids import global_id, row_id_of
from benchmarks.lender import FIRST_DAY, copy_rows, new_database, tokens_of
from benchmarks.load import Work, request
from benchmarks.reading import API, graphql
from benchmarks.report import run, take
from benchmarks.throughput import RUNS, WARM_UP, Bar, measure_rates
from domain import db
from domain.operations.install import install
from domain.rules.roles import Role
from tests.lender import Lender

BAR = Bar("disbursements", "disbursements", 150.0)
PIECES = 400

REQUEST = """
mutation Book($input: RequestDrawdownInput!) {
  requestDrawdown(input: $input) {
    drawdown { id number state amount }
    replayed
    errors { code message path }
  }
}
"""
DISBURSE = """
mutation Disburse($input: DisburseDrawdownInput!) {
  disburseDrawdown(input: $input) {
    drawdown { id number state }
    loan { id number state principalOutstanding nextDueDate maturityDate }
    replayed
    errors { code message path }
  }
}
"""
TABLES = (
    "idempotency_record",
    "drawdown",
    "loan",
    "installment",
    "disbursement",
    "case_assignment",
    "ledger_entry",
    "audit_entry",
    "outbox_event",
)
_COPIES = {
    "borrower": {"id": "t.id + i", "name": "CONCAT(t.name, ' ', i)", "external_id": "NULL"},
    "credit_facility": {"id": "t.id + i", "borrower_id": "t.borrower_id + i"},
    "loan_application": {
        "id": "t.id + i",
        "borrower_id": "t.borrower_id + i",
        "facility_id": "t.facility_id + i",
    },
    "loan_contract": {
        "id": "t.id + i",
        "application_id": "t.application_id + i",
        "borrower_id": "t.borrower_id + i",
        "facility_id": "t.facility_id + i",
    },
}


@dataclass(frozen=True, slots=True)
class Contracts:
    """Signed contracts that are alike, each under a facility of its own."""

    first: int
    count: int
    tokens: dict[Role, str] = field(repr=False)
    environment: dict[str, str] = field(repr=False)


@contextmanager
def contracts(*, count: int) -> Iterator[Contracts]:
    """Make a database with `count` contracts under which nothing is drawn yet."""
    with new_database() as environment:
        yield asyncio.run(_sign(count, environment))


async def _sign(count: int, environment: dict[str, str]) -> Contracts:
    await db.open_database()
    try:
        await db.migrate()
        await install(today=FIRST_DAY)
        lender = await Lender.open()
        contract = await lender.signed_contract(await lender.facility())
        await copy_rows(_COPIES, count - 1)
        tokens = tokens_of(lender)
    finally:
        await db.close_database()
    return Contracts(contract.id, count, tokens, environment)


class Disbursements:
    """Contracts of each side, each drawn once."""

    def __init__(self, book: Contracts) -> None:
        half, first = book.count // 2, book.first
        self._book = book
        self._contracts = {
            True: iter(range(first, first + half)),
            False: iter(range(first + half, first + book.count)),
        }

    def __call__(self, side: str, count: int) -> Sequence[Work]:
        contracts = take(self._contracts[side == API], count)
        make = self._through_graphql if side == API else self._by_hand
        return [make(contract) for contract in contracts]

    def _through_graphql(self, contract: int) -> Work:
        manager, cashier = (
            self._book.tokens[role] for role in (Role.RELATIONSHIP_MANAGER, Role.CASHIER)
        )
        form = {
            "idempotencyKey": secrets.token_hex(16),
            "contractId": global_id("LoanContract", contract),
            "amount": "50000.00",
        }
        booked = yield request(graphql(REQUEST, {"input": form}), manager)
        drawdown = orjson.loads(booked)["data"]["requestDrawdown"]["drawdown"]["id"]
        order = {"idempotencyKey": secrets.token_hex(16), "drawdownId": drawdown}
        yield request(graphql(DISBURSE, {"input": order}), cashier)

    def _by_hand(self, contract: int) -> Work:
        tokens = self._book.tokens
        form = {"key": secrets.token_hex(16), "contract": contract, "amount": "50000.00"}
        booked = yield request(
            ("POST", "/drawdowns", orjson.dumps(form)), tokens[Role.RELATIONSHIP_MANAGER]
        )
        drawdown = orjson.loads(booked)["data"]["requestDrawdown"]["drawdown"]["id"]
        order = {"key": secrets.token_hex(16), "drawdown": row_id_of(drawdown, "Drawdown")}
        yield request(("POST", "/disbursements", orjson.dumps(order)), tokens[Role.CASHIER])


def measure() -> None:
    """Print the rates of both sides, their CPU, the lock waits and the verdict."""
    with contracts(count=2 * (WARM_UP + RUNS * PIECES)) as book:
        measure_rates(
            BAR,
            environment=book.environment,
            token=book.tokens[Role.CASHIER],
            works=Disbursements(book),
            pieces=PIECES,
            tables=TABLES,
        )


if __name__ == "__main__":
    run(measure)
