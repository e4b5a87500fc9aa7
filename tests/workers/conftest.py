"""Real worker processes, and an embedded Redis that a test can stop and start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis

from domain.settings import get_settings
from tests import servers

LEASE_SECONDS = 4


class WorkerProcess:
    """One `liudai worker` as the supervisor would start it."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "workers.main"], stderr=output, stdout=output
            )
        self.pid = self._process.pid

    def trainings(self) -> list[psutil.Process]:
        """The training processes it has started."""
        try:
            return [
                child
                for child in psutil.Process(self.pid).children()
                if "ml.training_process" in child.cmdline()
            ]
        except psutil.Error:
            return []

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 40) -> int:
        """SIGTERM, and the exit code."""
        self._process.terminate()
        return self._process.wait(timeout=seconds)


@pytest.fixture(scope="module")
def fast(environment: pytest.MonkeyPatch) -> Iterator[None]:
    """Short leases and sweeps, and the real Redis of the tests."""
    environment.setenv("LIUDAI_JOB_LEASE_SECONDS", str(LEASE_SECONDS))
    environment.setenv("LIUDAI_SWEEP_SECONDS", "0.5")
    environment.setenv("LIUDAI_MODEL_POLL_SECONDS", "1.0")
    environment.setenv("LIUDAI_REDIS_URL", servers.REDIS_URL)
    environment.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    get_settings.cache_clear()
    prefix = get_settings().redis_prefix
    yield
    if servers.REDIS:
        with redis.Redis.from_url(servers.REDIS_URL) as client:
            for key in client.scan_iter(f"{prefix}:*"):
                client.delete(key)


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
