"""Which media type a GraphQL request is in, and which one its answer is sent in.

The rules are those of the GraphQL-over-HTTP specification: `application/graphql-response+json`
answers with telling status codes, `application/json` with 200 for every well-formed request.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

JSON: Final = b"application/json"
GRAPHQL_RESPONSE: Final = b"application/graphql-response+json"

_OFFERED: Final = {
    "application/graphql-response+json": GRAPHQL_RESPONSE,
    "application/json": JSON,
    "application/*": JSON,
    "*/*": JSON,
}


@lru_cache(maxsize=256)
def answer_type(accept: bytes) -> bytes | None:
    """Return the media type to answer in, or None when the caller accepts neither."""
    if not accept:
        return JSON
    best: tuple[float, bytes | None] = (0.0, None)
    for part in accept.decode("latin-1").split(","):
        name, parameters = _media_type(part)
        offered = _OFFERED.get(name)
        if offered is None or parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
            continue
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            continue
        if quality > best[0]:
            best = (quality, offered)
    return best[1]


@lru_cache(maxsize=256)
def wants_page(accept: bytes) -> bool:
    """Whether a browser asks for a page rather than for data."""
    names = [_media_type(part)[0] for part in accept.decode("latin-1").split(",")]
    return "text/html" in names


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Whether a body of this Content-Type is JSON in UTF-8."""
    name, parameters = _media_type(content_type.decode("latin-1"))
    return name == "application/json" and parameters.get("charset", "utf-8") in ("utf-8", "utf8")


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    name, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return name.strip().lower(), {
        key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs
    }
