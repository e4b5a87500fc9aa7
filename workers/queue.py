"""Sending work: the one part of `workers` that the API imports. No actor is known here by more
than its name.

A send happens after the commit and may fail: the job's row is the truth, and the sweeper sends
what was not sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import redis
import structlog
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import NoBackoff
from redis.retry import Retry

from domain.operations.job_messages import sending_failed, start_sending
from domain.rules.jobs import JobKind
from domain.settings import EMBEDDED, Settings, get_settings

QUEUE = "jobs"
ACTORS = {
    JobKind.TRAIN_MODEL: "train_model",
    JobKind.POST_PAYMENT_FILE: "post_payment_file",
    JobKind.CLOSE_DAY: "close_day",
}
CLOSE_SHARD = "close_shard"

_CONNECT_SECONDS, _ANSWER_SECONDS, _SEND_SECONDS = 0.5, 1.0, 2.0

log = structlog.get_logger(__name__)


class BrokerUnknown(Exception):
    """LIUDAI_REDIS_URL is `embedded`, and no supervisor told this process where its Redis is."""


def broker_url(settings: Settings) -> str:
    """Return the URL of the broker. Raises :class:`BrokerUnknown`."""
    if settings.redis_url == EMBEDDED:
        raise BrokerUnknown("start this process with `liudai`, or set LIUDAI_REDIS_URL")
    return settings.redis_url


def namespace(settings: Settings) -> str:
    """Return the prefix of Dramatiq's keys."""
    return f"{settings.redis_prefix}:dramatiq"


async def send_job(*, job_id: int, kind: JobKind = JobKind.TRAIN_MODEL) -> bool:
    """Send the message of a queued job, if it needs one; whether it was sent.

    Raises nothing: what fails here is logged, and sent later by the sweeper.
    """
    try:
        lease_seconds = get_settings().job_lease_seconds
        if await start_sending(job_id, lease_seconds=lease_seconds) is None:
            return False
        try:
            # The client blocks, and a broker out of reach must not hold the loop.
            await asyncio.wait_for(
                asyncio.to_thread(_send, ACTORS[kind], job_id), timeout=_SEND_SECONDS
            )
        except (redis.RedisError, OSError, TimeoutError, BrokerUnknown) as error:
            await sending_failed(job_id)
            log.warning("job_not_sent", job=job_id, reason=_reason(error))
            return False
    except Exception as error:
        log.warning("job_not_sent", job=job_id, reason=_reason(error))
        return False
    return True


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """What `liudai doctor` says of the broker; `error` is empty when it answers.

    `workers` are the worker processes seen lately, `waiting` the messages nobody has taken, `dead`
    those that were given up.
    """

    error: str
    ping_ms: float = 0.0
    workers: int = 0
    waiting: int = 0
    dead: int = 0


def broker_status(settings: Settings | None = None) -> BrokerStatus:
    """Ask the broker how it is; takes at most two seconds. Blocks: call it from a thread."""
    settings = settings or get_settings()
    jobs = f"{namespace(settings)}:{QUEUE}"
    try:
        with _client(broker_url(settings)) as client:
            start = time.perf_counter()
            client.ping()
            ping_ms = (time.perf_counter() - start) * 1000
            return BrokerStatus(
                error="",
                ping_ms=ping_ms,
                workers=sum(1 for _ in client.scan_iter(f"{worker_key(settings, '*')}")),
                waiting=int(client.llen(jobs)),
                dead=int(client.zcard(f"{jobs}.XQ")),
            )
    except (redis.RedisError, OSError, ValueError, BrokerUnknown) as error:
        return BrokerStatus(error=_reason(error))


def worker_key(settings: Settings, worker: str) -> str:
    """Return the key that a live worker process renews."""
    return f"{settings.redis_prefix}:worker:{worker}"


async def send_shards(shard_ids: Sequence[int]) -> None:
    """Send a message for each shard of a closing day. Raises nothing: whoever runs the close works
    on what nobody else takes."""
    try:
        await asyncio.to_thread(_send_shards, shard_ids)
    except (redis.RedisError, OSError, BrokerUnknown) as error:
        log.warning("shards_not_sent", shards=len(shard_ids), reason=_reason(error))


def _send_shards(shard_ids: Sequence[int]) -> None:
    for shard_id in shard_ids:
        _enqueue(CLOSE_SHARD, {"shard_id": shard_id})


def _send(actor: str, job_id: int) -> None:
    _enqueue(actor, {"job_id": job_id})


def _enqueue(actor: str, arguments: dict[str, int]) -> None:
    settings = get_settings()
    broker = _broker(broker_url(settings), namespace(settings))
    broker.enqueue(
        Message(queue_name=QUEUE, actor_name=actor, args=(), kwargs=arguments, options={})
    )


@lru_cache(maxsize=4)
def _broker(url: str, prefix: str) -> RedisBroker:
    broker: RedisBroker = RedisBroker(  # type: ignore[no-untyped-call]
        client=_client(url), namespace=prefix, middleware=[]
    )
    return broker


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
