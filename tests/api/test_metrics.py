"""GET /metrics of one process: what is counted under which labels, and who may read it."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable

import httpx
import pytest
from served import Served
from toy_schema import load_person, toy_schema

from api.app import create_app
from domain.settings import Settings
from tests.scraped import Scraped, scrape

TOKEN = "a-token-of-the-operators"


def scraped(toys: Served) -> Scraped:
    return scrape(toys.url)


@pytest.mark.parametrize(
    ("query", "subject", "field", "outcome", "operation", "code"),
    [
        ("{ hello }", "operator", "Query.hello", "ok", "query", "OK"),
        ("{ toy { slow } }", "operator", "Query.toy", "ok", "query", "OK"),
        ("{ fails }", "operator", "Query.fails", "failed", "query", "INTERNAL"),
        ("{ refuses }", "operator", "Query.refuses", "refused", "query", "BAD_USER_INPUT"),
        ("{ hello }", None, "Query.hello", "refused", "query", "UNAUTHENTICATED"),
    ],
)
def test_a_root_field_counts_by_how_it_ended(
    toys: Served,
    query: str,
    subject: str | None,
    field: str,
    outcome: str,
    operation: str,
    code: str,
) -> None:
    before = scraped(toys)
    toys.post(query, subject=subject)
    after = scraped(toys)

    def more(name: str, **labels: str) -> float:
        return after.total(name, **labels) - before.total(name, **labels)

    assert more("liudai_field_seconds_count", field=field, outcome=outcome) == 1
    assert more("liudai_field_seconds_count") == 1
    assert more("liudai_field_seconds_sum", field=field, outcome=outcome) > 0
    assert more("liudai_request_seconds_count", operation=operation, code=code) == 1
    assert more("liudai_request_seconds_count") == 1


def test_a_refused_form_is_not_a_success(toys: Served) -> None:
    before = scraped(toys)
    answered = toys.post(
        'mutation { makeToy(input: {idempotencyKey: "k", number: 0}) { errors { code } } }'
    ).json()
    assert answered["data"]["makeToy"]["errors"], answered
    after = scraped(toys)
    labels = {"field": "Mutation.makeToy", "outcome": "refused"}
    assert after.total("liudai_field_seconds_count", **labels) == 1 + before.total(
        "liudai_field_seconds_count", **labels
    )
    labels = {"operation": "mutation", "status": "200", "code": "REFUSED"}
    assert after.total("liudai_request_seconds_count", **labels) == 1 + before.total(
        "liudai_request_seconds_count", **labels
    )


def test_what_never_became_an_operation_counts_by_status(toys: Served) -> None:
    before = scraped(toys)
    httpx.post(toys.graphql, content=b"{", headers={"content-type": "application/json"})
    httpx.put(toys.graphql)
    after = scraped(toys)
    for status in ("400", "405"):
        labels = {"operation": "none", "status": status, "code": "BAD_USER_INPUT"}
        assert after.total("liudai_request_seconds_count", **labels) == 1 + before.total(
            "liudai_request_seconds_count", **labels
        )


def test_nothing_that_a_caller_writes_becomes_a_label(toys: Served) -> None:
    before = scraped(toys)
    for number in range(20):
        toys.post(f"query Mine{number} {{ mine{number}: hello }}", x_request_id=f"mine-{number:06}")
        toys.post(f"{{ mine{number} }}")
        httpx.request(f"MINE{number}", f"{toys.url}/graphql")
        httpx.get(f"{toys.url}/mine{number}")
    after = scraped(toys)
    assert "mine" not in after.text.lower()
    assert len(after.samples) - len(before.samples) < 80  # a few series, not one for each call


def test_without_database_and_broker_a_scrape_tells_the_rest(toys: Served) -> None:
    found = scraped(toys)  # the toys have neither
    assert found.value("liudai_up", part="database") == 0
    assert found.value("liudai_up", part="broker") == 0
    assert found.value("liudai_jobs", state="QUEUED") is None
    assert found.value("process_resident_memory_bytes", process="api") > 1_000_000


def status_of(serve: Callable[..., Served], settings: Settings, authorization: str = "") -> int:
    app = create_app(settings=settings, schema=toy_schema(), load_actor=load_person, resources=())
    headers = {"authorization": authorization} if authorization else {}
    return httpx.get(f"{serve(app).url}/metrics", headers=headers).status_code


def test_a_token_opens_it_and_nothing_else_does(
    serve: Callable[..., Served], api_settings: Callable[..., Settings], toys: Served
) -> None:
    guarded = api_settings(metrics_token=TOKEN)
    assert status_of(serve, guarded) == 401
    assert status_of(serve, guarded, f"Bearer {TOKEN}x") == 401
    assert status_of(serve, guarded, f"Basic {TOKEN}") == 401
    assert status_of(serve, guarded, f"Bearer {toys.token()}") == 401
    assert status_of(serve, guarded, f"Bearer {TOKEN}") == 200


def test_production_has_none_without_a_token(
    serve: Callable[..., Served], api_settings: Callable[..., Settings]
) -> None:
    production = {
        "env": "production",
        "secret_key": base64.b64encode(os.urandom(32)).decode(),
        "oidc_issuer": "https://id.example",
        "oidc_audience": "liudai",
        "oidc_jwks_url": "https://id.example/keys",
    }
    assert status_of(serve, api_settings(**production)) == 404
    guarded = api_settings(**production, metrics_token=TOKEN)
    assert status_of(serve, guarded) == 401
    assert status_of(serve, guarded, f"Bearer {TOKEN}") == 200


def test_a_token_that_could_be_guessed_is_refused(api_settings: Callable[..., Settings]) -> None:
    with pytest.raises(ValueError, match="LIUDAI_METRICS_TOKEN"):
        api_settings(metrics_token="short")
