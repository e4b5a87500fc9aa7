"""Bearer tokens: the local key, an OIDC issuer, and every way to get one wrong."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from served import Served
from toy_schema import LOADED, PEOPLE, load_person

from api.auth import Authenticator, LocalTokensRefused, issue_local_token
from api.errors import ApiError
from domain.settings import Settings

ISSUER, AUDIENCE = "https://id.example", "liudai-api"


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    base = {"iss": ISSUER, "aud": AUDIENCE, "sub": "cashier", "iat": now, "exp": now + 60}
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def jwks_url(key: rsa.RSAPrivateKey) -> Iterator[str]:
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    body = json.dumps({"keys": [{**jwk, "kid": "k1", "use": "sig", "alg": "RS256"}]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    server.server_close()


@pytest.fixture
def production(api_settings: Callable[..., Settings], jwks_url: str) -> Settings:
    return api_settings(
        env="production",
        secret_key=base64.b64encode(os.urandom(32)).decode(),
        oidc_issuer=ISSUER,
        oidc_audience=AUDIENCE,
        oidc_jwks_url=jwks_url,
    )


def signed(key: rsa.RSAPrivateKey, kid: str = "k1", **changes: Any) -> bytes:
    token = jwt.encode(claims(**changes), key, algorithm="RS256", headers={"kid": kid})
    return f"Bearer {token}".encode()


async def refused(settings: Settings, authorization: bytes) -> None:
    with pytest.raises(ApiError, match="Sign in first"):
        await Authenticator(settings, load_person).identify(authorization)


async def test_a_token_of_the_issuer(production: Settings, key: rsa.RSAPrivateKey) -> None:
    identity = await Authenticator(production, load_person).identify(signed(key))
    assert identity.actor is PEOPLE["cashier"]
    assert identity.expires_at > time.time()


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 60},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": None},
        {"sub": None},
        {"aud": None},
        {"iss": None},
        {"sub": "nobody"},
        {"sub": ""},
        {"nbf": int(time.time()) + 3_600},
        {"kid": "k2"},
    ],
)
async def test_wrong_claims(
    production: Settings, key: rsa.RSAPrivateKey, changes: dict[str, Any]
) -> None:
    await refused(production, signed(key, **changes))


async def test_a_forged_signature(production: Settings) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    await refused(production, signed(other))


async def test_no_algorithm(production: Settings, api_settings: Callable[..., Settings]) -> None:
    token = b"Bearer " + jwt.encode(claims(), "", algorithm="none").encode()
    await refused(production, token)
    await refused(api_settings(), token)


async def test_the_public_key_is_no_shared_secret(
    production: Settings, key: rsa.RSAPrivateKey, api_settings: Callable[..., Settings]
) -> None:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    import hashlib
    import hmac

    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(claims())}"
    mac = hmac.new(public, body.encode(), hashlib.sha256).digest()
    token = f"Bearer {body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}".encode()
    await refused(production, token)
    await refused(api_settings(oidc_jwks_url=production.oidc_jwks_url), token)


async def test_local_tokens_end_with_development(
    production: Settings, api_settings: Callable[..., Settings]
) -> None:
    token = issue_local_token("cashier", dt.timedelta(minutes=1), settings=api_settings())
    await refused(production, b"Bearer " + token.encode())
    with pytest.raises(LocalTokensRefused):
        issue_local_token("cashier", dt.timedelta(minutes=1), settings=production)


@pytest.mark.parametrize(
    "header",
    [b"", b"Bearer", b"Bearer ", b"Basic dTpw", b"Bearer a.b.c", b"Bearer \xff\xfe", b"x" * 9_000],
)
async def test_what_is_no_token(api_settings: Callable[..., Settings], header: bytes) -> None:
    await refused(api_settings(), header)


async def test_the_person_is_remembered_for_seconds_only(
    api_settings: Callable[..., Settings],
) -> None:
    settings = api_settings(actor_cache_seconds=0.2)
    authenticator = Authenticator(settings, load_person)
    token = issue_local_token("auditor", dt.timedelta(minutes=1), settings=settings).encode()
    LOADED.clear()
    for _ in range(5):
        await authenticator.identify(b"Bearer " + token)
    assert LOADED == ["auditor"]
    await asyncio.sleep(0.25)
    await authenticator.identify(b"Bearer " + token)
    assert LOADED == ["auditor", "auditor"]


async def test_a_remembered_token_still_ends(api_settings: Callable[..., Settings]) -> None:
    settings = api_settings(actor_cache_seconds=60)
    authenticator = Authenticator(settings, load_person)
    ttl = dt.timedelta(seconds=1.2)
    token = b"Bearer " + issue_local_token("auditor", ttl, settings=settings).encode()
    await authenticator.identify(token)
    await asyncio.sleep(1.5)
    with pytest.raises(ApiError):
        await authenticator.identify(token)


def test_over_http(toys: Served) -> None:
    for media_type, status in (
        ("application/json", 200),
        ("application/graphql-response+json", 401),
    ):
        answered = toys.post("{ hello }", authorization="Bearer nonsense", accept=media_type)
        assert answered.status_code == status
        assert answered.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert answered.headers["www-authenticate"].startswith("Bearer")
    without = toys.post("{ hello }", subject=None).json()
    assert without["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert without["errors"][0]["path"] == ["hello"]
    expired = httpx.post(
        toys.graphql,
        json={"query": "{ hello }"},
        headers={"authorization": f"Bearer {toys.token(seconds=-5)}", "accept-language": "zh"},
    )
    assert "请先登录" in expired.json()["errors"][0]["message"]
