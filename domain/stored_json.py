"""JSON as it comes from the database: one driver reads it, the other hands over its text."""

from __future__ import annotations

from typing import Any

import orjson


def read_json(stored: Any) -> Any:
    """Return the value of a JSON column, be it read already or not."""
    return orjson.loads(stored) if isinstance(stored, (str, bytes)) else stored
