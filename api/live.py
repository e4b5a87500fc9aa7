"""What subscriptions listen to: Redis channels, so that any process serves any client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.settings import EMBEDDED, get_settings

_WAIT_SECONDS = 20.0
_UNAVAILABLE = Problem(
    ErrorCode.UNAVAILABLE,
    (),
    "Live updates are not available now. Ask again by a query, and subscribe later.",
    "实时更新暂不可用，请改用查询获取最新状态，稍后再订阅。",
)


@asynccontextmanager
async def listen(channel: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Subscribe to a channel; the messages come from the moment the block is entered.

    Raises :class:`Refused` with UNAVAILABLE when Redis does not answer.
    """
    settings = get_settings()
    if settings.redis_url == EMBEDDED:
        raise Refused([_UNAVAILABLE])
    client = Redis.from_url(settings.redis_url, socket_connect_timeout=2.0)
    try:
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(channel)

            async def messages() -> AsyncIterator[dict[str, Any]]:
                while True:
                    message = await pubsub.get_message(
                        ignore_subscribe_messages=True, timeout=_WAIT_SECONDS
                    )
                    if message is not None:
                        yield orjson.loads(message["data"])

            yield messages()
    except (RedisError, OSError) as error:
        raise Refused([_UNAVAILABLE]) from error
