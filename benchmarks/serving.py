"""A server process and its CPU: the same uvicorn settings whatever it serves."""

from __future__ import annotations

import cProfile
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import psutil
import uvicorn

from benchmarks.report import Unmeasurable

CLIENTS = 4
_START_SECONDS = 30.0

Call = tuple[str, str, bytes | None]
"""Method, path and body of a request."""


class Server:
    """A process that listens on loopback, and callers of it over connections that are kept."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, token: str) -> None:
        self.port = port
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self._process = psutil.Process(process.pid)

    def call(self, call: Call) -> bytes:
        """Send one request; return the body of its answer, which must be 200."""
        return self._send([call])[0]

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        used = self._process.cpu_times()
        return float(used.user + used.system)

    def cpu_ms(self, calls: Sequence[Call]) -> float:
        """Send `calls` over a few connections; return the server's CPU for each, in ms.

        Raises Unmeasurable for an answer that is not
        200 or that names an error.
        """
        before = self.cpu_seconds()
        failed: list[BaseException] = []

        def send(part: Sequence[Call]) -> None:
            try:
                for body in self._send(part):
                    if b'"errors":[{' in body:
                        raise Unmeasurable(f"the server answered {body[:500]!r}")
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=send, args=(calls[i::CLIENTS],)) for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return (self.cpu_seconds() - before) / len(calls) * 1000

    def _send(self, calls: Sequence[Call]) -> list[bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        bodies = []
        for method, path, body in calls:
            connection.request(method, path, body, self._headers)
            answer = connection.getresponse()
            bodies.append(answer.read())
            if answer.status != 200:
                raise Unmeasurable(f"{path} answered {answer.status}: {bodies[-1][:500]!r}")
        connection.close()
        return bodies


@contextmanager
def serving(app: str, *, environment: dict[str, str], token: str) -> Iterator[Server]:
    """Run the application factory `app` (module:function) in a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"from benchmarks.serving import serve; serve({app!r}, {listening.fileno()})",
            ],
            env=os.environ | environment,
            pass_fds=[listening.fileno()],
        )
        server = Server(process, listening.getsockname()[1], token)
        try:
            _wait(process, server)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=20)


def serve(app: str, fd: int) -> None:
    """Serve on a listening socket with the settings of `liudai serve`."""
    config = uvicorn.Config(
        app,
        factory=True,
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    # uvicorn raises the signal once more after its orderly end, which would hide a profile.
    signal.signal(signal.SIGTERM, lambda *_: None)
    work = partial(server.run, sockets=[socket.socket(fileno=fd)])
    if profile := os.environ.get("LIUDAI_BENCH_PROFILE"):
        _profile(work, f"{profile}.{app.partition(':')[0]}")
    else:
        work()


def _profile(work: Callable[[], None], path: str) -> None:
    profiler = cProfile.Profile()
    try:
        profiler.runcall(work)
    finally:
        profiler.dump_stats(path)


def _wait(process: subprocess.Popen[bytes], server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server.call(("GET", "/health", None))
        except (OSError, Unmeasurable, http.client.HTTPException):
            time.sleep(0.05)
        else:
            return
    raise Unmeasurable("the server process did not become ready; it says why above")
