"""Money that comes in, on SQLite and MariaDB: on its loan or in suspense, once only, the books in
step."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain import db
from domain.models.lending.loan import Loan, Repayment
from domain.models.lending.payment import IncomingPayment, PaymentFile, PaymentFileLine
from domain.models.records import Job
from domain.operations.lending import import_payment_file as importing
from domain.operations.lending.account import open_loan
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.import_payment_file import NewPaymentFile, import_payment_file
from domain.operations.lending.loan_event import reverse_repayment
from domain.operations.lending.post_payment_file import begin_posting, post_line, waiting_lines
from domain.operations.lending.receive_payment import ReceivedPayment, receive_payment
from domain.operations.lending.settle_suspense import (
    SuspenseMatch,
    SuspenseReturn,
    match_suspense_now,
    return_suspense_now,
)
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.reconciliation import reconciliation
from domain.rules.lending.payment_states import (
    FileState,
    IncomingState,
    LineState,
    PaymentFormat,
    TextEncoding,
)
from domain.rules.lending.reconciliation import DifferenceKind
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key
from tests.payment_samples import camt, csv_bytes, csv_text, detail, entry, row

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


async def test_a_payment_that_names_its_loan_is_taken_for_it(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key(), remittance=f"thanks, {number(loan)}"))
    assert (taken.state, taken.loan_id) == (IncomingState.MATCHED, loan.id)
    repayment = await Repayment.get(id=taken.repayment_id)
    assert (repayment.amount, repayment.payer_name) == (100_00, "Acme Ltd")
    assert repayment.external_reference == taken.external_reference
    assert taken.payer_account_cipher is not None
    assert "6222" not in taken.payer_account_cipher
    assert taken.payer_account_tail == "2222"
    await books_hold(loan.id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ErrorCode.NOT_FOUND),
        ({"loan_number": human_number(NumberKind.LOAN, 987654)}, ErrorCode.NOT_FOUND),
        ({"remittance": "LN000000018 LN000000026"}, ErrorCode.NOT_FOUND),
    ],
)
async def test_money_nobody_can_match_lies_in_suspense_with_its_reason(
    lender: Lender, changes: dict[str, str], code: ErrorCode
) -> None:
    before = await ledger("2240")
    taken = await receive(lender, payment(key(), **changes))
    assert (taken.state, taken.loan_id) == (IncomingState.SUSPENSE, None)
    assert [reason["code"] for reason in taken.reasons or []] == [code]
    assert all(reason["en"] and reason["zh"] for reason in taken.reasons or [])
    assert await ledger("2240") - before == -100_00
    assert await ledger("1002", f"suspense:{taken.id}") == 100_00


async def test_a_loan_that_takes_no_payment_leaves_nothing_but_suspense(lender: Lender) -> None:
    loan = await lender.loan()
    before = await db.rows("SELECT * FROM loan WHERE id = %s", [loan.id])
    other = payment(key(), currency="EUR", remittance=number(loan))
    taken = await receive(lender, other)
    assert taken.state == IncomingState.SUSPENSE
    assert [r["code"] for r in taken.reasons or []] == [ErrorCode.CURRENCY_MISMATCH]
    assert await db.rows("SELECT * FROM loan WHERE id = %s", [loan.id]) == before
    await db.execute("UPDATE loan SET state = 'TRANSFERRED' WHERE id = %s", [loan.id])
    taken = await receive(lender, payment(key(), remittance=number(loan)))
    assert [r["code"] for r in taken.reasons or []] == [ErrorCode.ILLEGAL_STATE]
    await books_hold(loan.id)


async def test_a_reference_is_taken_once_and_with_another_amount_is_a_named_conflict(
    lender: Lender,
) -> None:
    reference = key()
    first = await receive(lender, payment(reference))
    before = await counts()
    assert (await receive(lender, payment(reference))).id == first.id
    assert await counts() == before
    with pytest.raises(Refused) as refusal:
        await receive(lender, payment(reference, amount=Decimal("100.01")))
    (problem,) = refusal.value.problems
    assert problem.code is ErrorCode.DUPLICATE
    assert "100.00 USD" in problem.en
    assert "100.01 USD" in problem.zh
    assert await counts() == before
    elsewhere = await receive(lender, payment(reference, source="BANK-1003"))
    assert elsewhere.id != first.id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": Decimal("-1.00")}, ErrorCode.OUT_OF_RANGE),
        ({"amount": Decimal("0.00")}, ErrorCode.OUT_OF_RANGE),
        ({"amount": Decimal("1.001")}, ErrorCode.WRONG_SCALE),
        ({"currency": "XXX"}, ErrorCode.INVALID_VALUE),
        ({"source": ""}, ErrorCode.REQUIRED),
        ({"external_reference": "a\0b"}, ErrorCode.INVALID_VALUE),
        ({"value_date": dt.date(2099, 1, 1)}, ErrorCode.DATE_OUT_OF_RANGE),
        ({"value_date": dt.date(1999, 1, 1)}, ErrorCode.DATE_OUT_OF_RANGE),
    ],
)
async def test_a_bad_form_is_refused_and_changes_nothing(
    lender: Lender, changes: dict[str, Any], code: ErrorCode
) -> None:
    before = await counts()
    with pytest.raises(Refused) as refusal:
        await receive(lender, payment(key(), **changes))
    assert {problem.code for problem in refusal.value.problems} == {code}
    assert await counts() == before


async def test_eight_at_once_with_one_reference_take_it_once(lender: Lender) -> None:
    loan = await lender.loan()
    reference = key()
    given = payment(reference, remittance=number(loan))
    found = await asyncio.gather(*(receive(lender, given) for _ in range(8)))
    assert len({each.id for each in found}) == 1
    assert await Repayment.filter(loan_id=loan.id).count() == 1
    await books_hold(loan.id)


async def test_a_file_is_matched_line_by_line_with_a_report(lender: Lender) -> None:
    loan = await lender.loan()
    tag = key()
    content = csv_bytes(
        [
            row(f"{tag}-1", remittance=f"还款 {number(loan)}"),
            row(f"{tag}-2"),
            row(f"{tag}-3", "-5.00"),
            row(f"{tag}-4", currency="EUR", loan_number=number(loan)),
            row(f"{tag}-1", remittance=f"还款 {number(loan)}"),
            row(f"{tag}-2", "99.00"),
            row(f"{tag}-5", value_date="2031-01-01"),
            row(f"{tag}-6", loan_number=number(loan)),
        ]
    )
    done = await load(lender, content)
    file = await PaymentFile.get(id=done["file"])
    assert (file.state, file.line_count, file.lines_stored) == (FileState.CHECKED, 8, 8)
    assert file.totals["USD"] == {"lines": 7, "sum": "59400"}
    assert (await Job.get(id=done["job"])).input == {"file": file.id}
    lines = await post(done)
    assert [line.state for line in lines] == [
        LineState.MATCHED,
        LineState.SUSPENSE,
        LineState.REFUSED,
        LineState.SUSPENSE,
        LineState.DUPLICATE,
        LineState.REFUSED,
        LineState.REFUSED,
        LineState.MATCHED,
    ]
    assert [line.number for line in lines] == list(range(2, 10))
    for line in lines:
        told = line.reasons or []
        assert bool(told) == (line.state != LineState.MATCHED)
        assert all(reason["en"] and reason["zh"] for reason in told)
    assert "100.00 USD" in (lines[5].reasons or [])[0]["en"]
    assert await Repayment.filter(loan_id=loan.id).count() == 2
    assert await IncomingPayment.filter(file_id=file.id).count() == 4
    await books_hold(loan.id)
    before = await counts()
    await post(done)
    assert await counts() == before


async def test_camt054_goes_the_same_way(lender: Lender) -> None:
    loan = await lender.loan()
    tag = key()
    content = camt(
        entry(
            "30.00",
            detail(f"{tag}-1", "10.00", remittance=number(loan)) + detail(f"{tag}-2", "20.00"),
        ),
        entry("5.00", reference=f"{tag}-3", direction="DBIT"),
    )
    lines = await post(await load(lender, content, format=PaymentFormat.CAMT_054))
    assert [line.state for line in lines] == [
        LineState.MATCHED,
        LineState.SUSPENSE,
        LineState.REFUSED,
    ]
    await books_hold(loan.id)


async def test_a_file_seen_before_is_refused_whatever_its_name(lender: Lender) -> None:
    content = csv_bytes([row(key())])
    await load(lender, content)
    before = await counts()
    with pytest.raises(Refused) as refusal:
        await load(lender, content, name="another name", source="BANK-9")
    assert refusal.value.problems[0].code is ErrorCode.DUPLICATE
    assert await counts() == before


async def test_the_same_payments_in_another_file_are_duplicates(lender: Lender) -> None:
    loan = await lender.loan()
    rows = [row(f"{key()}", loan_number=number(loan)) for _ in range(3)]
    await post(await load(lender, csv_bytes(rows)))
    lines = await post(await load(lender, csv_text(rows).replace("\n", "\r\n").encode()))
    assert {line.state for line in lines} == {LineState.DUPLICATE}
    assert await Repayment.filter(loan_id=loan.id).count() == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        csv_text([row("X", payer_name="北京")]).encode("gb18030"),
        csv_bytes([row("X")])[:-20],
        csv_bytes([row("X")], trailers=["TRAILER,USD,1,1.00"]),
        csv_bytes([row("X", "abc")]),
    ],
)
async def test_a_file_that_is_wrong_as_a_whole_leaves_nothing_but_its_refusal(
    lender: Lender, content: bytes
) -> None:
    before = await counts()
    with pytest.raises(Refused):
        await load(lender, content)
    assert await counts() == before
    refused = await db.rows(
        "SELECT COUNT(*) AS n FROM audit_entry WHERE action = 'importPaymentFile' "
        "AND outcome = 'REFUSED'"
    )
    assert refused[0]["n"] >= 1


async def test_gb18030_is_read_when_it_is_declared(lender: Lender) -> None:
    content = csv_text([row(key(), payer_name="北京一禾贸易有限公司")]).encode("gb18030")
    (line,) = await post(await load(lender, content, encoding=TextEncoding.GB18030))
    assert line.payer_name == "北京一禾贸易有限公司"


async def test_two_imports_of_one_file_at_once_take_it_once(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at_once in (2_000, 0):
        monkeypatch.setattr(importing, "AT_ONCE_MAX", at_once)
        monkeypatch.setattr(importing, "BATCH", 7)
        tag = key()
        content = csv_bytes([row(f"{tag}-{n}") for n in range(50)])
        results = await asyncio.gather(
            *(load(lender, content) for _ in range(4)), return_exceptions=True
        )
        files = {r["file"] for r in results if isinstance(r, Done)}
        jobs = {r.result.get("job") for r in results if isinstance(r, Done)}
        assert len(files) == len(jobs) == 1
        for wrong in (r for r in results if not isinstance(r, Done)):
            assert isinstance(wrong, Refused), wrong
            assert wrong.problems[0].code is ErrorCode.DUPLICATE
        (file_id,) = files
        file = await PaymentFile.get(id=file_id)
        assert (file.state, file.lines_stored) == (FileState.CHECKED, 50)
        assert await PaymentFileLine.filter(file_id=file_id).count() == 50
        assert await Job.filter(kind="POST_PAYMENT_FILE", id__in=jobs).count() == 1


class Cut(Exception):
    """The import is killed."""


async def test_a_long_import_that_was_cut_off_goes_on_where_it_stopped(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE_MAX", 0)
    monkeypatch.setattr(importing, "BATCH", 10)
    tag = key()
    content = csv_bytes([row(f"{tag}-{n}") for n in range(45)])
    file = NewPaymentFile(source=SOURCE, name="long", format=PaymentFormat.CSV)
    same = key()

    def cut_at(lines: int) -> Any:
        def told(read: int, _: int) -> None:
            if read >= lines:
                raise Cut

        return told

    async def attempt(stop: int, name: str) -> Done:
        return await import_payment_file(
            actor=lender.cashier,
            key=name,
            file=file,
            open_file=lambda: io.BytesIO(content),
            on_progress=cut_at(stop),
        )

    for stop, kept in ((10, 10), (30, 30)):
        with pytest.raises(Cut):
            await attempt(stop, same)
        found = await PaymentFile.get(name="long", state=FileState.RECEIVED)
        assert (found.lines_stored, found.job_id) == (kept, None)
    done = await attempt(1_000, key())
    assert done["file"] == found.id
    lines = await PaymentFileLine.filter(file_id=found.id).order_by("id")
    assert [line.external_reference for line in lines] == [f"{tag}-{n}" for n in range(45)]
    assert (await PaymentFile.get(id=found.id)).state == FileState.CHECKED


async def test_a_file_that_changes_while_it_is_imported_is_refused_and_may_come_again(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE_MAX", 0)
    tag = key()
    first = csv_bytes([row(f"{tag}-{n}") for n in range(3)])
    second = csv_bytes([row(f"{tag}-{n}", payer_name="Other") for n in range(3)])
    readings = iter([first, second])
    file = NewPaymentFile(source=SOURCE, name="changing", format=PaymentFormat.CSV)
    done = await import_payment_file(
        actor=lender.cashier,
        key=key(),
        file=file,
        open_file=lambda: io.BytesIO(next(readings)),
    )
    assert "job" not in done.result
    refused = await PaymentFile.get(id=done["file"])
    assert (refused.state, refused.sha256) == (FileState.REFUSED, None)
    assert await PaymentFileLine.filter(file_id=refused.id).count() == 0
    lines = await post(await load(lender, first, name="changing"))
    assert len(lines) == 3


async def test_suspense_is_matched_by_another_person_and_goes_to_the_loan(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key()))
    before = await ledger("2240")
    match = SuspenseMatch(payment_id=taken.id, loan_id=loan.id)
    with pytest.raises(Refused) as refusal:
        await match_suspense_now(actor=lender.cashier, key=key(), match=match)
    assert refusal.value.problems[0].code is ErrorCode.SAME_PERSON
    done = await match_suspense_now(actor=lender.accountant, key=key(), match=match)
    taken = await IncomingPayment.get(id=taken.id)
    assert (taken.state, taken.loan_id) == (IncomingState.MATCHED, loan.id)
    assert taken.repayment_id == done["repayment"]
    assert await ledger("2240") - before == 100_00
    assert (await Repayment.get(id=done["repayment"])).amount == 100_00
    with pytest.raises(Refused) as refusal:
        await match_suspense_now(actor=lender.accountant, key=key(), match=match)
    assert refusal.value.problems[0].code is ErrorCode.ILLEGAL_STATE


async def test_suspense_goes_back_only_to_the_account_it_came_from(lender: Lender) -> None:
    nameless = await receive(lender, payment(key(), payer_account=""))
    back = SuspenseReturn(payment_id=nameless.id, reason="not ours")
    before = await counts()
    with pytest.raises(Refused) as refusal:
        await return_suspense_now(actor=lender.accountant, key=key(), back=back)
    assert refusal.value.problems[0].code is ErrorCode.REQUIRED
    assert await counts() == before
    taken = await receive(lender, payment(key()))
    back = SuspenseReturn(payment_id=taken.id, reason="not ours")
    done = await return_suspense_now(actor=lender.accountant, key=key(), back=back)
    assert (await IncomingPayment.get(id=taken.id)).state == IncomingState.RETURNED
    assert await ledger("2240", f"order:{done['order']}") == 100_00
    assert await ledger("1012", f"order:{done['order']}") == -100_00


async def test_a_reversed_repayment_gives_its_money_back_to_suspense(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key(), remittance=number(loan)))
    before = {code: await ledger(code) for code in ("1002", "2240")}
    repayment_id = taken.repayment_id
    assert repayment_id is not None

    async def reverse(step: Step) -> Result:
        today, opened = await open_loan(lender.cashier, loan.id)
        await reverse_repayment(
            step, opened, repayment_id, actor=lender.cashier, today=today, reason="not theirs"
        )
        return {"loan": loan.id}

    await perform(
        actor=lender.cashier, action="reverseRepayment", key=key(), arguments={}, work=reverse
    )
    taken = await IncomingPayment.get(id=taken.id)
    assert (taken.state, taken.loan_id, taken.repayment_id) == (IncomingState.SUSPENSE, None, None)
    assert await ledger("1002") == before["1002"]
    assert await ledger("2240") - before["2240"] == -100_00
    assert (await Loan.get(id=loan.id)).credit_balance == 0
    other = await lender.loan()
    await match_suspense_now(
        actor=lender.accountant,
        key=key(),
        match=SuspenseMatch(payment_id=taken.id, loan_id=other.id),
    )
    assert await ledger("2240") == before["2240"]
    assert {d.kind for d in (await reconciliation(dt.date(2026, 1, 15))).differences} <= {
        DifferenceKind.DUPLICATE,
        DifferenceKind.REFUSED,
        DifferenceKind.WAITING,
    }


async def test_a_payment_dated_back_counts_from_its_value_date(lender: Lender) -> None:
    loan = await lender.loan(rate="0.3600")
    start = loan.start_date
    await advance_business_date(actor=lender.operator, key=key(), to=start + dt.timedelta(days=3))
    given = payment(key(), value_date=start + dt.timedelta(days=1), loan_number=number(loan))
    taken = await receive(lender, given)
    assert (taken.state, taken.received_on) == (
        IncomingState.MATCHED,
        start + dt.timedelta(days=3),
    )
    repayment = await Repayment.get(id=taken.repayment_id)
    assert repayment.value_date == start + dt.timedelta(days=1)
    early = await receive(
        lender,
        payment(key(), value_date=start - dt.timedelta(days=30), loan_number=number(loan)),
    )
    assert early.state == IncomingState.SUSPENSE
    assert [r["code"] for r in early.reasons or []] == [ErrorCode.DATE_OUT_OF_RANGE]
    done = await match_suspense_now(
        actor=lender.accountant,
        key=key(),
        match=SuspenseMatch(payment_id=early.id, loan_id=loan.id),
    )
    assert (await Repayment.get(id=done["repayment"])).value_date == start
    await books_hold(loan.id)
