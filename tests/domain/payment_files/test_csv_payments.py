"""Reading CSV: encodings, sums, half files, and lines that are refused one by one."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payment_files.csv_payments import LINE_BYTES_MAX
from domain.payment_files.reading import FileFacts, check_file, payment_lines
from domain.payment_files.stream import FileStream
from domain.rules.lending.payment_line import PaymentLine
from domain.rules.lending.payment_states import PaymentFormat, TextEncoding
from domain.rules.refusal import ErrorCode, Refused
from tests.payment_samples import HEADER, csv_bytes, csv_text, row


def read(content: bytes, encoding: TextEncoding = TextEncoding.UTF_8) -> list[PaymentLine]:
    stream = FileStream(io.BytesIO(content), bytes_max=1 << 30)
    return list(payment_lines(stream, format=PaymentFormat.CSV, encoding=encoding))


def refusal(content: bytes, encoding: TextEncoding = TextEncoding.UTF_8) -> Refused:
    with pytest.raises(Refused) as caught:
        read(content, encoding)
    assert all(problem.zh != problem.en for problem in caught.value.problems)
    return caught.value


def codes(line: PaymentLine) -> list[ErrorCode]:
    return [problem.code for problem in line.problems]


CHINESE = row("B-1", payer_name="北京一禾贸易有限公司", remittance="归还借款，LN000000018")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (csv_text([CHINESE]).encode(), TextEncoding.UTF_8),
        (csv_text([CHINESE]).encode("utf-8-sig"), TextEncoding.UTF_8),
        (csv_text([CHINESE]).encode("gb18030"), TextEncoding.GB18030),
        (csv_text([CHINESE]).replace("\n", "\r\n").encode("gb18030"), TextEncoding.GB18030),
    ],
)
def test_a_line_is_read_in_either_encoding(content: bytes, encoding: TextEncoding) -> None:
    (line,) = read(content, encoding)
    assert line == PaymentLine(
        number=2,
        external_reference="B-1",
        currency="USD",
        amount=100_00,
        value_date=dt.date(2026, 1, 15),
        payer_name="北京一禾贸易有限公司",
        payer_account="6222000011112222",
        remittance="归还借款，LN000000018",
    )


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (csv_text([CHINESE]).encode("gb18030"), TextEncoding.UTF_8),
        (csv_text([CHINESE]).encode("gb18030")[:-40], TextEncoding.UTF_8),
        # Valid GB18030 by chance, and yet another text.
        (csv_text([CHINESE]).encode(), TextEncoding.GB18030),
        (csv_text([row("B-1", payer_name="一")]).encode(), TextEncoding.GB18030),
        (csv_text([CHINESE]).encode("utf-8-sig"), TextEncoding.GB18030),
        (csv_text([row("B-1")]).encode("utf-16"), TextEncoding.UTF_8),
        (csv_text([row("B-1", payer_name="Acme\0Ltd")]).encode(), TextEncoding.UTF_8),
        (csv_text([row("B-1", payer_name="caf\xe9")]).encode("latin-1"), TextEncoding.UTF_8),
    ],
)
def test_the_wrong_encoding_refuses_the_file(content: bytes, encoding: TextEncoding) -> None:
    refusal(content, encoding)


def test_a_short_gb18030_name_that_looks_like_utf8_is_taken() -> None:
    (line,) = read(csv_text([row("B-1", payer_name="一")]).encode("gb18030"), TextEncoding.GB18030)
    assert line.payer_name == "一"


@pytest.mark.parametrize(
    "trailers",
    [
        [],
        ["TRAILER,USD,1,300.00"],
        ["TRAILER,USD,2,300.01"],
        ["TRAILER,CNY,2,300.00"],
        ["TRAILER,USD,2,300.00", "TRAILER,CNY,1,5.00"],
        ["TRAILER,USD,2,300.00", "TRAILER,USD,2,300.00"],
        ["TRAILER,USD,2,3e2"],
        ["TRAILER,USD,2"],
        ["TRAILER,USD,2,300.00", "B-3,2026-01-15,1.00,USD,,,,"],
    ],
)
def test_a_wrong_or_absent_trailer_refuses_the_file(trailers: list[str]) -> None:
    refusal(csv_bytes([row("B-1", "100.00"), row("B-2", "200.00")], trailers=trailers))


def test_any_piece_of_a_file_is_refused_but_the_whole() -> None:
    content = csv_bytes([row(f"B-{n}", remittance='say "so"') for n in range(20)])
    assert len(read(content)) == 20
    # Without the trailer's last ".00" every line is there and proven.
    for cut in range(len(content) - 4):
        refusal(content[:cut])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": "-5.00"}, ErrorCode.OUT_OF_RANGE),
        ({"amount": "0.00"}, ErrorCode.OUT_OF_RANGE),
        ({"external_reference": " "}, ErrorCode.REQUIRED),
        ({"external_reference": "x" * 101}, ErrorCode.INVALID_VALUE),
        ({"external_reference": "a\u202eb"}, ErrorCode.INVALID_VALUE),
        ({"value_date": "15/01/2026"}, ErrorCode.INVALID_VALUE),
        ({"value_date": "2026-02-30"}, ErrorCode.INVALID_VALUE),
    ],
)
def test_a_bad_line_is_refused_by_its_number_and_stops_no_other(
    changes: dict[str, str], code: ErrorCode
) -> None:
    good, bad = read(csv_bytes([row("B-1"), row("B-2", **{"amount": "1.00", **changes})]))
    assert not good.problems
    assert codes(bad) == [code]
    assert bad.problems[0].en.startswith("Line 3: ")
    assert bad.problems[0].zh.startswith("第 3 行：")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "1,200.50"},
        {"amount": "1.005"},
        {"amount": "１.00"},
        {"amount": "NaN"},
        {"amount": "1_000.00"},
        {"amount": "99999999999999"},
        {"currency": "RMB"},
        {"currency": "usd"},
    ],
)
def test_an_amount_that_cannot_be_read_refuses_the_file_and_names_the_line(
    changes: dict[str, str],
) -> None:
    content = csv_bytes([row("B-1"), row("B-2", **changes)], trailers=["TRAILER,USD,2,200.00"])
    found = refusal(content)
    assert ("file",) in {problem.path for problem in found.problems}
    assert ("line", "3") in {problem.path for problem in found.problems}


def test_only_the_first_bad_lines_are_named() -> None:
    found = refusal(csv_bytes([row(f"B-{n}", "x") for n in range(1000)]))
    assert len(found.problems) < 30


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"external_reference,value_date,amount\n",
        csv_bytes([row("B-1")]).replace(b"remittance", b"note"),
        csv_bytes([row("B-1")]).replace(b"remittance", b"payer_name"),
        csv_bytes([row("B-1")]).replace(b",", b";"),
        csv_bytes([row("B-1")]).replace(b"B-1", b'"B-1'),
        csv_bytes([row("B-1")]).replace(b"B-1", b'"B-1"x'),
        csv_bytes([row("B-1", remittance="x" * LINE_BYTES_MAX)]),
        b"x" * (100 * 2**20),
        b"a,b\n" + b'"' + b"x\n" * (1 << 20),
    ],
)
def test_what_is_no_such_table_is_refused_whole(content: bytes) -> None:
    refusal(content)


def test_a_line_with_a_field_too_many_or_too_few_refuses_the_file() -> None:
    content = csv_bytes([row("B-1"), row("B-2")])
    refusal(content.replace(b"B-2,", b"B-2,,"))
    refusal(content.replace(b"B-2,2026-01-15,", b"B-2,"))


def test_columns_may_come_in_any_order_and_the_optional_ones_not_at_all() -> None:
    (line,) = read(
        b"amount,currency,value_date,external_reference\n5.00,USD,2026-01-15,B-1\n"
        b"TRAILER,USD,1,5.00\n"
    )
    assert (line.amount, line.external_reference, line.payer_name) == (500, "B-1", "")


def test_several_currencies_have_a_trailer_each() -> None:
    rows = [row("B-1"), row("B-2", "7", currency="JPY"), row("B-3", "1.000", currency="KWD")]
    assert [line.amount for line in read(csv_bytes(rows))] == [10000, 7, 1000]


def test_what_a_payer_wrote_stops_no_payment() -> None:
    note = "two\nlines\u202e and\ttabs " + "x" * 600
    (line,) = read(csv_bytes([row("B-1", remittance=note)]))
    assert not line.problems
    assert line.remittance.startswith("two lines and tabs")
    assert len(line.remittance) == 500


def test_a_csv_that_reads_as_xml_and_the_other_way_round_is_refused() -> None:
    with pytest.raises(Refused):
        facts(csv_bytes([row("B-1")]), PaymentFormat.CAMT_054)


def facts(content: bytes, format: PaymentFormat = PaymentFormat.CSV) -> FileFacts:
    return check_file(io.BytesIO(content), format=format, encoding=TextEncoding.UTF_8)


AMOUNTS = st.integers(min_value=1, max_value=10**15).map(lambda minor: Decimal(minor) / 100)


@given(st.lists(AMOUNTS, min_size=1, max_size=30), st.text(max_size=40))
def test_any_true_file_is_read_to_the_cent(amounts: list[Decimal], note: str) -> None:
    plain = note.replace("\0", "").replace("\r", "").encode(errors="ignore").decode()
    rows = [row(f"B-{n}", f"{amount:.2f}", remittance=plain) for n, amount in enumerate(amounts)]
    found = facts(csv_bytes(rows))
    assert found.totals.by_currency == {
        "USD": (len(amounts), sum(int(amount * 100) for amount in amounts))
    }
    assert found.refused == 0
    assert len(HEADER) == 8
