"""`liudai up` whole: embedded Redis, worker and API from one command, and its orderly end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from waiting import eventually, is_gone

from liudai.processes import is_healthy, supervised


@dataclass(frozen=True, slots=True)
class Up:
    """A running `liudai up`."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def child(self, command: str) -> psutil.Process | None:
        """Return the child that runs `command`: a program, or an argument of this command."""
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it may have ended meanwhile
                line = child.cmdline() or [""]
                if command in line or f"/{command} " in line[0]:
                    return child
        return None


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIUDAI_")}
    log = tmp_path / "log"
    home = tmp_path / "home"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "liudai", "up", "--port", "0"],
            stderr=output,
            env={**clean, "LIUDAI_HOME": str(home)},
        )
    with process:
        assert eventually(lambda: b"ready at" in log.read_bytes(), seconds=60), log.read_text()
        yield Up(process, supervised(home)["url"], log)
        if process.poll() is None:
            process.terminate()
            assert process.wait(timeout=40) == 0


def test_a_killed_redis_worker_and_api_come_back(up: Up):
    assert is_healthy(up.url)
    for command in ("valkey-server", "worker", "serve"):
        killed = up.child(command)
        os.kill(killed.pid, signal.SIGKILL)
        assert eventually(
            lambda command=command, killed=killed: up.child(command) not in (None, killed)
        )
    # The connection waits in the supervisor's socket until the new process takes it.
    assert httpx.get(f"{up.url}/health", timeout=30).json()["status"] == "ok"


def refuses(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_sigterm_finishes_the_request_under_way(up: Up):
    children = psutil.Process(up.process.pid).children(recursive=True)
    body = b'{"query": "{ __typename }"}'
    host, port = up.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as peer:
        peer.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: liudai\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body[:5])
        )
        assert eventually(lambda: is_healthy(up.url))  # the half request was read before this one
        up.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refuses(host, int(port)))
        peer.sendall(body[5:])
        answer = b""
        while b"Query" not in answer:
            part = peer.recv(4096)
            assert part, answer
            answer += part
        assert answer.startswith(b"HTTP/1.1 200")
    assert up.process.wait(timeout=40) == 0
    assert all(is_gone(child.pid) for child in children)
    assert "Traceback" not in up.log.read_text()


def test_kill_9_leaves_no_process(up: Up):
    children = psutil.Process(up.process.pid).children(recursive=True)
    up.process.kill()
    up.process.wait()
    assert len(children) >= 3
    assert eventually(lambda: all(is_gone(child.pid) for child in children), seconds=5)
