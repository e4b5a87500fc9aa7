"""What an API process counts: requests, root fields, what is under way.

Names of root fields come from the schema, codes and outcomes from here: nothing that a caller
writes becomes a label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prometheus_client import Gauge, Histogram

from api.errors import Code
from domain.metrics import REGISTRY, SECONDS

OK: Final = "OK"
REFUSED: Final = "REFUSED"
"""A payload that carries `errors`: the form was refused, the request was not."""
OTHER: Final = "OTHER"
_CODES: Final = frozenset(Code) | {OK, REFUSED}

_REQUESTS = Histogram(
    "liudai_request_seconds",
    "GraphQL requests over HTTP: how many, and how long each took in the process. operation is "
    "query, mutation or none; code is OK, REFUSED (a form with errors) or that of the first error.",
    ["operation", "status", "code"],
    registry=REGISTRY,
    buckets=SECONDS,
)
_FIELDS = Histogram(
    "liudai_field_seconds",
    "Root fields of queries and mutations. outcome is ok, refused (the caller's fault) or failed "
    "(INTERNAL, TIMEOUT).",
    ["field", "outcome"],
    registry=REGISTRY,
    buckets=SECONDS,
)
_UNDER_WAY = Gauge(
    "liudai_under_way",
    "GraphQL requests that the process works on (kind request) and WebSockets it holds "
    "(kind websocket).",
    ["process", "kind"],
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
_MODEL = Gauge(
    "liudai_model_version",
    "Model version that the process serves; 0 for none.",
    ["process"],
    registry=REGISTRY,
    multiprocess_mode="livemax",
)

# `labels()` costs as much as all the rest of an observation.
_requests: Final[dict[tuple[str, int, str], Histogram]] = {}
_fields: Final[dict[tuple[str, str], Histogram]] = {}


def observe_request(operation: str, status: int, code: str, seconds: float) -> None:
    """Count one answered request."""
    if code not in _CODES:
        code = OTHER
    key = (operation, status, code)
    found = _requests.get(key)
    if found is None:
        found = _requests[key] = _REQUESTS.labels(operation, str(status), str(code))
    found.observe(seconds)


def observe_field(field: str, outcome: str, seconds: float) -> None:
    """Count one root field; `field` is its name in the schema, as in Query.loan."""
    found = _fields.get((field, outcome))
    if found is None:
        found = _fields[field, outcome] = _FIELDS.labels(field, outcome)
    found.observe(seconds)


@dataclass(slots=True)
class UnderWay:
    """What this process works on just now; told once a second, so counting costs nothing."""

    requests: int = 0
    websockets: int = 0


def telling(under_way: UnderWay, model_version: Callable[[], str | None]) -> Callable[[str], None]:
    """Return what tells the gauges of the process whose name it is given."""

    def tell(process: str) -> None:
        _UNDER_WAY.labels(process, "request").set(under_way.requests)
        _UNDER_WAY.labels(process, "websocket").set(under_way.websockets)
        _MODEL.labels(process).set(_number(model_version()))

    return tell


def _number(version: str | None) -> int:
    """The id in `<model version id>:<digits of its hash>`."""
    return int((version or "0").partition(":")[0])
