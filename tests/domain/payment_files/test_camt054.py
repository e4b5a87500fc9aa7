"""Reading camt.054: what a bank sends, and what an attacker would."""

from __future__ import annotations

import datetime as dt
import io
import time

import pytest

from domain.payment_files.camt054 import PIECE_BYTES_MAX, VERSIONS
from domain.payment_files.reading import FileFacts, check_file, payment_lines
from domain.payment_files.stream import FileStream
from domain.rules.lending.payment_line import PaymentLine
from domain.rules.lending.payment_states import LineFlow, PaymentFormat, TextEncoding
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Refused
from tests.payment_samples import camt, detail, entry, summary


def read(content: bytes) -> list[PaymentLine]:
    stream = FileStream(io.BytesIO(content), bytes_max=1 << 30)
    return list(payment_lines(stream, format=PaymentFormat.CAMT_054, encoding=TextEncoding.UTF_8))


def check(content: bytes) -> FileFacts:
    return check_file(
        io.BytesIO(content), format=PaymentFormat.CAMT_054, encoding=TextEncoding.UTF_8
    )


def refusal(content: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        read(content)
    assert all(problem.zh != problem.en for problem in caught.value.problems)
    return caught.value


def test_a_booked_credit_with_one_transaction_is_one_line() -> None:
    found = read(
        camt(
            entry("1200.50", detail("B-1", "1200.50", remittance="loan LN000000018 thanks")),
            summary=summary(1, "1200.50"),
        )
    )
    assert found == [
        PaymentLine(
            number=1,
            external_reference="B-1",
            currency="USD",
            amount=1200_50,
            value_date=dt.date(2026, 1, 15),
            payer_name="Acme Ltd",
            payer_account="6222000011112222",
            remittance="loan LN000000018 thanks",
        )
    ]


def test_what_was_paid_out_or_came_back_names_our_order() -> None:
    order = human_number(NumberKind.PAYMENT_ORDER, 7)
    paid, back, reversed_, unknown = read(
        camt(
            entry("5.00", detail("P", order=order, direction="DBIT"), direction="DBIT"),
            entry("5.00", detail("R", order=order, returned="AC04")),
            entry("5.00", detail("V", order=order), reversal="<RvslInd>true</RvslInd>"),
            entry("5.00", detail("U", order="NOTPROVIDED", returned="AC04")),
        )
    )
    assert (paid.flow, paid.order_number, paid.problems) == (LineFlow.PAID_OUT, order, ())
    assert (back.flow, back.order_number, back.remittance) == (LineFlow.RETURNED, order, "AC04")
    assert (reversed_.flow, reversed_.problems) == (LineFlow.RETURNED, ())
    assert (unknown.flow, unknown.order_number) == (LineFlow.RETURNED, "")
    assert [problem.code for problem in unknown.problems] == [ErrorCode.NOT_FOUND]


def test_a_batch_booking_is_a_line_for_each_transaction() -> None:
    details = detail("B-1", "10.00") + detail("B-2", "20.00") + detail("", "30.00")
    first, second, third = read(camt(entry("60.00", details, reference="E-1")))
    assert (first.external_reference, second.external_reference) == ("B-1", "B-2")
    assert (first.amount, second.amount, third.amount) == (1000, 2000, 3000)
    assert not first.problems
    assert [problem.code for problem in third.problems] == [ErrorCode.REQUIRED]


def test_an_entry_lends_its_amount_and_reference_to_its_only_transaction() -> None:
    (line,) = read(camt(entry("60.00", detail(""), reference="E-1")))
    assert (line.external_reference, line.amount, line.problems) == ("E-1", 6000, ())
    (line,) = read(camt(entry("60.00", reference="E-1")))
    assert (line.external_reference, line.amount, line.payer_name) == ("E-1", 6000, "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"direction": "DBIT"}, "went out"),
        ({"reversal": "<RvslInd>true</RvslInd>"}, "came back"),
        ({"status": "<Sts>PDNG</Sts>"}, "not booked"),
        ({"day": "2026-02-30"}, "is not a date"),
    ],
)
def test_what_is_no_incoming_payment_is_refused_by_line(wrong: dict[str, str], said: str) -> None:
    good, bad = read(camt(entry("1.00", reference="G"), entry("2.00", reference="B", **wrong)))
    assert not good.problems
    (problem,) = bad.problems
    assert said in problem.en
    assert problem.en.startswith("Line 2: ")
    assert problem.zh.startswith("第 2 行：")


def test_old_versions_put_status_payer_and_amount_elsewhere() -> None:
    details = (
        "<TxDtls><Refs><AcctSvcrRef>B-1</AcctSvcrRef></Refs><AmtDtls><TxAmt>"
        '<Amt Ccy="USD">5.00</Amt></TxAmt></AmtDtls><RltdPties><Dbtr><Nm>Old Ltd</Nm></Dbtr>'
        "<DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct></RltdPties></TxDtls>"
    )
    (line,) = read(camt(entry("5.00", details, status="<Sts>BOOK</Sts>"), version="02"))
    assert (line.amount, line.payer_name, line.problems) == (500, "Old Ltd", ())
    assert line.payer_account == "DE89370400440532013000"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_named_is_read(version: str) -> None:
    assert len(read(camt(entry("1.00", reference="E"), version=version))) == 1


