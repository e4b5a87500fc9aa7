"""GET /metrics of a whole Liudai: two API processes on one socket, two workers, one of them killed.

Whoever answers a scrape tells of all of them, and of nobody who has ended.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from test_cli import liudai
from waiting import eventually

from domain import metric_folder
from domain.settings import Settings
from liudai.processes import liudai_processes
from liudai.supervisor import Supervisor
from tests.scraped import Scraped, scrape

TOKEN = "a-token-of-the-operators"
PROCESSES = {"api-1", "api-2", "worker-1", "worker-2"}


@dataclass(frozen=True, slots=True)
class Running:
    """A Liudai under its supervisor."""

    supervisor: Supervisor
    url: str
    home: Path

    def scrape(self) -> Scraped:
        return scrape(self.url, TOKEN)

    def ask(self, times: int) -> None:
        """Unauthenticated requests, each over a connection that any process may take."""
        for _ in range(times):
            answer = httpx.post(
                f"{self.url}/graphql", json={"query": "{ businessDate }"}, trust_env=False
            )
            assert answer.status_code == 200

    def requests(self) -> float:
        return self.scrape().total("liudai_request_seconds_count")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(_env_file=None, home=home, api_processes=2, worker_processes=2)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("LIUDAI_"):
                patch.delenv(name)
        patch.setenv("LIUDAI_METRICS_TOKEN", TOKEN)
        assert liudai("migrate", home=home).returncode == 0
        # What an earlier run left must count for nothing.
        (home / "metrics").mkdir()
        for leftover in ("histogram_api-9.db", "gauge_livemax_api-9.db", "api-9.pid"):
            (home / "metrics" / leftover).write_bytes(b"left over")
        with (
            liudai_processes(settings, port=0, log_dir=home / "logs") as (supervisor, url),
            supervisor,
        ):
            found = Running(supervisor, url, home)
            assert eventually(
                lambda: (
                    found.scrape().carried("process", "process_start_time_seconds") == PROCESSES
                ),
                seconds=60,
            )
            yield found


def test_whoever_answers_tells_of_everybody(running: Running) -> None:
    before = running.requests()
    asked = 0
    folder = running.home / "metrics"
    while {path.name for path in folder.glob("histogram_api-*.db")} != {
        "histogram_api-1.db",
        "histogram_api-2.db",
    } or asked < 40:
        running.ask(10)
        asked += 10
        assert asked < 2000, "one process took every connection"
    for _ in range(20):
        found = running.scrape()
        assert found.total("liudai_request_seconds_count") == before + asked
        assert found.total("liudai_request_seconds_count", code="UNAUTHENTICATED") == before + asked
        for gauge in ("liudai_event_loop_lag_seconds", "process_resident_memory_bytes"):
            assert found.carried("process", gauge) == PROCESSES
        assert found.carried("process", "liudai_model_version") == {"api-1", "api-2"}


def test_what_workers_count_is_there(running: Running) -> None:
    def rounds() -> bool:
        found = running.scrape()
        return all(
            found.total("liudai_housekeeping_total", task=task, outcome="ok") > 0
            for task in ("sweep", "sealing", "publishing", "presence")
        )

    assert eventually(rounds, seconds=15)
    # 5 s is how long what was read of the broker is kept.
    assert eventually(lambda: running.scrape().value("liudai_workers") == 2, seconds=15)


@pytest.mark.parametrize("victim", ["api-1", "worker-2"])
def test_a_killed_process_goes_on_counting_and_tells_nothing_stale(
    running: Running, victim: str
) -> None:
    running.ask(20)
    before = running.scrape()
    pid = running.supervisor.pids()[victim]
    os.kill(pid, signal.SIGKILL)

    def comes_back() -> bool:
        found = running.scrape()
        # Nothing falls meanwhile, as it would with a count that began anew.
        for counter in ("liudai_request_seconds_count", "liudai_housekeeping_total"):
            assert found.total(counter) >= before.total(counter)
        for name in ("process_start_time_seconds", "liudai_event_loop_lag_seconds"):
            assert found.carried("process", name) <= PROCESSES
        return (found.value("process_start_time_seconds", process=victim) or 0) > (
            before.value("process_start_time_seconds", process=victim) or 0
        )

    assert eventually(comes_back, seconds=60)
    assert running.supervisor.pids()[victim] != pid
    counted = running.requests()
    assert counted == before.total("liudai_request_seconds_count")
    running.ask(20)
    assert running.requests() == counted + 20


def test_a_worker_that_hangs_holds_up_no_scrape(running: Running) -> None:
    pid = running.supervisor.pids()["worker-1"]
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        found = running.scrape()
        assert time.monotonic() - started < 5
        assert "worker-1" in found.carried("process", "process_resident_memory_bytes")
    finally:
        os.kill(pid, signal.SIGCONT)


def test_only_the_token_opens_it(running: Running) -> None:
    assert httpx.get(f"{running.url}/metrics", trust_env=False).status_code == 401


def test_what_has_ended_is_forgotten(tmp_path: Path) -> None:
    metric_folder.prepare(tmp_path)
    kept = ("counter_api-1.db", "histogram_api-1.db", "gauge_livemax_api-10.db", "api-10.pid")
    gone = ("gauge_livemax_api-1.db", "api-1.pid")
    for name in (*kept, *gone):
        (tmp_path / name).touch()
    metric_folder.forget(tmp_path, "api-1")
    metric_folder.forget(tmp_path, "api-1")  # harmless when there is nothing
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    metric_folder.prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []
