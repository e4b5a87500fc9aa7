"""Who sends this request: a bearer token's subject, and the person behind it.

In production tokens come from the issuer's own identity provider (OIDC) and are verified with the
keys it publishes. Outside production, tokens signed with the local key are taken as well: `liudai
token` makes them. Which of the two verifies a token is decided by its algorithm, so a public key
can never be used as a shared secret.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import jwt
from jwt.exceptions import PyJWKClientConnectionError

from api.errors import unauthenticated
from domain.actor import Actor
from domain.settings import Settings, get_settings

LOCAL_ISSUER: Final = "liudai-local"
LOCAL_AUDIENCE: Final = "liudai"
LOCAL_ALGORITHM: Final = "HS256"
OIDC_ALGORITHMS: Final = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
]
CLOCK_SKEW_SECONDS: Final = 5
TOKEN_LENGTH_MAX: Final = 8_192
SUBJECT_LENGTH_MAX: Final = 255
REMEMBERED_MAX: Final = 10_000
JWKS_TIMEOUT_SECONDS: Final = 5

_REQUIRED: Final = ["exp", "iss", "aud", "sub"]

LoadActor: TypeAlias = Callable[[str], Awaitable[Actor | None]]


class LocalTokensRefused(Exception):
    """Local tokens exist outside production only."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person and the moment (seconds since 1970) at which the token ends."""

    actor: Actor
    expires_at: float


class Authenticator:
    """Turns an Authorization header into a person; remembers each for a few seconds."""

    def __init__(self, settings: Settings, load_actor: LoadActor) -> None:
        self._settings = settings
        self._load_actor = load_actor
        self._remembered: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._keys = (
            jwt.PyJWKClient(settings.oidc_jwks_url, timeout=JWKS_TIMEOUT_SECONDS)
            if settings.oidc_jwks_url
            else None
        )

    async def identify(self, authorization: bytes) -> Identity:
        """Return who sent `authorization`. Raises UNAUTHENTICATED."""
        known = self._remembered.get(authorization)
        if known is not None:
            identity, fresh_until = known
            if time.monotonic() < fresh_until and time.time() < identity.expires_at:
                return identity
            self._remembered.pop(authorization, None)
        identity = await self._identify(_bearer(authorization))
        fresh_until = time.monotonic() + self._settings.actor_cache_seconds
        self._remembered[authorization] = (identity, fresh_until)
        if len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)
        return identity

    async def _identify(self, token: str) -> Identity:
        try:
            claims = await self._claims(token)
        except PyJWKClientConnectionError:
            raise  # the issuer is away: that is not the caller's fault
        except (jwt.PyJWTError, ValueError):
            raise unauthenticated() from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_LENGTH_MAX:
            raise unauthenticated()
        actor = await self._load_actor(subject)
        if actor is None:
            raise unauthenticated()
        return Identity(actor, float(claims["exp"]))

    async def _claims(self, token: str) -> dict[str, Any]:
        algorithm = jwt.get_unverified_header(token).get("alg")
        if algorithm == LOCAL_ALGORITHM and not self._settings.production:
            return jwt.decode(
                token,
                self._settings.local_key.get_secret_value(),
                algorithms=[LOCAL_ALGORITHM],
                audience=LOCAL_AUDIENCE,
                issuer=LOCAL_ISSUER,
                options={"require": _REQUIRED},
            )
        if self._keys is None or algorithm not in OIDC_ALGORITHMS:
            raise unauthenticated()
        # Fetching keys blocks, and an asymmetric signature takes a while: both off the loop.
        return await asyncio.to_thread(self._oidc_claims, self._keys, token)

    def _oidc_claims(self, keys: jwt.PyJWKClient, token: str) -> dict[str, Any]:
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=OIDC_ALGORITHMS,
            audience=self._settings.oidc_audience,
            issuer=self._settings.oidc_issuer,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": _REQUIRED},
        )


def issue_local_token(subject: str, ttl: dt.timedelta, *, settings: Settings | None = None) -> str:
    """Return a token for `subject` signed with the local key, good for `ttl` from now.

    Raises :class:`LocalTokensRefused` in production.
    """
    settings = settings or get_settings()
    if settings.production:
        raise LocalTokensRefused("LIUDAI_ENV=production takes tokens of the OIDC issuer only")
    now = dt.datetime.now(dt.UTC)
    claims = {
        "iss": LOCAL_ISSUER,
        "aud": LOCAL_AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + ttl,
    }
    return jwt.encode(claims, settings.local_key.get_secret_value(), algorithm=LOCAL_ALGORITHM)


def _bearer(authorization: bytes) -> str:
    if len(authorization) > TOKEN_LENGTH_MAX:
        raise unauthenticated()
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated()
    return token.strip()
