"""The embedded Redis on a real server: it keeps its data, and it leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from waiting import eventually, is_gone

from liudai.embedded_redis import embedded_redis, redis_url, server_binary, socket_path
from liudai.errors import LiudaiError

OWNER = """
import sys, time
from pathlib import Path
from liudai.embedded_redis import embedded_redis
with embedded_redis(Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(60)
"""


def write_and_kill(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
        pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: is_gone(pid))


def test_the_binary_is_the_wheels_own():
    assert server_binary().name == "valkey-server"


def test_what_was_written_survives_kill_9(tmp_path: Path):
    with embedded_redis(tmp_path) as url:
        write_and_kill(url)
    with embedded_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


def test_it_listens_on_no_port_and_its_folder_is_private(tmp_path: Path):
    with embedded_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.config_get("port") == {"port": "0"}
        assert (tmp_path / "redis").stat().st_mode & 0o777 == 0o700
        assert socket_path(tmp_path).stat().st_mode & 0o777 == 0o600


def test_it_dies_with_its_owner_and_starts_again_with_its_data(tmp_path: Path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with owner:
        url = owner.stdout.readline().strip()
        assert url == redis_url(tmp_path)
        with redis.Redis.from_url(url) as client:
            client.set("kept", "yes")
            server = client.info("server")["process_id"]
        owner.kill()
    assert eventually(lambda: is_gone(server))
    with embedded_redis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


def test_a_second_one_for_the_same_home_is_refused(tmp_path: Path):
    with embedded_redis(tmp_path), pytest.raises(LiudaiError, match="already"):  # noqa: SIM117
        with embedded_redis(tmp_path):
            pass


def test_a_home_too_deep_for_a_socket_gets_a_short_one(tmp_path: Path):
    home = tmp_path / ("d" * 60) / ("e" * 60)
    home.mkdir(parents=True)
    assert len(os.fsencode(socket_path(home))) <= 103
    assert socket_path(home) == socket_path(home)
    with embedded_redis(home) as url, redis.Redis.from_url(url) as client:
        assert client.ping()
    socket_path(home).parent.rmdir()


def test_homes_beside_each_other_do_not_share_a_socket(tmp_path: Path):
    deep = tmp_path / ("d" * 110)
    assert socket_path(deep / "a") != socket_path(deep / "b")
