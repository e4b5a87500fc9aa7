"""Log lines of every process: JSON in production, for people elsewhere; to standard error.

Each line says when, how grave, what happened, and for which request: its id is the same in the API
and in the worker that does a job for it. Never a token, a body, a variable or a person's name.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from domain.operations.request import request_id
from domain.settings import Settings


def configure_structlog(settings: Settings, *processors: Processor) -> logging.Formatter:
    """Configure structlog, once at start; return what formats the standard library's lines alike.

    `processors` add to a line what a process knows besides.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_request_id,
        *processors,
    ]
    # The variables of a failing frame hold people's identifiers and account numbers: structlog's
    # own tracebacks would print them.
    render: list[Processor] = [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
    if settings.production:
        tracebacks = ExceptionDictTransformer(show_locals=False)
        render = [
            structlog.processors.ExceptionRenderer(tracebacks),
            structlog.processors.JSONRenderer(),
        ]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level(settings)),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )


def level(settings: Settings) -> int:
    """Return the least level that is logged, as the standard library numbers it."""
    return logging.getLevelNamesMapping()[settings.log_level]


def _with_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if current := request_id.get():
        event.setdefault("request_id", current)
    return event
