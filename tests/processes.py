"""API processes as an operator starts them, against the database in the environment."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

START_SECONDS = 30.0


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def api_processes(count: int, *, before: str = "") -> Iterator[list[str]]:
    """Start `count` API processes and yield their addresses; `before` is Python run first."""
    with ExitStack() as stack:
        yield [stack.enter_context(api_process(before))[0] for _ in range(count)]


@contextmanager
def api_process(before: str = "") -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start one API process; yield its address, and the process for a test that kills it."""
    port = free_port()
    code = f"{before}\nfrom liudai.cli import main\nmain()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--port", str(port)],
        env=os.environ | {"LIUDAI_LOG_LEVEL": "WARNING"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url, process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the API process ended at its start"
        try:
            with opener.open(f"{url}/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the API was not ready within {START_SECONDS} s")
