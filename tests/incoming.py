"""Short ways through money that comes in, for the tests."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain import db
from domain.models.lending.loan import Loan
from domain.models.lending.payment import IncomingPayment, PaymentFileLine, PaymentOrder
from domain.operations.changes.kinds.suspense_match import SUSPENSE_MATCH, SuspenseMatch
from domain.operations.changes.kinds.suspense_return import SUSPENSE_RETURN, SuspenseReturn
from domain.operations.lending.import_payment_file import NewPaymentFile, import_payment_file
from domain.operations.lending.post_payment_file import begin_posting, post_line, waiting_lines
from domain.operations.lending.receive_payment import ReceivedPayment, receive_payment
from domain.operations.perform import Done
from domain.rules.lending.payment_states import (
    PaymentFormat,
)
from domain.rules.numbers import NumberKind, human_number
from tests.changes import approve, propose
from tests.lender import Lender, key

SOURCE = "BANK-1002"


def payment(reference: str, **changes: Any) -> ReceivedPayment:
    return replace(
        ReceivedPayment(
            source=SOURCE,
            external_reference=reference,
            amount=Decimal("100.00"),
            currency="USD",
            value_date=dt.date(2026, 1, 15),
            payer_name="Acme Ltd",
            payer_account="6222000011112222",
        ),
        **changes,
    )


def number(loan: Loan) -> str:
    return human_number(NumberKind.LOAN, loan.id)


async def receive(lender: Lender, given: ReceivedPayment) -> IncomingPayment:
    done = await receive_payment(actor=lender.cashier, key=key(), payment=given)
    return await IncomingPayment.get(id=done["payment"])


async def load(lender: Lender, content: bytes, **changes: Any) -> Done:
    file = NewPaymentFile(
        **{"source": SOURCE, "name": "payments", "format": PaymentFormat.CSV, **changes}
    )
    return await import_payment_file(
        actor=lender.cashier, key=key(), file=file, open_file=lambda: io.BytesIO(content)
    )


async def post(done: Done) -> list[PaymentFileLine]:
    """Post every line as the worker does; return them in the order of the file."""
    posting = await begin_posting(done["job"])
    for line_id in await waiting_lines(posting, after=0, limit=10_000):
        await post_line(posting, line_id)
    return await PaymentFileLine.filter(file_id=done["file"]).order_by("number")


async def ledger(account: str, journal: str = "%") -> int:
    found = await db.rows(
        "SELECT COALESCE(SUM(amount), 0) AS n FROM ledger_entry WHERE account_code = %s "
        "AND journal LIKE %s",
        [account, journal],
    )
    return int(found[0]["n"])


async def counts() -> list[int]:
    """How many rows a refusal must not add to."""
    tables = ("payment_file", "payment_file_line", "incoming_payment", "repayment", "ledger_entry")
    return [(await db.rows(f"SELECT COUNT(*) AS n FROM {t}"))[0]["n"] for t in tables]


async def match(lender: Lender, payment_id: int, loan_id: int) -> IncomingPayment:
    """Match a payment in suspense, by two persons."""
    asked = SuspenseMatch(payment_id=payment_id, loan_id=loan_id)
    await approve(lender.accountant, await propose(lender.cashier, SUSPENSE_MATCH, asked))
    return await IncomingPayment.get(id=payment_id)


async def send_back(lender: Lender, payment_id: int) -> PaymentOrder:
    """Send a payment in suspense back, by two persons; return the order."""
    asked = SuspenseReturn(payment_id=payment_id, reason="not ours")
    await approve(lender.accountant, await propose(lender.cashier, SUSPENSE_RETURN, asked))
    (order,) = await PaymentOrder.filter(incoming_payment_id=payment_id).order_by("-id").limit(1)
    return order
