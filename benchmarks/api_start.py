"""How soon a fresh API process is ready, what it holds then, and what it must not have imported.

The process is `liudai serve` on the embedded database, migrated beforehand, with a champion model
that it loads before it is ready, and with bytecode compiled as an installation has it
(PYTHONDONTWRITEBYTECODE is taken out of the environment).
"""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import psutil

from benchmarks.champion import promote_a_model
from benchmarks.report import Unmeasurable, conclude, run, show
from domain.settings import Settings

NAME = "api_start"
SECONDS_MAX, MEGABYTES_MAX = 2.0, 200.0
RUNS = 5
NOT_IMPORTED = ("sklearn", "skl2onnx", "pandas")
_GIVE_UP_SECONDS = 30.0


def measure() -> None:
    """Print the medians and the verdict."""
    with tempfile.TemporaryDirectory(prefix="liudai-bench-") as home:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("LIUDAI_") and name != "PYTHONDONTWRITEBYTECODE"
        } | {"LIUDAI_HOME": home, "LIUDAI_LOG_LEVEL": "WARNING"}
        _liudai("migrate", environment)
        asyncio.run(promote_a_model(_settings(Path(home))))
        imported = _imported(environment)
        _start(environment)  # compiles what was never compiled
        found = [_start(environment) for _ in range(RUNS)]
    print(f"`import api.app` loads of {', '.join(NOT_IMPORTED)}: {', '.join(imported) or 'none'}")
    seconds = show("ready after", [each[0] for each in found], "s")
    megabytes = show("resident when ready", [each[1] for each in found], "MB")
    holds = seconds <= SECONDS_MAX and megabytes <= MEGABYTES_MAX and not imported
    conclude(
        NAME,
        f"{seconds:.2f} s and {megabytes:.0f} MB, training libraries: {len(imported)}",
        f"{SECONDS_MAX:.0f} s and {MEGABYTES_MAX:.0f} MB, 0",
        holds,
    )


def _settings(home: Path) -> Settings:
    return Settings(_env_file=None, home=home, database_url="", artefacts_url="")  # type: ignore[call-arg]


def _imported(environment: dict[str, str]) -> list[str]:
    code = (
        f"import sys, api.app\nprint(*(name for name in {NOT_IMPORTED!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unmeasurable(f"`import api.app` fails: {done.stderr.strip()[-500:]}")
    return done.stdout.split()


def _liudai(command: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "liudai", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Unmeasurable(f"`liudai {command}` fails: {done.stderr.strip()[-500:]}")


def _start(environment: dict[str, str]) -> tuple[float, float]:
    """Start an API process and end it; return seconds until it is ready and its megabytes then."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "liudai", "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        while (health := _health(port)) is None:
            if process.poll() is not None or time.perf_counter() > started + _GIVE_UP_SECONDS:
                raise Unmeasurable("`liudai serve` did not become ready; it says why above")
            time.sleep(0.01)
        seconds = time.perf_counter() - started
        if health["model"] is None:
            raise Unmeasurable("the API was ready before its model was: it took too long to load")
        return seconds, psutil.Process(process.pid).memory_info().rss / 2**20
    finally:
        process.terminate()
        process.wait(timeout=20)


def _health(port: int) -> dict[str, str | None] | None:
    """Return what /health says when it answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        said: dict[str, str | None] = orjson.loads(answer.read())
        return said if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


if __name__ == "__main__":
    run(measure)
