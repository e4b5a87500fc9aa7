"""Subscriptions over a real WebSocket: protocol, authentication, origins, limits, errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from served import Served
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PROTOCOL = "graphql-transport-ws"


@asynccontextmanager
async def opened(
    served: Served, *, token: str | None = "", key: str = "Authorization", **options: Any
) -> AsyncIterator[ClientConnection]:
    async with connect(served.websocket, subprotocols=[PROTOCOL], **options) as socket:
        payload = {} if token is None else {key: f"Bearer {token or served.token()}"}
        await say(socket, {"type": "connection_init", "payload": payload})
        yield socket


async def say(socket: ClientConnection, message: dict[str, Any]) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def subscribe(socket: ClientConnection, query: str, id: str = "1", **more: Any) -> None:
    await say(socket, {"type": "subscribe", "id": id, "payload": {"query": query, **more}})


async def closed_with(socket: ClientConnection) -> int:
    try:
        while True:
            await hear(socket)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


async def test_a_subscription_runs_to_its_end(toys: Served) -> None:
    async with opened(toys, key="authorization") as socket:
        assert await hear(socket) == {"type": "connection_ack"}
        await subscribe(socket, "subscription($n: Int!) { counts(to: $n) }", variables={"n": 2})
        for number in range(2):
            payload = {"data": {"counts": number}}
            assert await hear(socket) == {"id": "1", "type": "next", "payload": payload}
        assert await hear(socket) == {"id": "1", "type": "complete"}


async def test_an_incident_has_the_id_that_the_connection_came_with(toys: Served) -> None:
    named = {"x-request-id": "from-the-proxy"}
    async with opened(toys, additional_headers=named) as socket:
        assert (await hear(socket))["type"] == "connection_ack"
        assert toys.app.state.under_way.websockets == 1
        await subscribe(socket, "subscription { breaks }")
        message: dict[str, Any] = {}
        while "errors" not in message.get("payload", {}):
            message = await hear(socket)
        (error,) = message["payload"]["errors"]
        assert error["extensions"]["incidentId"] == "from-the-proxy"


@pytest.mark.parametrize("token", [None, "nonsense"])
async def test_a_connection_needs_a_good_token(toys: Served, token: str | None) -> None:
    async with opened(toys, token=token) as socket:
        assert await closed_with(socket) == 4403


async def test_an_expired_token_does_not_open(toys: Served) -> None:
    async with opened(toys, token=toys.token(seconds=-1)) as socket:
        assert await closed_with(socket) == 4403


async def test_the_connection_ends_with_its_token(toys: Served) -> None:
    async with opened(toys, token=toys.token(seconds=1.5)) as socket:
        assert await hear(socket) == {"type": "connection_ack"}
        await subscribe(socket, "subscription { waits }")
        assert await closed_with(socket) == 4401


async def test_a_role_that_may_not_follow(toys: Served) -> None:
    async with opened(
        toys, token=toys.token("cashier"), additional_headers={"Accept-Language": "zh-CN"}
    ) as socket:
        await hear(socket)
        await subscribe(socket, "subscription { counts }")
        error = (await hear(socket))["payload"][0]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "无权使用" in error["message"]


async def test_foreign_origins_are_turned_away(toys: Served, serve: Callable[..., Served]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(toys, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    served = serve(ws_origins=["https://bank.example"])
    async with opened(served, origin="https://bank.example") as socket:
        assert await hear(socket) == {"type": "connection_ack"}


async def test_subscriptions_and_connections_are_counted(serve: Callable[..., Served]) -> None:
    served = serve(subscriptions_per_connection=2, websocket_connections=2)
    async with opened(served) as socket, opened(served) as other:
        await hear(socket)
        await hear(other)
        for id in ("a", "b", "c"):
            await subscribe(socket, "subscription { waits }", id)
        answers = {answer["id"]: answer["type"] for answer in [await hear(socket) for _ in "abc"]}
        assert answers == {"a": "next", "b": "next", "c": "error"}
        with pytest.raises(InvalidStatus):
            async with opened(served):
                pass


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ hello }", "BAD_USER_INPUT"),
        ('mutation { makeToy(input: {idempotencyKey: "a", number: 1}) { replayed } }', None),
        ("subscription { nothing }", "BAD_USER_INPUT"),
        ("subscription {", "BAD_USER_INPUT"),
        ("{" + "a " * 1_500 + "}", "QUERY_TOO_COMPLEX"),
    ],
)
async def test_only_sound_subscriptions_run(toys: Served, query: str, code: str | None) -> None:
    async with opened(toys) as socket:
        await hear(socket)
        await subscribe(socket, query)
        answer = await hear(socket)
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"]["code"] == (code or "BAD_USER_INPUT")


async def test_what_nobody_foresaw_is_masked(toys: Served) -> None:
    async with opened(toys) as socket:
        await hear(socket)
        await subscribe(socket, "subscription { breaks }")
        assert (await hear(socket))["payload"] == {"data": {"breaks": 0}}
        failure = await hear(socket)
        assert failure["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert "hunter2" not in json.dumps(failure)
        assert (await hear(socket))["type"] == "complete"


@pytest.mark.parametrize("message", ["{", "[" * 50_000, '"' + "x" * 300_000 + '"'])
async def test_garbage_closes_the_connection(toys: Served, message: str) -> None:
    async with opened(toys) as socket:
        await hear(socket)
        await socket.send(message)
        assert await closed_with(socket) == 4400


async def test_another_protocol_is_not_spoken(toys: Served) -> None:
    async with connect(toys.websocket, subprotocols=["graphql-ws"]) as socket:
        assert await closed_with(socket) == 4406
