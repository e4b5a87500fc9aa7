"""The outbox: every event reaches its channels, in order, at least once, by one publisher."""

from __future__ import annotations

import asyncio

import orjson
import pytest
import redis
from training_stories import ask, is_published, life, until

from domain.channels import events_channel, job_channel, model_channel
from domain.db import execute, rows
from domain.settings import get_settings
from tests import servers
from tests.lender import Lender
from workers.publisher import publish_batch, publish_outbox

pytestmark = [
    pytest.mark.usefixtures("fast"),
    pytest.mark.skipif(not servers.REDIS, reason="no Redis server can be reached"),
]


async def unpublished() -> list[int]:
    found = await rows("SELECT id FROM outbox_event WHERE published_at IS NULL ORDER BY id")
    return [row["id"] for row in found]


async def test_events_come_in_order_on_their_channels(lender: Lender) -> None:
    settings = get_settings()
    ours = life()
    await publish_batch(ours.redis, settings)
    jobs = [await ask(lender) for _ in range(3)]
    await execute(
        "INSERT INTO outbox_event (kind, noun, noun_id, payload, created_at) "
        "SELECT 'model.promoted', 'ModelVersion', 9, '{\"state\": \"CHAMPION\"}', created_at "
        "FROM outbox_event WHERE noun_id = %s AND kind = 'job.queued'",
        [jobs[0]],
    )
    expected = await unpublished()
    async with ours.redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        channels = [events_channel(settings), job_channel(settings, jobs[1])]
        await pubsub.subscribe(*channels, model_channel(settings))
        assert await publish_batch(ours.redis, settings) == 4
        got: dict[str, list[dict[str, object]]] = {}
        for _ in range(12):
            message = await pubsub.get_message(timeout=0.2)
            if message is not None:
                channel = message["channel"].decode()
                got.setdefault(channel, []).append(orjson.loads(message["data"]))
    await ours.redis.aclose()
    assert [event["id"] for event in got[channels[0]]] == expected
    assert [event["nounId"] for event in got[channels[1]]] == [jobs[1]]
    assert got[model_channel(settings)][0]["payload"] == {"state": "CHAMPION"}
    assert await unpublished() == []


async def test_without_redis_nothing_counts_as_published(lender: Lender) -> None:
    await ask(lender)
    before = await unpublished()
    nowhere = redis.asyncio.Redis.from_url("unix:///nowhere/redis.sock")
    with pytest.raises(redis.ConnectionError):
        await publish_batch(nowhere, get_settings())
    await nowhere.aclose()
    assert await unpublished() == before


async def test_two_publishers_publish_each_event_once(lender: Lender) -> None:
    settings = get_settings()
    first, second = life(), life()
    async with first.redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(events_channel(settings))
        tasks = [asyncio.create_task(publish_outbox(each)) for each in (first, second)]
        jobs = [await ask(lender) for _ in range(5)]
        await until(lambda: is_published("job.queued", jobs[-1]), 10)
        seen = []
        while (message := await pubsub.get_message(timeout=0.3)) is not None or not seen:
            if message is not None:
                seen.append(orjson.loads(message["data"])["nounId"])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for each in (first, second):
        await each.redis.aclose()
    assert [noun_id for noun_id in seen if noun_id in jobs] == jobs
