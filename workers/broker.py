"""The worker's side of Dramatiq: broker, middleware, and numbers that are chosen, not defaults."""

from __future__ import annotations

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, CurrentMessage, Retries, ShutdownNotifications, TimeLimit

from domain.settings import Settings
from workers.middleware import WorkerLife
from workers.queue import broker_url, namespace

# A worker process that is silent this long has its messages given to others. Silence can be a
# busy interpreter, so duplicates happen: actors claim a lease first.
HEARTBEAT_TIMEOUT_MS = 15_000
# Of a million commands, how many also look for silent workers. A worker polls some eight times a
# second, so this is about once in three seconds; the default leaves messages lying for minutes.
MAINTENANCE_CHANCE = 50_000
TIME_LIMIT_MS = 2 * 60 * 60 * 1000
_ANSWER_SECONDS = 10.0


def build_broker(settings: Settings, life: WorkerLife) -> RedisBroker:
    """Return the broker of a worker process and make it Dramatiq's own.

    Retries are off: the job's row says whether there is anything to do, and the sweeper asks again.
    """
    broker: RedisBroker = RedisBroker(  # type: ignore[no-untyped-call]
        client=redis.Redis.from_url(
            broker_url(settings), socket_connect_timeout=1.0, socket_timeout=_ANSWER_SECONDS
        ),
        namespace=namespace(settings),
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
        middleware=[
            TimeLimit(time_limit=TIME_LIMIT_MS),
            ShutdownNotifications(),
            Retries(max_retries=0),
            CurrentMessage(),
            AsyncIO(),
            life,  # after AsyncIO: it needs the event loop's thread
        ],
    )
    dramatiq.set_broker(broker)
    return broker