@pytest.mark.parametrize(
    "content",
    [
        camt(entry("1.00", reference="E"), version="01"),
        camt(entry("1.00", reference="E"), version="15"),
        camt(entry("1.00", reference="E")).replace(b"camt.054", b"camt.053"),
        camt(entry("1.00", reference="E")).replace(b"urn:iso", b"urn:oso"),
        b"<html><body>Sign in</body></html>",
        b"<Document/>",
        camt(entry("1.00", reference="E")).replace(b"Ntfctn>", b"Other>"),
    ],
)
def test_another_message_or_version_is_refused_whole(content: bytes) -> None:
    assert refusal(content).problems[0].code is ErrorCode.INVALID_VALUE


def test_half_a_file_nothing_and_what_follows_the_end_are_refused_whole() -> None:
    whole = camt(*[entry("1.00", reference=f"E-{n}") for n in range(200)])
    for cut in (1, 100, len(whole) // 2, len(whole) - 1):
        assert refusal(whole[:cut]).problems[0].code is ErrorCode.INVALID_VALUE
    refusal(b"")
    refusal(whole + b"<more/>")
    refusal(whole.replace(b"E-7<", b"E-\0<"))
    refusal(whole.replace(b"E-7<", "银行".encode("gb18030") + b"<"))


@pytest.mark.parametrize(
    "content",
    [
        camt(entry("1.00", reference="E"), summary=summary(2, "1.00")),
        camt(entry("1.00", reference="E"), summary=summary(1, "1.01")),
        camt(entry("1.00", reference="E"), summary=summary(1, "1e0")),
        camt(entry("9.00", detail("A", "4.00") + detail("B", "4.99"))),
        camt(entry("9.00", detail("A", "4.00"))),
        camt(entry("9.00", detail("A") + detail("B", "9.01"))),
    ],
)
def test_wrong_sums_and_counts_refuse_the_file(content: bytes) -> None:
    assert refusal(content).problems[0].code is ErrorCode.CHECKSUM_INVALID


@pytest.mark.parametrize("amount", ["", "1,00", "NaN", "1e3", "１.00", "99999999999999"])
def test_an_unreadable_amount_refuses_the_file(amount: str) -> None:
    refusal(camt(entry(amount, reference="E")))


def test_a_negative_amount_and_an_unknown_currency_are_refused() -> None:
    negative, good = read(camt(entry("-1.00", reference="N"), entry("1.00", reference="G")))
    assert [problem.code for problem in negative.problems] == [ErrorCode.OUT_OF_RANGE]
    assert not good.problems
    refusal(camt(entry("1.00", reference="E", currency="XXX")))


DTD = '<!DOCTYPE Document [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    '<!DOCTYPE Document [<!ENTITY a "hahahahaha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "content",
    [
        camt(entry("1.00", reference="&e;"), head=DTD),
        camt(entry("1.00", reference="&j;"), head=LAUGHS),
        camt(entry("1.00", reference="E"), head='<!DOCTYPE Document SYSTEM "http://127.0.0.1/x">'),
        camt(entry("1.00", reference="E"), head=f"<!--{'x' * 100_000}-->{DTD}"),
    ],
)
def test_a_dtd_is_refused_at_once(content: bytes) -> None:
    started = time.process_time()
    found = refusal(content)
    assert "DOCTYPE" in found.problems[0].en
    assert "root:" not in str(found)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "filler",
    [b"<Othr>x</Othr>", b"x" * 14, b"<!-- padding -->", b"<?pi padding?>"],
)
def test_a_hundred_megabytes_of_filler_are_not_read_to_their_end(filler: bytes) -> None:
    start, end = camt("@@").split(b"@@")
    content = start + filler * (100 * 2**20 // len(filler)) + end
    stream = FileStream(io.BytesIO(content), bytes_max=1 << 30)
    with pytest.raises(Refused):
        list(payment_lines(stream, format=PaymentFormat.CAMT_054, encoding=TextEncoding.UTF_8))
    assert stream.size < 2 * PIECE_BYTES_MAX


def test_deep_nesting_is_refused() -> None:
    refusal(camt("<Othr>" * 100_000))


def test_the_facts_of_a_file_are_its_hash_its_sums_and_what_cannot_be_taken() -> None:
    content = camt(entry("1.00", reference="A"), entry("2.00", reference="B", direction="DBIT"))
    facts = check(content)
    assert (facts.totals.count, facts.refused, facts.size) == (2, 1, len(content))
    assert facts.totals.by_currency == {"USD": (2, 300)}
    assert check(content).sha256 == facts.sha256
    with pytest.raises(Refused):
        check_file(
            io.BytesIO(content),
            format=PaymentFormat.CAMT_054,
            encoding=TextEncoding.UTF_8,
            bytes_max=100,
        )
