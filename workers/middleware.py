"""What lives as long as a worker process: the database, the Redis client, the housekeeping.

All of it belongs to the event loop that Dramatiq's AsyncIO middleware runs in a thread of its own,
so this middleware is added after that one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import structlog
from dramatiq import Broker, Middleware, Worker
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import MiddlewareError
from redis.asyncio import Redis

from domain.db import close_database, driver, open_database
from domain.metrics import watching
from domain.settings import Settings
from workers.metrics import count_round, serve_alone
from workers.queue import broker_url

log = structlog.get_logger(__name__)

Task = Callable[["WorkerLife"], Awaitable[None]]


class WorkerLife(Middleware):
    """Opens and closes what actors use, and runs the `tasks` beside them.

    `stopping` is set at SIGTERM: an actor that needs long gives its work back.
    """

    redis: Redis
    stopping: asyncio.Event

    def __init__(self, settings: Settings, tasks: tuple[Task, ...]) -> None:
        self.settings = settings
        self._tasks = tasks
        self._running: list[asyncio.Task[None]] = []
        self._open_things = AsyncExitStack()

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        try:
            _on_loop(self._open())
        except Exception as error:  # Dramatiq would log any other exception and go on
            raise MiddlewareError(f"{type(error).__name__}: {error}") from error

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        _on_loop(self._announce_stop())

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        _on_loop(self._close())

    async def _open(self) -> None:
        self.stopping = asyncio.Event()
        self.redis = Redis.from_url(
            broker_url(self.settings), socket_connect_timeout=1.0, socket_timeout=5.0
        )
        await open_database(self.settings)
        log.info("database_opened", driver=driver())
        await self._open_things.enter_async_context(watching("worker"))
        serve_alone(self.settings)
        self._running = [asyncio.ensure_future(task(self)) for task in self._tasks]

    async def _announce_stop(self) -> None:
        self.stopping.set()

    async def _close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._open_things.aclose()
        if hasattr(self, "redis"):
            await self.redis.aclose()
        await close_database()


async def keep_doing(
    life: WorkerLife, name: str, seconds: float, work: Callable[[], Awaitable[Any]]
) -> None:
    """Do `work` again and again, `seconds` apart, whatever it raises.

    The first failure of a row is logged, and the recovery: a server that is down for an hour
    fills no log.
    """
    failing = False
    # The driver may turn a cancellation into an error of its own, so being told to stop counts too.
    while not life.stopping.is_set():
        try:
            await work()
        except Exception as error:
            if not failing:
                log.warning(f"{name}_failing", reason=f"{type(error).__name__}: {error}")
            failing = True
            count_round(name, ok=False)
        else:
            if failing:
                log.info(f"{name}_recovered")
            failing = False
            count_round(name, ok=True)
        await asyncio.sleep(seconds)


def _on_loop(coroutine: Awaitable[None]) -> None:
    thread = get_event_loop_thread()
    if thread is None:
        raise RuntimeError("WorkerLife must come after Dramatiq's AsyncIO middleware")
    thread.run_coroutine(coroutine)
