"""`liudai up` as an operator starts it, its processes to be killed, on the test's own database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from domain.settings import get_settings
from liudai.processes import supervised

KINDS = {"api": "serve", "worker": "worker", "redis": "valkey-server"}
LOANS_A_SHARD = 10
_ROOT = Path(__file__).parents[2]
_START_SECONDS = 90.0
# Imported by every Python process under the supervisor: a book of a few hundred loans is one shard
# otherwise, and a close that fans out is what shall be killed.
_SMALL_SHARDS = f"""
from contextlib import suppress
with suppress(ImportError):
    import domain.rules.lending.day_close
    domain.rules.lending.day_close.SHARD_LEAST = {LOANS_A_SHARD}
"""


@dataclass(frozen=True, slots=True)
class Up:
    """A running supervisor with two API processes, two workers and its embedded Redis."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def of_kind(self, kind: str) -> list[psutil.Process]:
        """The children of a kind of :data:`KINDS` that run just now."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):  # it may have ended meanwhile
                line = child.cmdline() or [""]
                if KINDS[kind] in line or f"/{KINDS[kind]}" in line[0]:
                    found.append(child)
        return found

    def kill(self, kind: str, place: int) -> int | None:
        """kill -9 one child of a kind; return its process id, or None where none runs."""
        running = self.of_kind(kind)
        if not running:
            return None
        pid = running[place % len(running)].pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return int(pid)


@contextmanager
def running(folder: Path) -> Iterator[Up]:
    """Run `liudai up` with the settings in the environment, its log in `folder`."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_SMALL_SHARDS)
    log = folder / "log"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "LIUDAI_REDIS_URL"},
        "LIUDAI_API_PROCESSES": "2",
        "LIUDAI_WORKER_PROCESSES": "2",
        "LIUDAI_JOB_LEASE_SECONDS": "3",
        "LIUDAI_SWEEP_SECONDS": "0.5",
        "LIUDAI_LOG_LEVEL": "INFO",
        "PYTHONPATH": f"{site}{os.pathsep}{_ROOT}",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "liudai", "up", "--port", "0"],
            stdout=output,
            stderr=output,
            env=environment,
        )
    with process:
        try:
            given_up = time.monotonic() + _START_SECONDS
            while b"ready at" not in log.read_bytes():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < given_up, log.read_text()
                time.sleep(0.1)
            yield Up(process, supervised(get_settings().home)["url"], log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    process.kill()
