"""What a resolver knows about the request it serves."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import strawberry

from api.errors import Language, unauthenticated
from domain.actor import Actor


class Context:
    """One per HTTP request, one per WebSocket connection."""

    __slots__ = ("caller", "connection_params", "language", "loaders", "memo", "refused")

    def __init__(self, caller: Actor | None, language: Language) -> None:
        self.caller = caller
        self.language: Language = language
        self.loaders: dict[str, Any] = {}
        """Data loaders of this request, by name."""
        self.memo: Any = None
        """What is remembered of the document (api/graphql/documents.py)."""
        self.refused = False
        """Whether a form of this request was refused (api/graphql/observed.py)."""
        self.connection_params: dict[str, object] | None = None

    @property
    def actor(self) -> Actor:
        """The person who asks. Raises UNAUTHENTICATED when nobody has signed in."""
        if self.caller is None:
            raise unauthenticated()
        return self.caller


Info: TypeAlias = strawberry.Info[Context, None]


@lru_cache(maxsize=256)
def language_of(accept_language: bytes) -> Language:
    """Return the language an Accept-Language header asks for; English when it names neither."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language.decode("latin-1").split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.partition("=")[2]) if parameter else 1.0
        except ValueError:
            continue
        primary = tag.strip().lower().partition("-")[0]
        if primary in ("zh", "en") and quality > best[0]:
            best = (quality, "zh" if primary == "zh" else "en")
    return best[1]
