"""Log lines of an API process: as domain/logs.py has them, with the caller and what was asked."""

from __future__ import annotations

import logging

from api.trace import with_trace
from domain.logs import configure_structlog, level
from domain.settings import Settings


def configure_logging(settings: Settings) -> None:
    """Configure structlog, and uvicorn's logger beside it, once at start."""
    handler = logging.StreamHandler()
    handler.setFormatter(configure_structlog(settings, with_trace))
    logger = logging.getLogger("uvicorn")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level(settings))
