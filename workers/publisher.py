"""Tells others what has changed: outbox events to Redis channels, in the order of their ids.

At least once: an event is marked after it was published. One worker publishes at a time, by a lock
in Redis that lasts seconds, so that order holds; when it dies another goes on.

The channels are those of :mod:`domain.channels`.
"""

from __future__ import annotations

import secrets
from typing import Any

import orjson
from redis.asyncio import Redis

from domain.channels import events_channel, job_channel, model_channel
from domain.db import execute, in_list, rows
from domain.operations.clock import now
from domain.settings import Settings
from workers.middleware import WorkerLife, keep_doing

POLL_SECONDS = 0.25
BATCH = 200
_LOCK_MS = 3_000
# Renewed only by its holder, taken by anybody once it has run out.
_HOLD = """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
return 1
"""


async def publish_outbox(life: WorkerLife) -> None:
    """Keep publishing what the outbox holds."""
    token = secrets.token_hex(8)
    hold = life.redis.register_script(_HOLD)
    lock = f"{life.settings.redis_prefix}:publisher"

    async def publish() -> None:
        while await hold(keys=[lock], args=[token, _LOCK_MS]):
            if await publish_batch(life.redis, life.settings) < BATCH:
                return

    await keep_doing(life, "publishing", POLL_SECONDS, publish)


async def publish_batch(redis: Redis, settings: Settings) -> int:
    """Publish up to `BATCH` events and mark them; return how many."""
    events = await rows(
        "SELECT id, kind, noun, noun_id, payload FROM outbox_event WHERE published_at IS NULL "
        "ORDER BY id LIMIT %s",
        [BATCH],
    )
    if not events:
        return 0
    async with redis.pipeline(transaction=False) as pipe:
        for event in events:
            message = _message(event)
            for channel in _channels(settings, event):
                pipe.publish(channel, message)
        await pipe.execute()
    ids = [event["id"] for event in events]
    await execute(
        f"UPDATE outbox_event SET published_at = %s WHERE id IN {in_list(ids)}", [now(), *ids]
    )
    return len(events)


async def publish_progress(life: WorkerLife, job_id: int, step: str, progress: float) -> None:
    """Tell the job's followers how far it is; the row has it too."""
    message = {"kind": "job.progress", "noun": "Job", "nounId": job_id}
    payload = {"state": "RUNNING", "step": step, "progress": progress}
    await life.redis.publish(
        job_channel(life.settings, job_id), orjson.dumps(message | {"payload": payload})
    )


def _channels(settings: Settings, event: dict[str, Any]) -> list[str]:
    channels = [events_channel(settings)]
    if event["noun"] == "Job":
        channels.append(job_channel(settings, event["noun_id"]))
    if event["noun"] == "ModelVersion":
        channels.append(model_channel(settings))
    return channels


def _message(event: dict[str, Any]) -> bytes:
    payload = event["payload"]
    return orjson.dumps(
        {
            "id": event["id"],
            "kind": event["kind"],
            "noun": event["noun"],
            "nounId": event["noun_id"],
            "payload": orjson.Fragment(payload) if isinstance(payload, str) else payload,
        }
    )
