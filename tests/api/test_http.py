"""GraphQL over HTTP against a live server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

import httpx
import pytest
from served import Served
from toy_schema import toy_schema

from api.app import create_app
from domain.actor import Actor
from domain.settings import Settings

GRAPHQL_RESPONSE = "application/graphql-response+json"


def test_answers_a_query(toys: Served) -> None:
    assert toys.data('{ hello(name: "Li") }') == {"hello": "hello Li"}


def test_typename_and_introspection_need_no_token(toys: Served) -> None:
    assert toys.data("{ __typename }", subject=None) == {"__typename": "Query"}
    kinds = toys.data("{ __schema { queryType { name } } }", subject=None)
    assert kinds == {"__schema": {"queryType": {"name": "Query"}}}


def test_serves_a_query_by_get_and_no_mutation(toys: Served) -> None:
    headers = {"authorization": f"Bearer {toys.token()}"}
    got = httpx.get(toys.graphql, params={"query": "{ hello }"}, headers=headers)
    assert got.json() == {"data": {"hello": "hello world"}}
    mutation = 'mutation { makeToy(input: {idempotencyKey: "a", number: 1}) { replayed } }'
    refused = httpx.get(toys.graphql, params={"query": mutation}, headers=headers)
    assert refused.status_code == 405
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("media_type", "status"), [("application/json", 200), (GRAPHQL_RESPONSE, 400)]
)
def test_status_of_an_invalid_document(toys: Served, media_type: str, status: int) -> None:
    answered = toys.post("{ nothing }", accept=media_type)
    assert answered.status_code == status
    assert answered.headers["content-type"].startswith(media_type)
    body = answered.json()
    assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in body


def test_no_field_suggestions(toys: Served) -> None:
    message = toys.post("{ helo }").json()["errors"][0]["message"]
    assert "Did you mean" not in message
    assert "hello" not in message
    unknown = toys.post("mutation { makeToy(input: {idempotencyKy: 1}) { replayed } }").text
    assert "idempotencyKey?" not in unknown


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'[{"query": "{ hello }"}, {"query": "{ hello }"}]', 400),
        (b'"{ hello }"', 400),
        (b"{}", 400),
        (b'{"query": 7}', 400),
        (b'{"query": "{ hello }", "variables": 7}', 400),
        (b'{"query": "{ hello }", "operationName": 7}', 400),
        (b'{"query": "{ hello }", "extensions": 7}', 400),
        (b'{"query": "\xff"}', 400),
        (b'{"query": "{ hello }", "x": "' + b"y" * 300_000 + b'"}', 413),
    ],
)
def test_refuses_what_is_no_request(toys: Served, body: bytes, status: int) -> None:
    answered = httpx.post(toys.graphql, content=body, headers={"content-type": "application/json"})
    assert answered.status_code == status
    assert answered.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_limits_a_body_of_unknown_length(toys: Served) -> None:
    def endless():
        yield b'{"query": "'
        for _ in range(400):
            yield b"x" * 1_000

    headers = {"content-type": "application/json"}
    assert httpx.post(toys.graphql, content=endless(), headers=headers).status_code == 413


def test_media_types_that_are_not_served(toys: Served) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert httpx.post(toys.graphql, content=b"query={hello}", headers=form).status_code == 415
    assert toys.post("{ hello }", accept="text/csv").status_code == 406


def test_masks_what_nobody_foresaw(toys: Served) -> None:
    answered = toys.post("{ fails hello }")
    error = answered.json()["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL"
    assert uuid.UUID(error["extensions"]["incidentId"])
    assert "hunter2" not in answered.text
    assert answered.json()["data"] == {"fails": None, "hello": "hello world"}
    chinese = toys.post("{ fails }", accept_language="zh-CN").json()["errors"][0]["message"]
    assert "系统内部错误" in chinese


def test_the_log_carries_the_incident(toys: Served, capfd: pytest.CaptureFixture[str]) -> None:
    incident = toys.post("{ fails }").json()["errors"][0]["extensions"]["incidentId"]
    logged = capfd.readouterr().err
    assert incident in logged
    assert "hunter2" in logged


def test_a_null_in_a_required_field_nulls_its_parent(toys: Served) -> None:
    answered = toys.post("{ nameless { id name } hello }").json()
    assert answered["data"] == {"nameless": None, "hello": "hello world"}
    assert answered["errors"][0]["path"] == ["nameless", "name"]
    assert answered["errors"][0]["extensions"]["code"] == "INTERNAL"


def test_a_refused_query_tells_all_its_problems(toys: Served) -> None:
    error = toys.post("{ refuses }", accept_language="zh").json()["errors"][0]
    assert error["message"] == "没有该玩具。"
    assert error["extensions"]["errors"] == [
        {"code": "NOT_FOUND", "message": "没有该玩具。", "path": ["id"]}
    ]


@pytest.mark.parametrize(
    "value", ["1e5", "NaN", "Infinity", "1_000", "+1", "", " 1", "１２", "1.", ".5", 5, 5.5, True]
)
def test_money_is_a_strict_string(toys: Served, value: object) -> None:
    query = "query($v: Money!) { amount(value: $v) }"
    error = toys.post(query, {"v": value}, accept_language="zh-CN").json()["errors"][0]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("变量 $v 的值无效：金额须为字符串")


def test_money_in_the_document_itself(toys: Served) -> None:
    assert toys.data('{ amount(value: "-12.50") }') == {"amount": "-12.50"}
    for literal in ("12.5", "12", '"1e5"'):
        error = toys.post(f"{{ amount(value: {literal}) }}").json()["errors"][0]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "such as" in error["message"]


def test_a_slow_request_is_ended(serve) -> None:
    quick = serve(request_timeout_seconds=0.2)
    answered = quick.post("{ sleeps }", accept=GRAPHQL_RESPONSE)
    assert answered.status_code == 503
    assert answered.json()["errors"][0]["extensions"]["code"] == "TIMEOUT"
    assert "0.2 seconds" in answered.json()["errors"][0]["message"]


def test_a_sign_in_that_waits_is_ended_too(
    serve: Callable[..., Served], api_settings: Callable[..., Settings]
) -> None:
    """Whoever asks for a person of whom nothing is known yet waits for the database, and a pool
    may have no connection to give."""

    async def never(subject: str) -> Actor | None:
        await asyncio.Event().wait()
        raise AssertionError(subject)

    settings = api_settings(request_timeout_seconds=0.2)
    app = create_app(settings=settings, schema=toy_schema(), load_actor=never, resources=())
    answered = serve(app, request_timeout_seconds=0.2).post("{ hello }", accept=GRAPHQL_RESPONSE)
    assert answered.status_code == 503
    assert answered.json()["errors"][0]["extensions"]["code"] == "TIMEOUT"


def test_cors_is_for_the_origins_of_the_settings(serve) -> None:
    served = serve(cors_origins=["https://bank.example"])
    headers = {
        "origin": "https://bank.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    allowed = httpx.options(served.graphql, headers=headers)
    assert allowed.headers["access-control-allow-origin"] == "https://bank.example"
    other = httpx.options(served.graphql, headers={**headers, "origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_the_page_is_served_to_browsers(toys: Served) -> None:
    page = httpx.get(toys.graphql, headers={"accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert "graphiql" in page.text.lower()


def test_production_has_no_introspection_and_no_page(serve, monkeypatch) -> None:
    import base64
    import os

    served = serve(
        env="production",
        secret_key=base64.b64encode(os.urandom(32)).decode(),
        oidc_issuer="https://id.example",
        oidc_audience="liudai",
        oidc_jwks_url="https://id.example/keys",
    )
    error = served_without_token(served, "{ __schema { queryType { name } } }")["errors"][0]
    assert "introspection" in error["message"].lower()
    assert served_without_token(served, "{ __typename }") == {"data": {"__typename": "Query"}}
    page = httpx.get(served.graphql, headers={"accept": "text/html"})
    assert "text/html" not in page.headers["content-type"]


def served_without_token(served: Served, query: str) -> dict:
    return httpx.post(served.graphql, json={"query": query}).json()
