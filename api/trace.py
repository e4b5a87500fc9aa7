"""One request as the logs tell of it: under which id, who asks, what for, and how it ended.

The id goes with the request wherever it goes: into each log line, the audit trail, the answer's
header, an incident, and the worker that does a job for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

import structlog
from graphql import FieldNode, OperationDefinitionNode
from structlog.typing import EventDict, WrappedLogger

from api.metrics import OK
from domain.actor import Actor
from domain.operations.request import request_id

SLOW_SECONDS: Final = 1.0
_NAME_LENGTH_MAX: Final = 60
_FIELDS_MAX: Final = 5
# What fits the audit trail's column and can forge no log line. A traceparent's trace id is the id
# under which other systems know the same call (https://www.w3.org/TR/trace-context/).
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,40}")
_TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

_log = structlog.get_logger("liudai.api")


class Trace:
    """What is known so far of the request under way."""

    __slots__ = ("actor", "node", "request_id")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.actor: Actor | None = None
        self.node: OperationDefinitionNode | None = None

    @property
    def operation(self) -> str:
        """query, mutation or subscription; none before the document was read."""
        return self.node.operation.value if self.node else "none"

    def told(self) -> dict[str, object]:
        """Return who asks and what for, as a log line has it: no names of people, no values."""
        line: dict[str, object] = {}
        if self.actor is not None:
            line["actor"] = self.actor.caller
        if self.node is not None:
            line["operation"] = self.operation
            if self.node.name is not None:
                line["operation_name"] = self.node.name.value[:_NAME_LENGTH_MAX]
            line["fields"] = [
                selected.name.value
                for selected in self.node.selection_set.selections[:_FIELDS_MAX]
                if isinstance(selected, FieldNode)
            ]
        return line


_current: ContextVar[Trace | None] = ContextVar("liudai_trace", default=None)


def begin(headers: Mapping[bytes, bytes]) -> Trace:
    """Begin the request that these headers came with, in the current context."""
    trace = Trace(identify(headers))
    request_id.set(trace.request_id)
    _current.set(trace)
    return trace


def identify(headers: Mapping[bytes, bytes]) -> str:
    """Return X-Request-Id, else the trace id of `traceparent`, where it is a sane one; else a new.

    Sane is 8 to 40 letters, digits, dots, underscores and dashes.
    """
    given = headers.get(b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    traced = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    return traced[1].decode("ascii") if traced else str(uuid4())


def with_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add the request under way to a log line (a structlog processor)."""
    if trace := _current.get():
        for name, value in trace.told().items():
            event.setdefault(name, value)
    return event


def tell(trace: Trace, status: int, code: str, seconds: float, *, every: bool) -> None:
    """Log the end of a request: each mutation, what did not go well and what was slow.

    Queries that went well only with `every`: they are most of the work, and change nothing.
    """
    if every or code != OK or seconds >= SLOW_SECONDS or trace.operation == "mutation":
        _log.info("request", status=status, code=code, seconds=round(seconds, 6))
