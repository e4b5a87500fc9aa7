"""A worker that no supervisor started tells of itself on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest
from training_stories import ask, ended, until
from worker_process import WorkerProcess

from domain.db import dialect
from tests import servers
from tests.lender import Lender
from tests.processes import free_port
from tests.scraped import Scraped
from workers import queue

pytestmark = [
    pytest.mark.usefixtures("fast"),
    pytest.mark.skipif(not servers.REDIS, reason="no Redis server can be reached"),
]
TOKEN = "a-token-of-the-operators"


async def test_a_worker_alone_tells_of_its_jobs_and_rounds_to_who_has_the_token(
    lender: Lender, worker: Callable[[], WorkerProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    if dialect() == "sqlite" and servers.MYSQL:
        pytest.skip("the pool is told where there is one")
    port = free_port()
    monkeypatch.setenv("LIUDAI_METRICS_PORT", str(port))
    monkeypatch.setenv("LIUDAI_METRICS_TOKEN", TOKEN)
    url = f"http://127.0.0.1:{port}"
    alone = worker()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:

        async def listens() -> bool:
            try:
                return (await client.get("/metrics")).status_code == 401
            except httpx.TransportError:
                return False

        await until(listens)
        assert (await client.get("/metrics", headers={"authorization": "Bearer x"})).text == ""
        assert (await client.get("/")).status_code == 404

        # Too little history to learn from: the shortest job there is.
        job_id = await ask(lender, source="HISTORY", currency="USD", synthetic_rows=None)
        assert await queue.send_job(job_id=job_id)
        await ended(job_id)

        async def told() -> bool:
            answer = await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
            found = Scraped(answer.text)
            labels = {"kind": "TRAIN_MODEL", "state": "FAILED"}
            return (
                found.total("liudai_job_attempt_seconds_count", **labels) == 1
                and found.total("liudai_housekeeping_total", task="sealing", outcome="ok") > 0
                and found.carried("process", "process_resident_memory_bytes") == {"worker"}
                and (found.value("liudai_database_connections", process="worker", state="max"))
                == 10
                and found.total("liudai_database_connections", process="worker", state="free") >= 1
            )

        await until(told, seconds=10)
    assert await asyncio.to_thread(alone.stop) == 0
