"""Which processes there are, the port, and who holds a LIUDAI_HOME."""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from domain.metric_folder import environment, prepare
from domain.settings import Settings
from liudai.embedded_redis import redis_url
from liudai.errors import LiudaiError
from liudai.processes import (
    base_url,
    hold_home,
    is_healthy,
    listen,
    liudai_processes,
    process_specs,
    supervised,
)


def test_the_embedded_default_is_redis_then_worker_and_api(tmp_path: Path):
    settings = Settings(home=tmp_path)
    with listen(host="127.0.0.1", port=0) as listening:
        redis, worker, api = process_specs(settings, listening=listening)
        descriptor = listening.fileno()
    assert (redis.name, redis.stage) == ("redis", 0)
    assert worker.command == (sys.executable, "-m", "liudai", "worker")
    assert api.command[-2:] == ("--fd", str(descriptor))
    assert api.descriptors == (descriptor,)
    for child in (worker, api):
        assert child.environment["LIUDAI_REDIS_URL"] == redis_url(tmp_path)
        assert child.stage == 1


def test_each_process_counts_under_its_name_and_is_forgotten_when_it_ends(tmp_path: Path):
    settings = Settings(home=tmp_path, worker_processes=2)
    with listen(host="127.0.0.1", port=0) as listening:
        _, *children = process_specs(settings, listening=listening)
    folder = tmp_path / "metrics"
    prepare(folder)
    for child in children:
        assert child.environment == child.environment | environment(folder, child.name)
        for name in (f"gauge_livemax_{child.name}.db", f"counter_{child.name}.db"):
            (folder / name).touch()
    for child in children:
        child.ended()
    assert {path.name for path in folder.iterdir()} == {
        f"counter_{name}.db" for name in ("worker-1", "worker-2", "api")
    }


def test_a_redis_of_ones_own_is_used_and_counts_are_obeyed(tmp_path: Path):
    settings = Settings(
        home=tmp_path,
        redis_url="redis://127.0.0.1:6379/0",
        worker_processes=2,
        api_processes=2,
    )
    with listen(host="127.0.0.1", port=0) as listening:
        specs = process_specs(settings, listening=listening)
    assert [spec.name for spec in specs] == ["worker-1", "worker-2", "api-1", "api-2"]
    assert all("LIUDAI_REDIS_URL" not in spec.environment for spec in specs)


def test_a_taken_port_is_refused_by_its_number():
    with listen(host="127.0.0.1", port=0) as first:
        port = first.getsockname()[1]
        with pytest.raises(LiudaiError, match=f"cannot listen on 127.0.0.1 port {port} "):
            listen(host="127.0.0.1", port=port)


def test_a_host_that_is_not_here_is_refused():
    with pytest.raises(LiudaiError, match="cannot listen on no"):
        listen(host="no.such.host.invalid", port=0)


def test_a_home_has_one_supervisor_and_says_whose(tmp_path: Path):
    assert supervised(tmp_path) is None
    with hold_home(tmp_path, url="http://127.0.0.1:8000"):
        assert supervised(tmp_path) == {"pid": str(os.getpid()), "url": "http://127.0.0.1:8000"}
        with pytest.raises(LiudaiError, match=rf"in use by process {os.getpid()} \(http"):  # noqa: SIM117
            with hold_home(tmp_path, url="http://127.0.0.1:8001"):
                pass
    assert supervised(tmp_path) is None


def test_the_port_is_free_again_after_the_block(tmp_path: Path):
    settings = Settings(home=tmp_path)
    with liudai_processes(settings, port=0) as (supervisor, url):
        assert supervisor.pids() == {}
        port = int(url.rsplit(":", 1)[1])
    listen(host="127.0.0.1", port=port).close()


class Health(BaseHTTPRequestHandler):
    """Answers /health with the status its server was given."""

    def do_GET(self):
        self.send_response(self.server.status if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_health_is_a_200_of_health(status: int, healthy: bool):
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        server.status = status
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert is_healthy(base_url(server.socket)) is healthy
        server.shutdown()
    assert not is_healthy(base_url_of_nobody())


def base_url_of_nobody() -> str:
    with listen(host="127.0.0.1", port=0) as gone:
        return base_url(gone)
