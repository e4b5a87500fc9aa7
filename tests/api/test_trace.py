"""One id for a request: whose it is, and where it goes."""

from __future__ import annotations

import pytest
from served import Served

from api.trace import identify
from domain.db import rows
from tests.lender import key
from tests.over_http import Api

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01".encode()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({b"x-request-id": b"from-the-proxy_1.2"}, "from-the-proxy_1.2"),
        ({b"x-request-id": b"a" * 40}, "a" * 40),
        ({b"traceparent": TRACEPARENT}, TRACE_ID),
        ({b"x-request-id": b"from-the-proxy", b"traceparent": TRACEPARENT}, "from-the-proxy"),
        ({b"x-request-id": b"short", b"traceparent": TRACEPARENT}, TRACE_ID),
    ],
)
def test_a_sane_id_of_the_caller_is_kept(headers: dict[bytes, bytes], expected: str) -> None:
    assert identify(headers) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"x-request-id": b""},
        {b"x-request-id": b"a" * 41},  # the audit trail's column has 40
        {b"x-request-id": b"forged\nlevel=error"},
        {b"x-request-id": b"trailing-newline\n"},
        {b"x-request-id": b'{"level": "error"}'},
        {b"x-request-id": "请求编号请求编号".encode()},
        {b"traceparent": b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01"},
        {b"traceparent": TRACEPARENT.upper()},
        {b"traceparent": TRACEPARENT[:-1]},
        {b"traceparent": TRACEPARENT + b"\n"},
    ],
)
def test_any_other_gets_a_new_one_each_time(headers: dict[bytes, bytes]) -> None:
    first, second = identify(headers), identify(headers)
    assert first != second
    assert len(first) == 36


def test_every_answer_names_it_also_one_that_was_refused(toys: Served) -> None:
    named = toys.post("{ hello }", x_request_id="from-the-proxy")
    assert named.headers["x-request-id"] == "from-the-proxy"
    refused = toys.post("{ nonsense", subject=None, traceparent=TRACEPARENT.decode())
    assert refused.headers["x-request-id"] == TRACE_ID
    fresh = {toys.post("{ hello }").headers["x-request-id"] for _ in range(3)}
    assert len(fresh) == 3


def test_an_incident_has_the_id_of_its_request(toys: Served) -> None:
    failed = toys.post("{ fails }", x_request_id="from-the-proxy")
    (error,) = failed.json()["errors"]
    assert error["extensions"]["incidentId"] == "from-the-proxy"


async def test_the_audit_trail_has_it(api: Api) -> None:
    api.client.headers["x-request-id"] = "from-the-proxy"
    try:
        await api.done(
            api.lender.operator,
            "advanceBusinessDate",
            idempotency_key=key(),
            to="2026-01-16",
        )
    finally:
        del api.client.headers["x-request-id"]
    found = await rows(
        "SELECT request_id FROM audit_entry WHERE action = %s ORDER BY id DESC LIMIT 1",
        ["advanceBusinessDate"],
    )
    assert found[0]["request_id"] == "from-the-proxy"
