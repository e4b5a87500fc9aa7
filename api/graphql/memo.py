"""What may be remembered between two requests with one document, beside the document itself."""

from __future__ import annotations

from typing import Any


class DocumentMemo:
    """Collected fields, completion plans and look-ahead trees of one document.

    Keys hold ids of nodes of the document, so a memo lives no longer than its document. Everything
    in it depends on the document and on the variables of @skip and @include alone: there is one
    memo for each combination of those.
    """

    __slots__ = ("fields", "plans", "selections")

    def __init__(self) -> None:
        self.fields: dict[Any, Any] = {}
        self.plans: dict[Any, Any] = {}
        self.selections: dict[Any, Any] = {}
