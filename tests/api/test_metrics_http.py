"""GET /metrics on the real databases: what it reads of them, and what it does when they hang."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from urllib.parse import urlsplit

import pymysql
import pytest

from domain.db import dialect, execute, rows
from domain.models.records import Job
from domain.operations.audit import seal_audit
from domain.operations.clock import now
from domain.queries.operating import COUNTED_MAX, operating_figures
from domain.rules.jobs import JobKind, JobState
from domain.settings import get_settings
from tests.over_http import Api, served
from tests.scraped import Scraped

MONDAY = dt.datetime(2026, 1, 19, 8, 30, tzinfo=dt.UTC)


async def scrape(api: Api) -> Scraped:
    """A scrape by a fresh application, which keeps nothing from before."""
    async with served(api.lender) as fresh:
        answer = await fresh.client.get("/metrics")
        assert answer.status_code == 200
        return Scraped(answer.text)


async def queue_job(state: JobState = JobState.QUEUED) -> Job:
    return await Job.create(kind=JobKind.TRAIN_MODEL, state=state, input={}, started_by_id=1)


async def test_the_business_date_lags_the_calendar(api: Api) -> None:
    figures = await operating_figures(now=MONDAY)
    assert figures.business_date == dt.date(2026, 1, 15)
    assert figures.lag_days == 4
    found = await scrape(api)
    midnight = dt.datetime(2026, 1, 15, tzinfo=dt.UTC).timestamp()
    assert found.value("liudai_business_date_seconds") == midnight
    assert found.value("liudai_up", part="database") == 1
    assert found.value("liudai_up", part="broker") == 0  # nobody told where it is
    assert found.value("liudai_workers") is None
    lag = (now().date() - dt.date(2026, 1, 15)).days
    assert found.value("liudai_business_date_lag_days") == lag


async def test_jobs_by_state_and_the_age_of_the_oldest_queued(api: Api) -> None:
    none = await operating_figures(now=now())
    assert none.jobs == {"QUEUED": 0, "RUNNING": 0, "LOST": 0, "FAILED": 0}
    assert none.queued.oldest_seconds == 0.0
    first = await queue_job()
    await queue_job()
    await queue_job(JobState.FAILED)
    await queue_job(JobState.SUCCEEDED)
    later = await operating_figures(now=first.created_at + dt.timedelta(minutes=5))
    assert later.jobs == {"QUEUED": 2, "RUNNING": 0, "LOST": 0, "FAILED": 1}
    assert later.queued.waiting == 2
    assert later.queued.oldest_seconds == pytest.approx(300, abs=1)
    found = await scrape(api)
    assert found.value("liudai_jobs", state="QUEUED") == 2
    assert found.value("liudai_jobs", state="FAILED") == 1
    await Job.all().delete()


async def test_unsealed_entries_and_unpublished_events_until_they_are_done(api: Api) -> None:
    while await seal_audit():
        pass
    await execute("UPDATE outbox_event SET published_at = %s", [now()])
    clean = await operating_figures(now=now())
    assert (clean.unsealed.waiting, clean.outbox.waiting) == (0, 0)
    assert (clean.unsealed.oldest_seconds, clean.outbox.oldest_seconds) == (0.0, 0.0)

    await api.lender.facility()
    written = await rows(
        "SELECT COUNT(*) AS n FROM audit_entry e LEFT JOIN audit_seal s ON s.entry_id = e.id "
        "WHERE s.entry_id IS NULL"
    )
    waiting = await operating_figures(now=now() + dt.timedelta(minutes=1))
    assert waiting.unsealed.waiting == written[0]["n"] > 0
    assert waiting.outbox.waiting > 0
    for backlog in (waiting.unsealed, waiting.outbox):
        assert backlog.oldest_seconds == pytest.approx(60, abs=15)

    await seal_audit()
    assert (await operating_figures(now=now())).unsealed.waiting == 0
    assert COUNTED_MAX == 100_000  # what the metric's help says


async def test_a_scrape_is_read_once_for_a_while(api: Api) -> None:
    async with served(api.lender) as fresh:
        before = Scraped((await fresh.client.get("/metrics")).text)
        await queue_job()
        again = Scraped((await fresh.client.get("/metrics")).text)
    assert again.value("liudai_jobs", state="QUEUED") == before.value("liudai_jobs", state="QUEUED")
    await Job.all().delete()


async def test_a_database_that_hangs_costs_a_scrape_seconds_and_nothing_else(api: Api) -> None:
    if dialect() == "sqlite":
        pytest.skip("a table is locked where tables can be locked")
    url = urlsplit(get_settings().database_url)
    other = pymysql.connect(
        host=url.hostname, port=url.port, user=url.username, database=url.path.lstrip("/")
    )
    with other, other.cursor() as cursor:
        cursor.execute("LOCK TABLES outbox_event WRITE")
        started = time.monotonic()
        first, second = await asyncio.gather(scrape(api), scrape(api))
        assert time.monotonic() - started < 10
        for found in (first, second):
            assert found.value("liudai_up", part="database") == 0
            assert found.value("liudai_jobs", state="QUEUED") is None
            assert found.carried("process", "process_resident_memory_bytes") == {"api"}
    healed = await scrape(api)
    assert healed.value("liudai_up", part="database") == 1
    assert healed.value("liudai_jobs", state="QUEUED") == 0
    await api.lender.facility()  # the connections that were given up are none that others get
