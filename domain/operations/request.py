"""The id of the request under way, for the audit trail and the logs."""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("liudai_request_id", default="")
