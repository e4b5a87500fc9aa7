"""What every process counts about itself, and the counts of all of them as Prometheus reads them.

Under the supervisor the counts lie in files that all processes share (metric_folder.py), and
whichever process is asked adds them up: a scrape is right whoever answers. A process on its own
counts in memory and tells of itself alone. Either way a metric is declared as usual, on `REGISTRY`;
a gauge carries the label `process` and the mode "livemax", so that it belongs to one process and
goes with it.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Gauge,
    Metric,
    ProcessCollector,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from domain.db import pool
from domain.metric_folder import own_name, pids, reserve, show_pid
from domain.settings import Settings

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
"""Upper bounds of the buckets of whatever a caller waits for."""
_TICK_SECONDS: Final = 1.0
_LAGS: Final = 15  # ticks whose worst lag is told: as long as scrapes are usually apart

_FOLDER: Final = reserve()
# Before any metric is declared. By its name, not its process id: see metric_folder.py.
values.ValueClass = (
    values.MultiProcessValue(process_identifier=lambda: own_name(""))  # type: ignore[no-untyped-call]
    if _FOLDER
    else values.MutexValue
)

REGISTRY: Final = CollectorRegistry()

_CONNECTIONS = Gauge(
    "liudai_database_connections",
    "Connections of the process to the database: used, free, and max, how many it may open.",
    ["process", "state"],
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
_LAG = Gauge(
    "liudai_event_loop_lag_seconds",
    "Longest time in the last 15 s that the process's event loop came too late.",
    ["process"],
    registry=REGISTRY,
    multiprocess_mode="livemax",
)


@asynccontextmanager
async def watching(kind: str, tick: Callable[[str], None] | None = None) -> AsyncIterator[None]:
    """Tell of this process once a second while the block runs; `kind` is api or worker.

    `tick` is called with the process's name, to tell what else there is. Tells at once when the
    block begins, so that no first scrape finds nothing.
    """
    process = own_name(kind)
    if _FOLDER is not None:
        show_pid(_FOLDER, process)
    _tell(process, 0.0, tick)
    task = asyncio.create_task(_keep_telling(process, tick))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_telling(process: str, tick: Callable[[str], None] | None) -> None:
    loop = asyncio.get_running_loop()
    lags: deque[float] = deque(maxlen=_LAGS)
    while True:
        due = loop.time() + _TICK_SECONDS
        await asyncio.sleep(_TICK_SECONDS)
        lags.append(max(loop.time() - due, 0.0))
        _tell(process, max(lags), tick)


def _tell(process: str, lag_seconds: float, tick: Callable[[str], None] | None) -> None:
    _LAG.labels(process).set(lag_seconds)
    for state, connections in pool().items():
        _CONNECTIONS.labels(process, state).set(connections)
    if tick is not None:
        tick(process)


def exposition(kind: str, read: Iterable[Metric] = ()) -> bytes:
    """Return the counts of all processes, their CPU and memory, and what was `read` elsewhere.

    Takes milliseconds of CPU, more with more series: call it from a thread.
    """
    registry = CollectorRegistry()
    registry.register(_These([*_counted(), *_processes(kind), *read]))
    return generate_latest(registry)


def may_read(settings: Settings, authorization: str) -> bool:
    """Whether this Authorization header opens GET /metrics; any does where no token is set."""
    token = settings.metrics_token.get_secret_value()
    given = authorization.encode("utf-8", "replace")
    return not token or hmac.compare_digest(given, f"Bearer {token}".encode())


class _These(Collector):
    """Metrics that are there already, for `generate_latest`."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _counted() -> Iterable[Metric]:
    if _FOLDER is None:
        return REGISTRY.collect()
    collector = MultiProcessCollector(None, str(_FOLDER))  # type: ignore[no-untyped-call]
    return collector.collect()  # type: ignore[no-untyped-call, no-any-return]


def _processes(kind: str) -> Iterator[Metric]:
    """The library's process metrics of each living process, with its name."""
    living = {own_name(kind): "self"} if _FOLDER is None else pids(_FOLDER)
    found: dict[str, Metric] = {}
    for process, pid in living.items():
        collector = ProcessCollector(pid=lambda pid=pid: pid, registry=None)  # type: ignore[misc]
        for metric in collector.collect():
            told = found.setdefault(
                metric.name, Metric(metric.name, metric.documentation, metric.type)
            )
            for sample in metric.samples:
                told.add_sample(sample.name, {**sample.labels, "process": process}, sample.value)
    yield from found.values()
