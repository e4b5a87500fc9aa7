"""Settings and worker processes for the tests of workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from worker_process import WorkerProcess

from domain.settings import get_settings
from tests import servers

LEASE_SECONDS = 5


@pytest.fixture(scope="module")
def fast(environment: pytest.MonkeyPatch) -> Iterator[None]:
    """Short leases and sweeps, and the real Redis of the tests."""
    environment.setenv("LIUDAI_JOB_LEASE_SECONDS", str(LEASE_SECONDS))
    environment.setenv("LIUDAI_SWEEP_SECONDS", "0.5")
    environment.setenv("LIUDAI_MODEL_POLL_SECONDS", "1.0")
    environment.setenv("LIUDAI_REDIS_URL", servers.REDIS_URL)
    environment.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    get_settings.cache_clear()
    with servers.redis_keys(get_settings().redis_prefix):
        yield


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[[], WorkerProcess]]:
    """Start worker processes; what is left of them ends with the test."""
    started: list[WorkerProcess] = []

    def start() -> WorkerProcess:
        started.append(WorkerProcess(tmp_path / f"worker-{len(started)}.log"))
        return started[-1]

    yield start
    for process in started:
        if process.running:
            process.kill()
        print(process.log.read_text())  # shown where the test fails
