"""One id from the request to the worker, in the JSON lines that production logs.

A whole Liudai under its supervisor in production, with an identity provider of the test's own; the
training it is asked for finds too little history, and so is over soon.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from test_cli import liudai
from waiting import eventually

from liudai.processes import supervised

ISSUER, AUDIENCE, OPERATOR = "https://id.example", "liudai", "demo-operator"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRAIN = """
mutation StartIt($key: String!) {
  trainModel(input: {idempotencyKey: $key, name: "tiny", source: HISTORY, currency: "USD",
                     algorithm: LOGISTIC_REGRESSION}) { job { id } errors { code message } }
}
"""


@dataclass(frozen=True, slots=True)
class Production:
    """A running Liudai in production, and what it has said so far."""

    url: str
    home: Path
    token: str

    def ask(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables or {}},
            headers={"authorization": f"Bearer {self.token}", **named},
            trust_env=False,
            timeout=30,
        )
        return answer

    def lines(self, process: str) -> list[dict[str, Any]]:
        """The log lines of a process, every one of which is JSON."""
        log = self.home / "logs" / f"{process}.log"
        return [json.loads(line) for line in log.read_text().splitlines()]

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.home / "liudai.sqlite3") as database:
            return database.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def keys_url(key: rsa.RSAPrivateKey) -> Iterator[str]:
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    body = json.dumps({"keys": [{**jwk, "kid": "k1", "use": "sig", "alg": "RS256"}]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/keys"
        server.shutdown()


@pytest.fixture(scope="module")
def production(
    key: rsa.RSAPrivateKey, keys_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    home = tmp_path_factory.mktemp("production")
    assert liudai("migrate", home=home).returncode == 0
    assert liudai("token", "--role", "OPERATOR", home=home).returncode == 0  # employs an operator
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIUDAI_")}
    with (home / "supervisor.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "liudai", "up", "--port", "0", "--log-dir", str(home / "logs")],
            stderr=output,
            env={
                **clean,
                "LIUDAI_HOME": str(home),
                "LIUDAI_ENV": "production",
                "LIUDAI_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "LIUDAI_OIDC_ISSUER": ISSUER,
                "LIUDAI_OIDC_AUDIENCE": AUDIENCE,
                "LIUDAI_OIDC_JWKS_URL": keys_url,
            },
        )
    with process:
        log = home / "supervisor.log"
        assert eventually(lambda: b"ready at" in log.read_bytes(), seconds=60), log.read_text()
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": OPERATOR, "iat": now, "exp": now + 600}
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})
        yield Production(supervised(home)["url"], home, token)
        process.terminate()
        assert process.wait(timeout=40) == 0


def test_the_id_of_a_request_is_in_the_workers_lines_of_its_job(production: Production) -> None:
    answer = production.ask(
        TRAIN, {"key": secrets.token_hex(8)}, traceparent=f"00-{TRACE_ID}-00f067aa0ba902b7-01"
    )
    assert answer.json()["data"]["trainModel"]["errors"] == [], answer.text
    assert answer.headers["x-request-id"] == TRACE_ID
    other = production.ask(TRAIN, {"key": secrets.token_hex(8)}).headers["x-request-id"]

    def ended() -> bool:
        said = [line for line in production.lines("worker") if line["event"] == "job_attempt_ended"]
        return len(said) == 2

    assert eventually(ended, seconds=150), production.lines("worker")
    (job_id,) = production.rows("SELECT MIN(id) FROM job")[0]
    for request_id, job in ((TRACE_ID, job_id), (other, job_id + 1)):
        lines = [line for line in production.lines("worker") if line.get("job") == job]
        events = [line["event"] for line in lines]
        assert events == ["job_taken", "training_ended", "job_attempt_ended"]
        assert {line["request_id"] for line in lines} == {request_id}
        assert {line["kind"] for line in lines} == {"TRAIN_MODEL"}
        assert lines[-1]["state"] == "FAILED"  # too little history to learn from
        assert lines[-1]["seconds"] > 0
        # Also what the training's own process did is told under it, and so is the trail whole.
        trail = production.rows(
            "SELECT action, request_id FROM audit_entry WHERE noun = 'Job' AND noun_id = ? "
            "ORDER BY id",
            job,
        )
        assert trail == [(a, request_id) for a in ("trainModel", "claimJob", "failJob")]


def test_the_line_of_a_request_says_who_what_and_how_long_and_no_name(
    production: Production,
) -> None:
    production.ask(TRAIN, {"key": "a-key-to-be-kept"}, x_request_id="from-the-proxy")
    (line,) = [
        line for line in production.lines("api") if line.get("request_id") == "from-the-proxy"
    ]
    ((person,),) = production.rows("SELECT id FROM employee WHERE subject = ?", OPERATOR)
    seconds, moment = line.pop("seconds"), line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "request_id": "from-the-proxy",
        "actor": f"EMPLOYEE:{person}",
        "operation": "mutation",
        "operation_name": "StartIt",
        "fields": ["trainModel"],
        "status": 200,
        "code": "OK",
    }
    assert 0 < seconds < 15
    assert moment.endswith("Z")


def test_refused_requests_are_told_and_quiet_queries_are_not(production: Production) -> None:
    production.ask("{ me { name } }", x_request_id="a-quiet-query")
    production.ask("{ nothing }", x_request_id="a-wrong-query")
    production.ask(TRAIN, {"key": ""}, x_request_id="a-refused-form", accept_language="zh")
    said = {line["request_id"]: line for line in production.lines("api") if "request_id" in line}
    assert "a-quiet-query" not in said
    assert said["a-wrong-query"]["code"] == "BAD_USER_INPUT"
    assert said["a-wrong-query"]["level"] == "info"
    assert said["a-refused-form"]["code"] == "REFUSED"


def test_no_line_holds_a_token_or_a_name(production: Production) -> None:
    ((name,),) = production.rows("SELECT name FROM employee WHERE subject = ?", OPERATOR)
    production.ask("{ me { name } }", x_request_id="the-last-request")
    production.ask("{ fails }")
    for log in (production.home / "logs").glob("*.log"):
        text = log.read_text()
        escaped = json.dumps(name)[1:-1]
        for secret in (production.token, name, escaped, "a-key-to-be-kept", "Bearer "):
            assert secret not in text, log


def test_there_are_no_metrics_without_a_token(production: Production) -> None:
    assert httpx.get(f"{production.url}/metrics", trust_env=False).status_code == 404
