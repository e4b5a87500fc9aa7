"""A worker process: Dramatiq's threads and event loop, and the housekeeping beside them."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading

import structlog
from dramatiq import Worker

from domain.logs import configure_structlog, level
from domain.settings import Settings, get_settings
from workers.actors import declare_actors
from workers.broker import build_broker
from workers.middleware import WorkerLife
from workers.publisher import publish_outbox
from workers.sweeper import seal_audit_trail, show_presence, sweep_jobs

HOUSEKEEPING = (sweep_jobs, seal_audit_trail, publish_outbox, show_presence)
# How often an idle thread looks for messages: a job starts a quarter of a second after its send.
_IDLE_MS = 250
_STOP_MS = 60_000
# Where they share a machine, the API's processes go first: customers pay while the day closes.
_NICENESS = 10

log = structlog.get_logger(__name__)


def run_worker() -> int:
    """Work until SIGTERM or SIGINT, finish the messages under way, return 0.

    Servers that are down are waited for. Call it from the main thread.
    """
    settings = get_settings()
    os.nice(_NICENESS)
    _log_to_stderr(settings)
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    life = WorkerLife(settings, HOUSEKEEPING)
    broker = build_broker(settings, life)
    declare_actors(broker, life)
    worker = Worker(broker, worker_threads=settings.worker_threads, worker_timeout=_IDLE_MS)
    broker.emit_after("process_boot")
    try:
        worker.start()
    except BaseException:
        broker.emit_after("worker_shutdown", worker)  # ends the event loop's thread
        raise
    gc.collect()
    gc.freeze()  # what lives as long as the process need not be looked at by every collection
    log.info("worker_ready")
    while not stop.wait(1.0):
        pass
    worker.stop(timeout=_STOP_MS)
    log.info("worker_stopped")
    return 0


class _OneLine(logging.Filter):
    """Lets a broker that is down be said once a minute, not at every try of every thread."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.CRITICAL and "Restarting consumer" not in record.getMessage():
            return True
        kind = str(record.msg)
        if record.created - self._said.get(kind, 0.0) < 60:
            return False
        self._said[kind] = record.created
        return True


def _log_to_stderr(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_OneLine())
    handler.setFormatter(configure_structlog(settings))
    least = level(settings)
    logging.basicConfig(level=least, handlers=[handler])
    for library in ("dramatiq", "tortoise"):
        logging.getLogger(library).setLevel(max(least, logging.WARNING))


if __name__ == "__main__":
    sys.exit(run_worker())
