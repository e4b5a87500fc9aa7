"""GET /metrics: the counts of all processes, and how database and broker stand just now.

What is read of them is kept for a few seconds, so that eager scrapers cost no more than patient
ones, and given up after a time: a scrape answers with what there is, and `liudai_up` says what does
not answer.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import structlog
from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.metrics import CONTENT_TYPE, exposition, may_read
from domain.operations.clock import now
from domain.queries.lending.close_progress import CloseProgress
from domain.queries.operating import OperatingFigures, operating_figures
from domain.settings import Settings
from workers.queue import BrokerStatus, broker_status

READ_SECONDS_MAX: Final = 2.5  # the broker's own patience is two
KEPT_SECONDS: Final = 5.0

_log = structlog.get_logger("liudai.api")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadGauge:
    """A gauge whose value is read at a scrape; every value comes with its labels'."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def of(self, *values: tuple[float, *tuple[str, ...]]) -> Metric:
        """Return the metric with these values, each before its labels' values."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for value, *labels in values:
            family.add_metric(labels, value)
        return family


UP = ReadGauge("liudai_up", "1 when the part answered in time, else 0.", ("part",))
JOBS = ReadGauge("liudai_jobs", "Jobs QUEUED, RUNNING, LOST, and FAILED ever.", ("state",))
QUEUED_AGE = ReadGauge("liudai_job_oldest_queued_seconds", "Age of the oldest QUEUED job, or 0.")
MESSAGES = ReadGauge(
    "liudai_broker_messages", "Messages in Redis: waiting, and given_up by Dramatiq.", ("state",)
)
WORKERS = ReadGauge("liudai_workers", "Worker processes that showed themselves in the last 10 s.")
OUTBOX = ReadGauge("liudai_outbox_events", "Events not published yet (told up to 100,000).")
OUTBOX_AGE = ReadGauge(
    "liudai_outbox_oldest_seconds", "Age of the oldest event not published, or 0."
)
UNSEALED = ReadGauge("liudai_audit_unsealed", "Audit entries not sealed yet (up to 100,000).")
UNSEALED_AGE = ReadGauge(
    "liudai_audit_oldest_unsealed_seconds", "Age of the oldest audit entry not sealed, or 0."
)
BUSINESS_DATE = ReadGauge(
    "liudai_business_date_seconds", "Midnight (UTC) of the business date, as seconds since 1970."
)
LAG = ReadGauge(
    "liudai_business_date_lag_days", "Days that the business date is behind the calendar (UTC)."
)
CLOSE_SHARE = ReadGauge(
    "liudai_close_share", "Share of its shards that the last day close has done, 0 to 1."
)
CLOSE_STATE = ReadGauge(
    "liudai_close_state", "1 for the state of the day whose close started last.", ("state",)
)
CLOSE_AGE = ReadGauge(
    "liudai_close_open_seconds", "How long a day close has been under way; 0 when none is."
)
SET_ASIDE = ReadGauge(
    "liudai_loans_set_aside", "Loans that a day close set aside and nobody has caught up."
)
CHAMPION = ReadGauge(
    "liudai_model_champion", "Model version that every process ought to serve; 0 for none."
)
READ: Final = (
    *(UP, JOBS, QUEUED_AGE, MESSAGES, WORKERS, OUTBOX, OUTBOX_AGE, UNSEALED, UNSEALED_AGE),
    *(BUSINESS_DATE, LAG, CLOSE_SHARE, CLOSE_STATE, CLOSE_AGE, SET_ASIDE, CHAMPION),
)


class Kept(Generic[T]):
    """What `read` returned, kept for a while; None when it failed or took too long."""

    def __init__(self, part: str, read: Callable[[], Awaitable[T]]) -> None:
        self._part = part
        self._read = read
        self._lock = asyncio.Lock()
        self._found: T | None = None
        self._fresh_until = 0.0

    async def get(self) -> T | None:
        """Return it, read anew when it is too old; never raises for what does not answer."""
        async with self._lock:
            if time.monotonic() >= self._fresh_until:
                self._found = await self._read_in_time()
                self._fresh_until = time.monotonic() + KEPT_SECONDS
            return self._found

    async def _read_in_time(self) -> T | None:
        try:
            async with asyncio.timeout(READ_SECONDS_MAX):
                return await self._read()
        except Exception as error:  # whatever is wrong with it, the rest is told
            reason = f"{type(error).__name__}: {error}"
            _log.warning("scrape_incomplete", part=self._part, reason=reason)
            return None


class Scrape:
    """The endpoint; asks for LIUDAI_METRICS_TOKEN where one is set."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Kept("database", _read_database)
        self._broker = Kept("broker", lambda: _read_broker(settings))

    async def answer(self, request: Request) -> Response:
        """Answer a scrape; 401 without the token."""
        if not may_read(self._settings, request.headers.get("authorization", "")):
            return PlainTextResponse(
                "Send LIUDAI_METRICS_TOKEN as a bearer token.\n",
                401,
                {"www-authenticate": 'Bearer realm="liudai-metrics"'},
            )
        database, broker = await asyncio.gather(self._database.get(), self._broker.get())
        up = UP.of((float(database is not None), "database"), (float(broker is not None), "broker"))
        read = [up, *_of_database(database), *_of_broker(broker)]
        body = await asyncio.to_thread(exposition, "api", read)
        return Response(body, media_type=CONTENT_TYPE)


async def _read_database() -> OperatingFigures:
    return await operating_figures(now=now())


async def _read_broker(settings: Settings) -> BrokerStatus:
    status = await asyncio.to_thread(broker_status, settings)
    if status.error:
        raise ConnectionError(status.error)
    return status


def _of_database(found: OperatingFigures | None) -> Iterator[Metric]:
    if found is None:
        return
    yield JOBS.of(*((count, state) for state, count in found.jobs.items()))
    yield QUEUED_AGE.of((found.queued.oldest_seconds,))
    yield OUTBOX.of((found.outbox.waiting,))
    yield OUTBOX_AGE.of((found.outbox.oldest_seconds,))
    yield UNSEALED.of((found.unsealed.waiting,))
    yield UNSEALED_AGE.of((found.unsealed.oldest_seconds,))
    yield CHAMPION.of((found.champion or 0,))
    if found.business_date is not None:
        midnight = dt.datetime.combine(found.business_date, dt.time(), dt.UTC)
        yield BUSINESS_DATE.of((midnight.timestamp(),))
        yield LAG.of((found.lag_days,))
    yield SET_ASIDE.of((found.set_aside,))
    if found.close is not None:
        yield CLOSE_SHARE.of((found.close.share,))
        yield CLOSE_STATE.of((1, found.close.state))
        yield CLOSE_AGE.of((_open_seconds(found.close),))


def _open_seconds(close: CloseProgress) -> float:
    if close.started_at is None or close.closed_at is not None:
        return 0.0
    started = close.started_at.replace(tzinfo=dt.UTC)
    return max((dt.datetime.now(dt.UTC) - started).total_seconds(), 0.0)


def _of_broker(found: BrokerStatus | None) -> Iterator[Metric]:
    if found is None:
        return
    yield MESSAGES.of((found.waiting, "waiting"), (found.dead, "given_up"))
    yield WORKERS.of((found.workers,))
