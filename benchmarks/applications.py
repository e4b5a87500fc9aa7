"""Applications through GraphQL: how many a second two API processes take in and decide on.

One application is `applyForLoan` with the whole form: it is checked and saved, the need estimated
from the borrower's statement, scored with the champion, every rule applied, and the decision and
the approval tasks stored. Each is by a borrower of its own, with a facility and a financial
statement. With the argument `two` it is two requests, of a form that was kept as a draft first:
`saveApplication` and `submitApplication`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from decimal import Decimal

import orjson

from api.graphql.ids import global_id, row_id_of
from benchmarks.champion import promote_a_model
from benchmarks.lender import FIRST_DAY, copy_rows, new_database, tokens_of
from benchmarks.load import Work, request
from benchmarks.raw_application import raw_save_form
from benchmarks.reading import API, graphql
from benchmarks.report import run, take
from benchmarks.throughput import RUNS, WARM_UP, Bar, measure_rates
from domain import db
from domain.models.lending.product import LoanProduct
from domain.operations.install import install
from domain.operations.lending.record_statement import StatementForm, record_statement
from domain.rules.lending.borrower import EnterpriseSize
from domain.rules.lending.financial_statement import StatementAmounts
from domain.rules.roles import Role
from domain.settings import get_settings
from tests.lender import Lender, key

BAR = Bar("applications", "applications", 300.0)
PIECES = 600

APPLY = """
mutation Apply($input: ApplyForLoanInput!) {
  applyForLoan(input: $input) {
    application { id number state }
    decision { id recommendation grade probabilityOfDefault }
    replayed
    errors { code message path }
  }
}
"""
SAVE = """
mutation Save($input: SaveApplicationInput!) {
  saveApplication(input: $input) {
    application { id number state version }
    replayed
    errors { code message path }
  }
}
"""
SUBMIT = """
mutation Submit($input: SubmitApplicationInput!) {
  submitApplication(input: $input) {
    application { id number state }
    decision { id recommendation grade probabilityOfDefault }
    replayed
    errors { code message path }
  }
}
"""
TABLES = (
    "idempotency_record",
    "loan_application",
    "case_assignment",
    "risk_decision",
    "approval_task",
    "audit_entry",
    "outbox_event",
)
_AMOUNTS = {
    "revenue": 12_000,
    "cost_of_sales": 9_600,
    "profit": 720,
    "inventory_opening": 1_500,
    "inventory_closing": 1_700,
    "receivables_opening": 1_900,
    "receivables_closing": 2_100,
    "prepayments_opening": 400,
    "prepayments_closing": 400,
    "payables_opening": 1_200,
    "payables_closing": 1_200,
    "advance_receipts_opening": 150,
    "advance_receipts_closing": 250,
    "current_assets": 5_000,
    "total_assets": 8_000,
    "current_liabilities": 2_500,
    "total_liabilities": 4_000,
    "equity": 4_000,
}
_COPIES = {
    "borrower": {"id": "t.id + i", "name": "CONCAT(t.name, ' ', i)", "external_id": "NULL"},
    "credit_facility": {"id": "t.id + i", "borrower_id": "t.borrower_id + i"},
    "financial_statement": {"id": "t.id + i", "borrower_id": "t.borrower_id + i"},
}


@dataclass(frozen=True, slots=True)
class Applicants:
    """Borrowers that are alike, each with a facility: row ids, and what a server needs."""

    first_borrower: int
    first_facility: int
    product: int
    count: int
    token: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)


@contextmanager
def applicants(*, count: int) -> Iterator[Applicants]:
    """Make a database with `count` borrowers who may apply, and a model in service."""
    with new_database() as environment:
        yield asyncio.run(_invite(count, environment))


async def _invite(count: int, environment: dict[str, str]) -> Applicants:
    await db.open_database()
    try:
        await db.migrate()
        await install(today=FIRST_DAY)
        lender = await Lender.open()
        borrower = await lender.borrower(
            registered_on=dt.date(2015, 5, 6),
            industry_code="C14",
            enterprise_size=EnterpriseSize.SMALL,
            region="31",
        )
        facility = await lender.facility(borrower_id=borrower)
        thousands = {f.name: Decimal(_AMOUNTS[f.name] * 1_000) for f in fields(StatementAmounts)}
        statement = StatementForm(
            borrower_id=borrower,
            period_start=dt.date(2025, 1, 1),
            period_end=dt.date(2025, 12, 31),
            currency="USD",
            amounts=StatementAmounts(**thousands),
        )
        await record_statement(actor=lender.relationship_manager, key=key(), statement=statement)
        product = await LoanProduct.get(code="USD-LEVEL")
        await copy_rows(_COPIES, count - 1)
        token = tokens_of(lender)[Role.RELATIONSHIP_MANAGER]
    finally:
        await db.close_database()
    await promote_a_model(get_settings())
    return Applicants(
        first_borrower=borrower,
        first_facility=facility,
        product=product.id,
        count=count,
        token=token,
        environment=environment,
    )


class Applications:
    """Borrowers of each side, each of whom applies once, in one request or in `two`."""

    def __init__(self, book: Applicants, *, two: bool) -> None:
        half = book.count // 2
        self._book, self._two = book, two
        self._numbers = {True: iter(range(half)), False: iter(range(half, book.count))}

    def __call__(self, side: str, count: int) -> Sequence[Work]:
        numbers = take(self._numbers[side == API], count)
        make = self._through_graphql if side == API else self._by_hand
        return [make(number) for number in numbers]

    def _through_graphql(self, number: int) -> Work:
        book, token = self._book, self._book.token
        form = {
            "idempotencyKey": secrets.token_hex(16),
            "borrowerId": global_id("Borrower", book.first_borrower + number),
            "facilityId": global_id("CreditFacility", book.first_facility + number),
            "productId": global_id("LoanProduct", book.product),
            "amount": "50000.00",
            "annualRate": "0.06",
            "installments": 12,
            "purpose": "RAW_MATERIALS",
            "purposeNote": "Flour and sugar for the season",
            "ownFunds": "20000.00",
            "otherFunding": "0.00",
            "expectedGrowth": "0.10",
        }
        if not self._two:
            yield request(graphql(APPLY, {"input": form}), token)
            return
        saved = yield request(graphql(SAVE, {"input": form}), token)
        application = orjson.loads(saved)["data"]["saveApplication"]["application"]["id"]
        submission = {"idempotencyKey": secrets.token_hex(16), "applicationId": application}
        yield request(graphql(SUBMIT, {"input": submission}), token)

    def _by_hand(self, number: int) -> Work:
        book, token = self._book, self._book.token
        body = raw_save_form(
            key=secrets.token_hex(16),
            borrower=book.first_borrower + number,
            facility=book.first_facility + number,
            product=book.product,
        )
        if not self._two:
            yield request(("POST", "/decided-applications", body), token)
            return
        saved = yield request(("POST", "/applications", body), token)
        application = orjson.loads(saved)["data"]["saveApplication"]["application"]["id"]
        form = {
            "key": secrets.token_hex(16),
            "application": row_id_of(application, "LoanApplication"),
        }
        yield request(("POST", "/submissions", orjson.dumps(form)), token)


def measure() -> None:
    """Print the rates of both sides, their CPU, the lock waits and the verdict."""
    two = sys.argv[1:] == ["two"]
    with applicants(count=2 * (WARM_UP + RUNS * PIECES)) as book:
        measure_rates(
            BAR,
            environment=book.environment,
            token=book.token,
            works=Applications(book, two=two),
            pieces=PIECES,
            tables=TABLES,
        )


if __name__ == "__main__":
    run(measure)
