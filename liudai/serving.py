"""`liudai serve`: one API process under uvicorn."""

from __future__ import annotations

import gc
import signal
import socket
from types import FrameType

import uvicorn

from domain.settings import Settings
from liudai.processes import listen

_GRACEFUL_SECONDS = 10
_WS_MESSAGE_MAX_BYTES = 1_048_576


def run(settings: Settings, *, host: str | None, port: int | None, fd: int | None) -> int:
    """Serve until SIGTERM or SIGINT, finish the requests under way, return 0.

    `fd` is a listening socket made by the supervisor; without it the address is bound here, and
    LiudaiError says so when it is taken.
    """
    # Of what is imported at start nothing is garbage: looking for it takes a tenth of the time. The
    # app turns the collector on when it is ready.
    gc.disable()
    listening = (
        socket.socket(fileno=fd)
        if fd is not None
        else listen(
            host=settings.host if host is None else host,
            port=settings.port if port is None else port,
        )
    )
    server = uvicorn.Server(
        uvicorn.Config(
            "api.app:create_app",
            factory=True,
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=_WS_MESSAGE_MAX_BYTES,
            lifespan="on",
            log_config=None,  # the app's own logging formats everything
            log_level=settings.log_level.lower(),
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACEFUL_SECONDS,
        )
    )

    def on_signal(_signum: int, _frame: FrameType | None) -> None:
        # uvicorn takes the signal while it serves, and raises it once more after its orderly end.
        if not server.should_exit:
            raise SystemExit(0)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, on_signal)
    server.run(sockets=[listening])
    return 0 if server.started else 1
