"""Subscriptions over WebSocket (graphql-transport-ws): Strawberry's protocol handler with our
authentication and limits around it; api/subscriptions.py runs them.

A connection must bring a token in `connection_init` and ends when the token does.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from json import JSONDecodeError
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.schema import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.types.unset import UNSET, UnsetType

from api.auth import Authenticator
from api.errors import ApiError, Language
from api.graphql.context import Context, language_of
from api.metrics import UnderWay
from api.subscriptions import Streams
from api.trace import identify
from domain.operations.request import request_id
from domain.settings import Settings

INIT_TIMEOUT_SECONDS: Final = 10
TOKEN_ENDED: Final = 4401
TOO_MANY_CONNECTIONS: Final = 1013


class Connection(Context):
    """The context of one WebSocket, whose person is known once `connection_init` has come."""

    __slots__ = ("expires_at",)

    def __init__(self, language: Language) -> None:
        super().__init__(None, language)
        self.expires_at = 0.0


class _Handler(BaseGraphQLTransportWSHandler[Connection, None]):
    """Closes the connection when its token ends."""

    _expiry: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: Any) -> None:
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._expiry is None:
            self._expiry = asyncio.create_task(self._close_at_expiry())

    async def shutdown(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            with suppress(asyncio.CancelledError):
                await self._expiry
        await super().shutdown()

    async def _close_at_expiry(self) -> None:
        await asyncio.sleep(max(0.0, self.context.expires_at - time.time()))
        await self.websocket.close(code=TOKEN_ENDED, reason="Token expired")


class WebSocketEndpoint(GraphQL[Connection, None]):
    """The ASGI application of WebSockets at /graphql."""

    graphql_transport_ws_handler_class = _Handler

    def __init__(
        self,
        *,
        streams: Streams,
        settings: Settings,
        authenticator: Authenticator,
        under_way: UnderWay,
    ) -> None:
        super().__init__(
            cast("BaseSchema", streams),  # the handler calls nothing of a schema but `stream`
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_TIMEOUT_SECONDS),
            max_subscriptions_per_connection=settings.subscriptions_per_connection,
            allowed_origins=settings.ws_origins,
        )
        self._authenticator = authenticator
        self._timeout_seconds = settings.request_timeout_seconds
        self._message_length_max = settings.max_body_bytes
        self._connections_max = settings.websocket_connections
        self._under_way = under_way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive=receive, send=send)
        if self._under_way.websockets >= self._connections_max:
            await websocket.close(code=TOO_MANY_CONNECTIONS)
            return
        request_id.set(identify(dict(scope["headers"])))
        self._under_way.websockets += 1
        try:
            await self.run(websocket)
        finally:
            self._under_way.websockets -= 1

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Connection:
        header = request.headers.get("accept-language", "").encode("latin-1", "replace")
        return Connection(language_of(header))

    async def on_ws_connect(self, context: Connection) -> dict[str, object] | UnsetType | None:
        parameters = context.connection_params or {}
        token = parameters.get("Authorization", parameters.get("authorization"))
        if not isinstance(token, str):
            raise ConnectionRejectionError
        try:
            async with asyncio.timeout(self._timeout_seconds):
                identity = await self._authenticator.identify(token.encode("utf-8"))
        except (ApiError, TimeoutError):
            raise ConnectionRejectionError from None
        context.caller = identity.actor
        context.expires_at = identity.expires_at
        return cast("UnsetType", UNSET)

    def decode_json(self, data: str | bytes) -> object:
        if len(data) > self._message_length_max:
            raise JSONDecodeError("message too large", "", 0)
        return orjson.loads(data)  # its error is a JSONDecodeError, which the handler expects

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()
