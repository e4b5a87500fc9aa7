"""Payments that come in by file, on SQLite and MariaDB: refused whole, or taken line by line."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from domain import db
from domain.encryption import decrypt
from domain.models.lending.loan import Repayment
from domain.models.lending.payment import IncomingPayment, PaymentFile, PaymentFileLine
from domain.models.records import Job
from domain.operations.lending import import_payment_file as importing
from domain.operations.lending.import_payment_file import NewPaymentFile, import_payment_file
from domain.operations.perform import Done
from domain.rules.lending.payment_states import (
    FileState,
    LineState,
    PaymentFormat,
    TextEncoding,
)
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.incoming import SOURCE, counts, load, number, post
from tests.lender import Lender, key
from tests.payment_samples import camt, csv_bytes, csv_text, detail, entry, row


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


async def test_accounts_open_under_the_name_of_their_own_column_alone(lender: Lender) -> None:
    (line,) = await post(await load(lender, csv_bytes([row(key())])))
    taken = await IncomingPayment.get(id=line.incoming_payment_id)
    for stored, column in (
        (line.payer_account_cipher, "payment_file_line.payer_account"),
        (taken.payer_account_cipher, "incoming_payment.payer_account"),
    ):
        assert stored is not None
        assert decrypt(stored, column=column) == "6222000011112222"
    assert line.payer_account_cipher != taken.payer_account_cipher
