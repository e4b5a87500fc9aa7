"""Relay connections with keyset cursors: no OFFSET, a stable order, the count only when asked.

A cursor is the order's key of its row (the row's id last), signed, so that one which was typed in
or belongs to another order is refused rather than guessed at.
"""

from __future__ import annotations

import datetime as dt
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import orjson
import strawberry

from api.errors import ApiError, bad_input
from api.graphql.context import Info
from api.graphql.lookahead import Selection, selection
from domain.settings import get_settings

PAGE_MAX = 100
PAGE_DEFAULT = 20

_SIGNATURE_BYTES = 8
_CURSOR_LENGTH_MAX = 512

T = TypeVar("T")
Row = TypeVar("Row")
Key: TypeAlias = tuple[Any, ...]

First: TypeAlias = Annotated[
    int, strawberry.argument(description="How many rows at most, 1 to 100.")
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="The cursor after which to go on; left out: from the start."),
]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page information; lists are read forwards only."""

    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows come before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first row here.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last row here: pass it as `after` for the next page."
    )


@strawberry.type(description="A row of a page and its place in the list.")
class Edge(Generic[T]):
    """One row of a connection."""

    cursor: str = strawberry.field(description="The row's place in the list, opaque.")
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A page; every attribute is plain, so that completing it costs next to nothing."""

    edges: list[Edge[T]] = strawberry.field(description="The rows of the page, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    total_count: int = strawberry.field(
        description="How many rows the whole list has; counted only when selected."
    )


@dataclass(frozen=True, slots=True)
class Order:
    """A stable order: its name (part of every cursor) and the types of its key, the id last."""

    name: str
    types: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What a list query must fetch: up to `limit` rows after the key `after`, the columns of
    `wanted`. `limit` is one more than the page, which tells whether another follows."""

    limit: int
    after: Key | None
    wanted: Selection


async def connect(
    info: Info,
    *,
    first: int,
    after: str | None,
    order: Order,
    fetch: Callable[[Page], Awaitable[Sequence[Row]]],
    key: Callable[[Row], Key],
    node: Callable[[Row], T],
    count: Callable[[], Awaitable[int]],
) -> Connection[T]:
    """Read one page: `fetch` its rows, make a `node` of each, `count` the list when asked.

    Raises BAD_USER_INPUT for `first` out of 1 to 100 and for a cursor that is not of this order.
    """
    if not 1 <= first <= PAGE_MAX:
        raise bad_input(
            f"`first` must be from 1 to {PAGE_MAX}.", f"`first` 须在 1 至 {PAGE_MAX} 之间。"
        )
    start = read_cursor(order, after) if after is not None else None
    wanted = selection(info)
    edges_wanted = wanted.get("edges", {})
    rows: Sequence[Row] = ()
    if "edges" in wanted or "pageInfo" in wanted:
        rows = await fetch(Page(first + 1, start, edges_wanted.get("node", {})))
    shown = rows[:first]
    with_cursor = "cursor" in edges_wanted
    edges = [
        Edge(cursor=write_cursor(order, key(row)) if with_cursor else "", node=node(row))
        for row in (shown if "edges" in wanted else ())
    ]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=len(rows) > first,
            has_previous_page=start is not None,
            start_cursor=write_cursor(order, key(shown[0])) if shown else None,
            end_cursor=write_cursor(order, key(shown[-1])) if shown else None,
        ),
        total_count=await count() if "totalCount" in wanted else 0,
    )


def write_cursor(order: Order, key: Key) -> str:
    """Return the opaque cursor of the row with this key."""
    plain = orjson.dumps([order.name, *key], default=str)
    return urlsafe_b64encode(_signature(plain) + plain).decode()


def read_cursor(order: Order, cursor: str) -> Key:
    """Return the key in a cursor of `order`. Raises BAD_USER_INPUT for any other text."""
    if len(cursor) > _CURSOR_LENGTH_MAX:
        raise _bad_cursor()
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii"))
    except ValueError:
        raise _bad_cursor() from None
    if urlsafe_b64encode(raw).decode() != cursor:  # the decoder overlooks foreign characters
        raise _bad_cursor()
    signature, plain = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(plain)):
        raise _bad_cursor()
    name, *values = orjson.loads(plain)
    if name != order.name or len(values) != len(order.types):
        raise _bad_cursor()
    return tuple(_typed(value, to) for value, to in zip(values, order.types, strict=True))


def _typed(value: Any, to: type) -> Any:
    if value is None or isinstance(value, to):
        return value
    if to in (dt.date, dt.datetime):
        return to.fromisoformat(value)
    return to(value)


def _signature(plain: bytes) -> bytes:
    return blake2b(
        plain, digest_size=_SIGNATURE_BYTES, key=get_settings().secret_bytes, person=b"cursor"
    ).digest()


def _bad_cursor() -> ApiError:
    return bad_input(
        "The cursor is not one of this list in this order. Start again without `after`.",
        "游标不属于当前列表或排序，请去掉 `after` 从头查询。",
    )
