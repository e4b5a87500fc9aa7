"""Money in and out over HTTP: a file imported and reported on, suspense settled, orders sent."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from domain.models.lending.payment import PaymentFile
from domain.operations.lending.post_payment_file import begin_posting, post_line, waiting_lines
from domain.rules.numbers import NumberKind, human_number
from domain.rules.roles import Role
from tests.lender import key
from tests.over_http import Api, codes, gid
from tests.payment_samples import camt, csv_bytes, csv_text, detail, entry, row

LINES = (
    "query($id: ID!) { paymentFileLines(fileId: $id) { totalCount edges { node { number state "
    "amount externalReference reasons reasonsZh } } } paymentFileReport(fileId: $id) "
    "{ job progress errors lines { state currency count total } } }"
)


def form(content: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "source": "HTTP-BANK",
        "name": "day.csv",
        "format": "CSV",
        "contentBase64": b64encode(content).decode(),
        **changes,
    }


def received(reference: str, **changes: Any) -> dict[str, Any]:
    return {
        "source": "HTTP-BANK",
        "externalReference": reference,
        "amount": "12.34",
        "currency": "USD",
        "valueDate": "2026-01-15",
        "payerName": "Acme Ltd",
        "payerAccount": "6222000011112222",
        **changes,
    }


async def post_all(api: Api) -> None:
    """What a worker does."""
    for file in await PaymentFile.filter(state="CHECKED"):
        assert file.job_id is not None
        posting = await begin_posting(file.job_id)
        for line_id in await waiting_lines(posting, after=0, limit=1_000):
            await post_line(posting, line_id)


async def test_a_file_is_imported_posted_and_reported_on(api: Api) -> None:
    lender = api.lender
    loan = await lender.loan()
    number = human_number(NumberKind.LOAN, loan.id)
    tag = key()
    content = csv_bytes(
        [
            row(f"{tag}-1", "10.00", loan_number=number),
            row(f"{tag}-2", "20.00", remittance="no idea"),
            row(f"{tag}-3", "-1.00"),
        ]
    )
    done = await api.done(
        lender.cashier,
        "importPaymentFile",
        "file { id state lineCount linesStored sha256 receivedOn }",
        **form(content),
    )
    file = done["file"]
    assert (file["state"], file["lineCount"], file["linesStored"]) == ("CHECKED", 3, 3)
    await post_all(api)
    found = await api.data(lender.accountant, LINES, {"id": file["id"]})
    lines = [edge["node"] for edge in found["paymentFileLines"]["edges"]]
    assert [line["state"] for line in lines] == ["MATCHED", "SUSPENSE", "REFUSED"]
    assert [line["number"] for line in lines] == [2, 3, 4]
    assert lines[2]["reasons"][0].startswith("Line 4: ")
    assert lines[2]["reasonsZh"][0].startswith("第 4 行：")
    report = found["paymentFileReport"]
    assert (report["job"], report["errors"]) == ("QUEUED", [])
    assert report["lines"] == [
        {"state": "MATCHED", "currency": "USD", "count": 1, "total": "10.00"},
        {"state": "SUSPENSE", "currency": "USD", "count": 1, "total": "20.00"},
        {"state": "REFUSED", "currency": "USD", "count": 1, "total": "-1.00"},
    ]
    found = await api.data(
        lender.auditor,
        '{ incomingPayments(filter: {source: "HTTP-BANK"}) { totalCount edges { node { number '
        "state amount matchedLoanNumber repaymentNumber payerAccount file { id } } } } "
        'reconciliation(date: "2026-01-15") { agrees differences { kind subject amount message } } '
        "suspenseAgeing { currency daysFrom daysTo count total } }",
        language="zh",
    )
    nodes = [edge["node"] for edge in found["incomingPayments"]["edges"]]
    assert {(node["state"], node["amount"]) for node in nodes} >= {
        ("MATCHED", "10.00"),
        ("SUSPENSE", "20.00"),
    }
    assert number in {node["matchedLoanNumber"] for node in nodes}
    refused = [d for d in found["reconciliation"]["differences"] if d["kind"] == "REFUSED"]
    assert refused[0]["amount"] == "-1.00"
    assert "被拒绝" in refused[0]["message"]
    assert found["suspenseAgeing"][0]["daysFrom"] == 0


@pytest.mark.parametrize(
    ("content", "changes", "code"),
    [
        (csv_bytes([row("A")], trailers=[]), {}, "REQUIRED"),
        (csv_bytes([row("A")], trailers=["TRAILER,USD,9,9.00"]), {}, "CHECKSUM_INVALID"),
        (csv_text([row("A", payer_name="北京")]).encode("gb18030"), {}, "INVALID_VALUE"),
        (csv_bytes([row("A")]), {"format": "CAMT_054"}, "INVALID_VALUE"),
        (
            camt(
                entry("1.00", reference="&e;"),
                head='<!DOCTYPE Document [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
            ),
            {"format": "CAMT_054"},
            "INVALID_VALUE",
        ),
        (csv_bytes([row("A")]), {"source": ""}, "REQUIRED"),
    ],
)
async def test_a_bad_file_is_refused_whole_in_both_languages(
    api: Api, content: bytes, changes: dict[str, Any], code: str
) -> None:
    for language in ("en", "zh"):
        errors = await api.refused(
            api.lender.cashier,
            "importPaymentFile",
            language=language,
            **form(content, **changes),
        )
        assert code in {error["code"] for error in errors}
        assert "root:" not in str(errors)


async def test_what_is_no_base64_is_bad_input(api: Api) -> None:
    answer = await api.try_mutate(
        api.lender.cashier, "importPaymentFile", **form(b"", contentBase64="a b c")
    )
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_payment_by_api_is_answered_again_and_its_conflict_refused(api: Api) -> None:
    lender, reference = api.lender, key()
    selected = "payment { id state reasons payerAccount }"
    first = await api.done(lender.cashier, "receivePayment", selected, **received(reference))
    assert first["payment"]["state"] == "SUSPENSE"
    assert first["payment"]["payerAccount"] == "6222000011112222"
    again = await api.done(lender.cashier, "receivePayment", selected, **received(reference))
    assert again["payment"]["id"] == first["payment"]["id"]
    errors = await api.refused(
        lender.cashier, "receivePayment", **received(reference, amount="12.35")
    )
    assert codes(errors) == {("externalReference", "DUPLICATE")}


async def test_suspense_is_matched_or_sent_back_and_the_order_goes_out(api: Api) -> None:
    lender = api.lender
    loan = await lender.loan()
    first, second = [
        (await api.done(lender.cashier, "receivePayment", "payment { id }", **received(key())))[
            "payment"
        ]["id"]
        for _ in range(2)
    ]
    await changed(api, {"suspenseMatch": {"paymentId": first, "loanId": gid("Loan", loan.id)}})
    await changed(api, {"suspenseReturn": {"paymentId": second, "reason": "not ours"}})
    found = await api.data(
        lender.accountant,
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on IncomingPayment { state } } "
        "paymentOrders(filter: {purpose: SUSPENSE_RETURN}) "
        "{ edges { node { id number state payeeAccount } } } }",
        {"ids": [first, second]},
    )
    assert [node["state"] for node in found["nodes"]] == ["MATCHED", "RETURNED"]
    order = found["paymentOrders"]["edges"][0]["node"]
    assert order["payeeAccount"] == "****2222"  # an accountant needs no number in clear
    exported = await api.done(
        lender.cashier,
        "exportPaymentOrders",
        "file { id number text orderCount total }",
        format="CSV",
        currency="USD",
    )
    assert order["number"] in exported["file"]["text"]
    assert "6222000011112222" in exported["file"]["text"]
    files = await api.data(
        lender.accountant, "{ paymentOrderFiles { edges { node { number text total } } } }"
    )
    assert files["paymentOrderFiles"]["edges"][0]["node"]["text"] is None
    done = await api.done(
        lender.cashier,
        "confirmPaymentOrder",
        "order { state bankReference }",
        orderId=order["id"],
        bankReference="B-1",
    )
    assert done["order"] == {"state": "CONFIRMED", "bankReference": "B-1"}
    done = await api.done(
        lender.cashier,
        "bouncePaymentOrder",
        "order { state bounceReason }",
        orderId=order["id"],
        reason="closed",
    )
    assert done["order"] == {"state": "BOUNCED", "bounceReason": "closed"}


async def changed(api: Api, content: dict[str, Any]) -> None:
    """A change that a cashier proposes and an accountant approves."""
    proposed = await api.done(
        api.lender.cashier,
        "proposeChange",
        "change { id contentSha256 }",
        content=content,
        reason="The customer wrote.",
    )
    await api.done(
        api.lender.accountant,
        "approveChange",
        "change { state }",
        id=proposed["change"]["id"],
        contentSha256=proposed["change"]["contentSha256"],
    )


async def test_others_see_nothing_even_by_id(api: Api) -> None:
    lender = api.lender
    made = await api.done(lender.cashier, "receivePayment", "payment { id }", **received(key()))
    for role in (Role.RELATIONSHIP_MANAGER, Role.RISK_OFFICER, Role.OPERATOR, Role.ADMIN):
        found = await api.data(
            lender.actors[role],
            "query($id: ID!) { node(id: $id) { id } }",
            {"id": made["payment"]["id"]},
        )
        assert found["node"] is None
    await api.forbidden(lender.accountant, "importPaymentFile", **form(b"x"))


async def test_camt054_comes_by_the_api_too(api: Api) -> None:
    tag = key()
    content = camt(entry("30.00", detail(f"{tag}-1", "10.00") + detail(f"{tag}-2", "20.00")))
    done = await api.done(
        api.lender.cashier,
        "importPaymentFile",
        "file { id format lineCount }",
        **form(content, format="CAMT_054", name="day.xml"),
    )
    assert (done["file"]["format"], done["file"]["lineCount"]) == ("CAMT_054", 2)
