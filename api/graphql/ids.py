"""Relay global ids, the Node interface, and how `node(id:)` finds an entity of any type."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import strawberry

from api.errors import bad_input
from api.graphql.context import Info
from api.graphql.lookahead import Selection, selection
from domain.actor import Actor

IDS_MAX = 100

_GLOBAL = re.compile(r"([A-Za-z][A-Za-z0-9]{0,63}):([1-9][0-9]{0,17})")
_LENGTH_MAX = 128


@strawberry.interface(description="Anything that has a global id and can be fetched again by it.")
class Node:
    """The type of every entity; `id` is a plain attribute, since a resolver costs 30 µs a row."""

    id: strawberry.ID = strawberry.field(
        description="Opaque global id, the same for this entity in every answer."
    )


NodeLoader: TypeAlias = Callable[[Actor, Sequence[int], Selection], Awaitable[Mapping[int, Any]]]
"""From database ids to the objects the actor may see; ids out of sight are left out."""

NODE_LOADERS: dict[str, NodeLoader] = {}
"""GraphQL type name → its loader; noun modules register with :func:`node_loader`."""

Loader = TypeVar("Loader", bound=NodeLoader)


def node_loader(type_name: str) -> Callable[[Loader], Loader]:
    """Register the decorated function as the loader of `type_name`."""

    def register(loader: Loader) -> Loader:
        if type_name in NODE_LOADERS:
            raise ValueError(f"two loaders of {type_name}")
        NODE_LOADERS[type_name] = loader
        return loader

    return register


def global_id(type_name: str, row_id: int) -> strawberry.ID:
    """Return the global id of a row."""
    return strawberry.ID(b64encode(b"%s:%d" % (type_name.encode(), row_id)).decode())


def read_global_id(text: str) -> tuple[str, int] | None:
    """Return (type name, row id) of a text as :func:`global_id` writes it, else None."""
    if len(text) > _LENGTH_MAX:
        return None
    try:
        plain = b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    found = _GLOBAL.fullmatch(plain)
    if found is None:
        return None
    type_name, row_id = found[1], int(found[2])
    return (type_name, row_id) if global_id(type_name, row_id) == text else None


def row_id_of(text: str, type_name: str) -> int:
    """Return the row id in a global id of `type_name`, or 0, the id of no row, for anything else.

    An id of another type, a garbled one and one out of sight are all the same to the caller: the
    operation says NOT_FOUND.
    """
    found = read_global_id(text)
    return found[1] if found is not None and found[0] == type_name else 0


async def load_nodes(actor: Actor, ids: Sequence[str], wanted: Selection) -> list[Any]:
    """Return the entity behind each global id, or None where there is none for this actor."""
    read = [read_global_id(text) for text in ids]
    by_type: dict[str, list[int]] = {}
    for found in read:
        if found is not None and found[0] in NODE_LOADERS:
            by_type.setdefault(found[0], []).append(found[1])
    loaded = {
        type_name: await NODE_LOADERS[type_name](actor, list(dict.fromkeys(rows)), wanted)
        for type_name, rows in by_type.items()
    }
    return [
        loaded[found[0]].get(found[1]) if found is not None and found[0] in loaded else None
        for found in read
    ]


@strawberry.type
class NodeQueries:
    """`node` and `nodes`."""

    @strawberry.field(
        description="The entity with this global id, or null when there is none you may see."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the entity.")],
    ) -> Node | None:
        found: list[Node | None] = await load_nodes(info.context.actor, [id], selection(info))
        return found[0]

    @strawberry.field(
        description="The entities with these global ids, in the same order; null where there is "
        "none you may see."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="At most 100 global ids.")
        ],
    ) -> list[Node | None]:
        if len(ids) > IDS_MAX:
            raise bad_input(
                f"Ask for at most {IDS_MAX} ids at once.", f"每次最多查询 {IDS_MAX} 个编号。"
            )
        return await load_nodes(info.context.actor, ids, selection(info))
