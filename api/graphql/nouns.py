"""A noun, declared once: its GraphQL fields say which columns they need and how they are read.

    @strawberry.type(description="…")
    class Loan(Node):
        number: str = column("id", "…", read=…)
        principal: Money = money("principal", "…")
        borrower: Borrower = one("borrower_id", "…")

    LOANS = Noun(Loan, table="loan", sight=visible)

`LOANS.load` and `LOANS.page` then fetch only the selected columns, with a join for each selected
`one` and one more statement for each selected `many`; rows become plain attributes.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import strawberry
from strawberry.types.base import StrawberryContainer
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from api.graphql.connections import Connection, Order, Page, connect
from api.graphql.context import Info
from api.graphql.ids import NODE_LOADERS, Node, global_id, row_id_of
from api.graphql.lookahead import Selected, Selection, selection
from api.graphql.readings import (
    Column,
    Make,
    Many,
    One,
    Read,
    Reading,
    Row,
    made_if_there,
    maker,
)
from domain.actor import Actor, ActorKind
from domain.db import in_list
from domain.queries.select import Condition, Join, count, first_of_each, select
from domain.rules.money import format_minor

Sight = Callable[..., tuple[str, list[Any]]]
_KEY = "liudai"
_CHILDREN_MAX = 600


def column(
    columns: str | tuple[str, ...],
    description: str,
    *,
    read: Callable[[Any], Any] | None = None,
    null: bool = False,
) -> Any:
    """A field of one column, as it is or through `read`; `null` reads NULL as null."""
    names = (columns,) if isinstance(columns, str) else columns
    if read is None:
        return _field(description, Column(names))
    convert = read
    if len(names) > 1:
        return _field(description, Column(names, lambda _, row: convert(row)))
    if null:
        return _field(
            description,
            Column(names, convert=lambda value: None if value is None else convert(value)),
        )
    return _field(description, Column(names, convert=convert))


def money(name: str, description: str, *, null: bool = False) -> Any:
    """A field of minor units, shown in the scale of the row's currency."""

    def read(_: Actor, row: Row) -> str | None:
        minor = row[name]
        return None if null and minor is None else format_minor(minor, row["currency"])

    return _field(description, Column((name, "currency"), read))


def rate(name: str, description: str, *, null: bool = False) -> Any:
    """A field that is a decimal fraction, shown without trailing zeros beyond four decimals."""

    def read(value: Any) -> Decimal:
        plain = Decimal(value).normalize()
        exponent = plain.as_tuple().exponent
        short = isinstance(exponent, int) and exponent > -4
        return plain.quantize(Decimal("0.0001")) if short else plain

    return column(name, description, read=read, null=null)


def computed(columns: tuple[str, ...], description: str, read: Callable[[Actor, Row], Any]) -> Any:
    """A field read from several columns, for the person who asks."""
    return _field(description, Column(columns, read))


def one(by: str, description: str) -> Any:
    """A field that is the noun the column `by` points to."""
    return _field(description, One(by))


def many(
    parent: str,
    description: str,
    *,
    order: str = "id",
    where: tuple[Condition, ...] = (),
    staff_only: bool = False,
    most: int = _CHILDREN_MAX,
) -> Any:
    """A field that lists the nouns pointing here by `parent`, the first `most` of them in `order`;
    empty for borrowers' users if `staff_only`."""
    return _field(description, Many(parent, order, where, staff_only, most))


def _field(description: str, reader: Column | One | Many) -> Any:
    return strawberry.field(description=description, metadata={_KEY: reader})


N = TypeVar("N", bound=Node)


