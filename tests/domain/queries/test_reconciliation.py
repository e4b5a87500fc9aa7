"""The day's reconciliation: it agrees when all is well, and names what is not."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

from domain import db
from domain.encryption import encrypt
from domain.models.lending.payment import PaymentOrder
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.export_orders import OrderExport, export_orders
from domain.operations.lending.import_payment_file import NewPaymentFile, import_payment_file
from domain.operations.lending.order_payment import ORDER_ACCOUNT
from domain.operations.lending.post_payment_file import begin_posting, post_line, waiting_lines
from domain.operations.lending.receive_payment import ReceivedPayment, receive_payment
from domain.queries.business_date import business_date
from domain.queries.lending.reconciliation import reconciliation, suspense_ageing
from domain.rules.lending.payment_states import OrderFormat, PaymentFormat
from domain.rules.lending.reconciliation import DifferenceKind, Held, SourceDay, age_buckets
from domain.rules.numbers import NumberKind, human_number
from tests.incoming import match
from tests.lender import Lender, key
from tests.payment_samples import csv_bytes, row

SOURCE = "RECON"


async def test_a_day_agrees_and_names_what_was_refused_or_is_waiting(lender: Lender) -> None:
    loan = await lender.loan()
    number = human_number(NumberKind.LOAN, loan.id)
    tag = key()
    content = csv_bytes(
        [
            row(f"{tag}-1", "100.00", loan_number=number),
            row(f"{tag}-2", "50.00"),
            row(f"{tag}-3", "7.00", value_date="2031-01-01"),
            row(f"{tag}-1", "100.00"),
        ]
    )
    done = await import_payment_file(
        actor=lender.cashier,
        key=key(),
        file=NewPaymentFile(source=SOURCE, name="day", format=PaymentFormat.CSV),
        open_file=lambda: io.BytesIO(content),
    )
    today = await business_date()
    found = await reconciliation(today)
    (source,) = found.sources
    assert (source.file_lines, source.file_total, source.waiting) == (4, 257_00, 257_00)
    assert {d.kind for d in found.differences} == {DifferenceKind.WAITING}

    posting = await begin_posting(done["job"])
    for line_id in await waiting_lines(posting, after=0, limit=100):
        await post_line(posting, line_id)
    called = await receive_payment(
        actor=lender.cashier,
        key=key(),
        payment=ReceivedPayment(
            source=SOURCE,
            external_reference=key(),
            amount=Decimal("3.00"),
            currency="USD",
            value_date=today,
        ),
    )
    found = await reconciliation(today)
    (source,) = found.sources
    assert (source.taken, source.ledger, source.api_total) == (153_00, 153_00, 3_00)
    assert {(d.kind, d.amount, d.open) for d in found.differences} == {
        (DifferenceKind.DUPLICATE, 100_00, False),
        (DifferenceKind.REFUSED, 7_00, True),
    }
    assert all(d.subject == SOURCE and "USD" in d.en and "USD" in d.zh for d in found.differences)
    held = {(each.kind, each.currency): each for each in found.accounts}
    suspense = held[DifferenceKind.SUSPENSE_ACCOUNT, "USD"]
    assert (suspense.ledger, suspense.expected) == (53_00, 53_00)

    await match(lender, called["payment"], loan.id)
    found = await reconciliation(today)
    assert {d.kind for d in found.differences} == {
        DifferenceKind.DUPLICATE,
        DifferenceKind.REFUSED,
    }


async def test_suspense_ages_with_the_business_date(lender: Lender) -> None:
    today = await business_date()
    await advance_business_date(actor=lender.operator, key=key(), to=today + dt.timedelta(days=8))
    found = {
        (bucket.days_from, bucket.days_to): (bucket.count, bucket.total)
        for bucket in await suspense_ageing(await business_date())
        if bucket.currency == "USD"
    }
    assert found == {(0, 7): (0, 0), (8, 30): (1, 50_00), (31, 90): (0, 0), (91, None): (0, 0)}


async def test_orders_in_clearing_are_the_balance_of_its_account(lender: Lender) -> None:
    await lender.loan()
    today = await business_date()
    assert (await reconciliation(today)).order_files == []
    order = await PaymentOrder.filter(state="CREATED").first()
    assert order is not None
    found = await reconciliation(today)
    clearing = [each for each in found.accounts if each.subject == "1012"]
    assert [each.ledger - each.expected for each in clearing] == [0]
    await db.execute("UPDATE payment_order SET amount = amount + 1 WHERE id = %s", [order.id])
    named = (await reconciliation(today)).differences
    assert (DifferenceKind.CLEARING_ACCOUNT, -1) in {(d.kind, d.amount) for d in named}
    await db.execute("UPDATE payment_order SET amount = amount - 1 WHERE id = %s", [order.id])


async def test_an_order_file_that_is_not_its_orders_is_named(lender: Lender) -> None:
    await lender.loan()
    order = await PaymentOrder.filter(state="CREATED").order_by("-id").first()
    assert order is not None
    cipher = encrypt("6222000011112222", column=ORDER_ACCOUNT)
    await db.execute("UPDATE payment_order SET payee_account_cipher = %s", [cipher])
    export = OrderExport(format=OrderFormat.CSV, currency="USD")
    await export_orders(actor=lender.cashier, key=key(), export=export)
    today = await business_date()
    found = await reconciliation(today)
    assert [each.ledger - each.expected for each in found.order_files] == [0]
    await db.execute("UPDATE payment_order SET amount = amount + 5 WHERE id = %s", [order.id])
    named = (await reconciliation(today)).differences
    assert (DifferenceKind.ORDER_FILE, -5) in {(d.kind, d.amount) for d in named}


def test_what_is_left_without_a_reason_is_named() -> None:
    day = SourceDay(
        source="S",
        currency="JPY",
        file_lines=3,
        file_total=100,
        api_total=20,
        taken=90,
        duplicate=10,
        refused=5,
        waiting=15,
        unexplained=4,
        ledger=89,
    )
    assert {d.kind: d.amount for d in day.differences()} == {
        DifferenceKind.WAITING: 15,
        DifferenceKind.DUPLICATE: 10,
        DifferenceKind.REFUSED: 5,
        DifferenceKind.NOT_IN_LEDGER: 1,
        DifferenceKind.UNKNOWN_ORDER: 4,
    }
    same = Held(kind=DifferenceKind.ORDER_FILE, subject="F", currency="JPY", ledger=5, expected=5)
    assert same.differences() == []


def test_each_day_is_in_one_bucket() -> None:
    found = age_buckets([("USD", days, 1, 1) for days in range(100)])
    assert [(bucket.days_from, bucket.count) for bucket in found] == [
        (0, 8),
        (8, 23),
        (31, 60),
        (91, 9),
    ]
