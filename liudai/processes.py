"""Which processes make one Liudai, and who holds a LIUDAI_HOME."""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from domain import metric_folder
from domain.settings import EMBEDDED, Settings
from liudai import embedded_redis
from liudai.errors import LiudaiError
from liudai.supervisor import ChildSpec, Supervisor
from liudai.tether import hold_lock

_BACKLOG = 2048


def listen(*, host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises LiudaiError when the address cannot be had.

    Connections wait in its backlog while an API process starts again, so none is refused.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise LiudaiError(
            f"cannot listen on {host} port {port} ({error.strerror}): "
            "stop what uses it, or choose another with --port or LIUDAI_PORT"
        ) from None
    return listening


def base_url(listening: socket.socket) -> str:
    """Return the http:// address of a listening socket, as a client on this machine reaches it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_healthy(url: str) -> bool:
    """Whether the API at `url` answers GET /health with 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


@contextmanager
def hold_home(home: Path, *, url: str) -> Iterator[None]:
    """Hold LIUDAI_HOME for one supervisor; raises LiudaiError when another has it."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "supervisor.lock"
    held = hold_lock(str(path), wait_seconds=1.0)
    if held is None:
        other = supervised(home) or {}
        raise LiudaiError(
            f"{home} is in use by process {other.get('pid', '?')} ({other.get('url', '?')}): "
            "stop it, or set another LIUDAI_HOME"
        )
    try:
        os.ftruncate(held, 0)
        os.pwrite(held, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)
        yield
    finally:
        os.ftruncate(held, 0)
        os.close(held)


def supervised(home: Path) -> dict[str, str] | None:
    """Return `pid` and `url` of the supervisor that holds `home`; None when there is none."""
    path = home / "supervisor.lock"
    if not path.exists():
        return None
    held = hold_lock(str(path), wait_seconds=0.0)
    if held is not None:
        os.close(held)
        return None
    try:
        found = json.loads(path.read_text())
    except ValueError:
        return {}
    return {name: str(value) for name, value in found.items()}


@contextmanager
def liudai_processes(
    settings: Settings,
    *,
    host: str | None = None,
    port: int | None = None,
    log_dir: Path | None = None,
    say: Callable[[str], None] | None = None,
) -> Iterator[tuple[Supervisor, str]]:
    """Give a supervisor of every process of Liudai, not started yet, and the API's address.

    Takes LIUDAI_HOME and the port first (`port` 0 takes any free one) and raises LiudaiError before
    anything starts when one of them is taken. Start it with `with supervisor:` or its `run()`.
    """
    with listen(
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    ) as listening:
        url = base_url(listening)
        with hold_home(settings.home, url=url):
            metric_folder.prepare(settings.metrics_folder)
            children = process_specs(settings, listening=listening)
            # Whoever connects while all is ending is refused at once, and may try another server.
            yield Supervisor(children, log_dir=log_dir, say=say, on_stop=listening.close), url


def process_specs(settings: Settings, *, listening: socket.socket) -> list[ChildSpec]:
    """Return the children of one Liudai; the API processes share the `listening` socket."""
    environment = {"LIUDAI_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}
    children = []
    if settings.redis_url in (EMBEDDED, embedded_redis.redis_url(settings.home)):
        environment["LIUDAI_REDIS_URL"] = embedded_redis.redis_url(settings.home)
        command, lock = embedded_redis.prepare(settings.home)
        ready = partial(embedded_redis.is_ready, settings.home)
        children.append(
            ChildSpec(name="redis", command=tuple(command), lock=lock, ready=ready, stage=0)
        )
    # Boosting trains 1.6 times as fast with one OpenMP thread as with two on two cores.
    worker_environment = environment | {
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
    folder = settings.metrics_folder
    this_command = (sys.executable, "-m", "liudai")
    children += [
        ChildSpec(
            name=name,
            command=(*this_command, "worker"),
            environment={**worker_environment, **metric_folder.environment(folder, name)},
            ended=partial(metric_folder.forget, folder, name),
        )
        for name in _numbered("worker", settings.worker_processes)
    ]
    children += [
        ChildSpec(
            name=name,
            command=(*this_command, "serve", "--fd", str(listening.fileno())),
            environment={**environment, **metric_folder.environment(folder, name)},
            descriptors=(listening.fileno(),),
            ready=partial(is_healthy, base_url(listening)),
            ended=partial(metric_folder.forget, folder, name),
        )
        for name in _numbered("api", settings.api_processes)
    ]
    return children


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]