class Noun(Generic[N]):
    """A noun type and its table; registers the loader behind `node(id:)` and payloads."""

    by_type: ClassVar[dict[type, Noun[Any]]] = {}

    def __init__(
        self, of: type[N], *, table: str, sight: Sight, sight_arguments: Mapping[str, str] = {}
    ) -> None:
        self.of, self.table = of, table
        self._sight, self._sight_arguments = sight, dict(sight_arguments)
        self.name: str = of.__strawberry_definition__.name  # type: ignore[attr-defined]
        Noun.by_type[of] = self
        NODE_LOADERS[self.name] = self.load

    @cached_property
    def readers(self) -> dict[str, tuple[str, Column | One | Many]]:
        """GraphQL field name → Python attribute and reader."""
        definition = self.of.__strawberry_definition__  # type: ignore[attr-defined]
        return {
            field.graphql_name or _camel(field.python_name): (
                field.python_name,
                field.metadata[_KEY],
            )
            for field in definition.fields
            if _KEY in field.metadata
        }

    @cached_property
    def targets(self) -> dict[str, Noun[Any]]:
        """GraphQL field name → the noun that a `one` or `many` field leads to."""
        definition = self.of.__strawberry_definition__  # type: ignore[attr-defined]
        return {
            field.graphql_name or _camel(field.python_name): Noun.by_type[_leads_to(field)]
            for field in definition.fields
            if isinstance(field.metadata.get(_KEY), One | Many)
        }

    def seen_by(self, actor: Actor) -> Condition:
        """The condition for the rows that the actor may see."""
        sql, values = self._sight(actor, table=self.table, **self._sight_arguments)
        return Condition(sql, tuple(values))

    async def load(self, actor: Actor, ids: Sequence[int], wanted: Selection) -> Mapping[int, N]:
        """Return the nouns of these rows that the actor may see, by row id."""
        if not ids:
            return {}
        where = [Condition(f"{self.table}.id IN {in_list(ids)}", tuple(ids)), self.seen_by(actor)]
        found = await self.fetch(actor, wanted, where=where)
        return {row["id"]: noun for row, noun in found}

    async def get(self, info: Info, id: str) -> N | None:
        """Return the noun with this global id, or None when the caller may see none."""
        row_id = row_id_of(id, self.name)
        return (await self.load(info.context.actor, [row_id], selection(info))).get(row_id)

    async def fetch(
        self,
        actor: Actor,
        wanted: Selection,
        *,
        where: Sequence[Condition],
        order: str = "",
        limit: int | None = None,
        also: Sequence[str] = (),
    ) -> list[tuple[Row, N]]:
        """Return rows (with `id` and the columns `also`) and the nouns made of them."""
        reading = self._reading(wanted)
        columns = (*reading.columns, *(name for name in also if name not in reading.columns))
        found = await select(
            self.table, columns, joins=reading.joins, where=where, order=order, limit=limit
        )
        make = reading.make
        pairs: list[tuple[Row, N]] = [(row, make(actor, row)) for row in found]
        if reading.lists:
            await self._attach_children(actor, wanted, pairs)
        return pairs

    def _reading(self, wanted: Selection) -> Reading:
        """Return what the selection takes, worked out once for a selection of a document."""
        if not isinstance(wanted, Selected):
            return self._work_out(wanted)
        found: Reading | None = wanted.worked_out.get(self)
        if found is None:
            found = wanted.worked_out[self] = self._work_out(wanted)
        return found

    def _work_out(self, wanted: Selection) -> Reading:
        reading = Reading({"id": None})
        reading.make = self._maker(wanted, reading, "")
        return reading

    def _maker(self, wanted: Selection, reading: Reading, alias: str) -> Make:
        """Return what makes the noun of a row, where its columns are named with this alias, and
        note in `reading` the columns and joins that it takes."""
        prefix, own = (f"{alias}.", f"{alias}__") if alias else ("", "")
        reads: dict[str, Read] = {}
        if "id" in wanted:
            name = self.name
            reads["id"] = Column(("id",), convert=lambda row_id: global_id(name, row_id)).at(prefix)
        for field, below in wanted.items():
            if field not in self.readers:
                continue
            attribute, reader = self.readers[field]
            if isinstance(reader, Column):
                for each in reader.columns:
                    reading.columns[prefix + each] = None
                reads[attribute] = reader.at(prefix)
            elif isinstance(reader, One):
                target, inner = self.targets[field], own + attribute
                on = f"{inner}.id = {alias or self.table}.{reader.by}"
                reading.joins.append(Join(target.table, inner, on))
                reading.columns[f"{inner}.id"] = None
                make = target._maker(below, reading, inner)
                reads[attribute] = made_if_there(f"{inner}.id", make)
            else:
                reading.lists = True
                reads[attribute] = lambda _, __: []
        return maker(self.of, reads)

    async def _attach_children(
        self, actor: Actor, wanted: Selection, pairs: Sequence[tuple[Row, Any]], alias: str = ""
    ) -> None:
        """Fill the selected lists of nouns built from rows, and those of the nouns joined to them;
        one noun may stand in several rows."""
        key = f"{alias}.id" if alias else "id"
        for name, below in wanted.items():
            attribute, reader = self.readers.get(name, ("", None))
            if isinstance(reader, One):
                inner = f"{alias}__{attribute}" if alias else attribute
                joined = [(row, getattr(noun, attribute)) for row, noun in pairs]
                there = [(row, noun) for row, noun in joined if noun is not None]
                await self.targets[name]._attach_children(actor, below, there, inner)
            if not isinstance(reader, Many) or not pairs:
                continue
            if reader.staff_only and actor.kind is ActorKind.BORROWER_USER:
                continue
            lists: dict[int, list[list[Any]]] = {}
            for row, noun in pairs:
                lists.setdefault(row[key], []).append(getattr(noun, attribute))
            for parent, child in await self.targets[name]._children(
                actor, below, reader, list(lists)
            ):
                for each in lists[parent]:
                    each.append(child)

    async def _children(
        self, actor: Actor, wanted: Selection, reader: Many, parents: Sequence[int]
    ) -> list[tuple[int, N]]:
        reading = self._reading(wanted)
        plain = not reading.joins and not reading.lists
        found = await first_of_each(
            self.table,
            list(reading.columns) if plain else ["id"],
            parent=reader.parent,
            parents=parents,
            where=reader.where,
            order=reader.order,
            limit=reader.most,
        )
        if plain:
            return [(row[reader.parent], reading.make(actor, row)) for row in found]
        ids = [row["id"] for row in found]
        places = Condition(f"{self.table}.id IN {in_list(ids)}", tuple(ids))
        nouns = (
            {row["id"]: noun for row, noun in await self.fetch(actor, wanted, where=[places])}
            if ids
            else {}
        )
        return [(row[reader.parent], nouns[row["id"]]) for row in found]

    async def page(
        self,
        info: Info,
        *,
        first: int,
        after: str | None,
        where: Sequence[Condition] = (),
        newest_first: bool = True,
    ) -> Connection[N]:
        """Return one page of the rows the caller may see, by id."""
        actor = info.context.actor
        conditions = [*where, self.seen_by(actor)]
        sign, way = ("<", "DESC") if newest_first else (">", "ASC")

        async def fetch(page: Page) -> list[tuple[Row, N]]:
            more = list(conditions)
            if page.after is not None:
                more.append(Condition(f"{self.table}.id {sign} %s", page.after))
            return await self.fetch(
                actor,
                page.wanted,
                where=more,
                order=f"{self.table}.id {way}",
                limit=page.limit,
            )

        async def total() -> int:
            return await count(self.table, where=conditions)

        return await connect(
            info,
            first=first,
            after=after,
            order=Order(f"{self.name}:{way}", (int,)),
            fetch=fetch,
            key=lambda pair: (pair[0]["id"],),
            node=lambda pair: pair[1],
            count=total,
        )


def _leads_to(field: StrawberryField) -> type:
    found: Any = field.type
    while isinstance(found, StrawberryContainer | LazyType):
        found = found.of_type if isinstance(found, StrawberryContainer) else found.resolve_type()
    resolved: type = typing.cast(type, found)
    return resolved


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
