"""What a worker process counts, and where a worker that stands alone tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import Counter, Histogram

from domain.metric_folder import own_folder
from domain.metrics import CONTENT_TYPE, REGISTRY, exposition, may_read
from domain.settings import Settings

_ATTEMPT_SECONDS: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)

_ATTEMPTS = Histogram(
    "liudai_job_attempt_seconds",
    "Attempts at jobs that workers ended; state is the job's after it, or UNKNOWN.",
    ["kind", "state"],
    registry=REGISTRY,
    buckets=_ATTEMPT_SECONDS,
)
_HOUSEKEEPING = Counter(
    "liudai_housekeeping",
    "Rounds of the work beside the jobs: sweep, sealing, publishing, presence. outcome is ok or "
    "failed.",
    ["task", "outcome"],
    registry=REGISTRY,
)


def observe_attempt(kind: str, state: str, seconds: float) -> None:
    """Count one attempt at a job."""
    _ATTEMPTS.labels(kind, state).observe(seconds)


def count_round(task: str, *, ok: bool) -> None:
    """Count one round of the housekeeping."""
    _HOUSEKEEPING.labels(task, "ok" if ok else "failed").inc()


def serve_alone(settings: Settings) -> None:
    """Answer GET /metrics on LIUDAI_METRICS_PORT, unless the API tells of this process anyway.

    Raises OSError when the port cannot be had.
    """
    if not settings.metrics_port or own_folder() is not None or not settings.metrics_served:
        return

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, body = "404 Not Found", b""
        if environ["PATH_INFO"] == "/metrics":
            status = "401 Unauthorized"
            if may_read(settings, environ.get("HTTP_AUTHORIZATION", "")):
                status, body = "200 OK", exposition("worker")
        start(status, [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))])
        return [body]

    try:
        server = make_server(settings.host, settings.metrics_port, answer, handler_class=_Silent)
    except OSError as error:
        raise OSError(
            f"cannot listen on port {settings.metrics_port} of LIUDAI_METRICS_PORT: "
            f"{error.strerror}"
        ) from None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Silent(WSGIRequestHandler):
    """Logs no scrape, and waits for no caller that says nothing."""

    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
