"""A small schema of its own, so that the infrastructure is tested without the lending nouns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated, Any

import strawberry

from api.graphql.connections import After, Connection, First, Order, Page, connect
from api.graphql.context import Info
from api.graphql.ids import NODE_LOADERS, Node, NodeQueries, global_id
from api.graphql.lookahead import Selection, selection
from api.graphql.payloads import Payload, answer
from api.graphql.roles import ANYONE
from api.graphql.scalars import Money, MoneyInput
from api.graphql.schema import build_schema
from domain.actor import Actor, ActorKind
from domain.operations.perform import Done
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.roles import Role

PEOPLE = {
    role.value.lower(): Actor(
        kind=ActorKind.EMPLOYEE,
        id=number,
        subject=role.value.lower(),
        name=role.value.title(),
        roles=frozenset({role}),
    )
    for number, role in enumerate(Role, start=1)
}
LOADED: list[str] = []
REFUSALS: list[tuple[str, str, str]] = []
COUNTED: list[int] = []
SEEN: list[Selection] = []
ORDER = Order("toys", (str, int))


async def load_person(subject: str) -> Actor | None:
    LOADED.append(subject)
    return PEOPLE.get(subject)


async def note_refusal(actor: Actor, action: str, reason: str) -> None:
    REFUSALS.append((actor.subject, action, reason))


@strawberry.type(description="A part of a toy.")
class Part:
    name: str = strawberry.field(description="Its name.")
    price: Money = strawberry.field(description="In CNY.")


@strawberry.type(description="A toy.")
class Toy(Node):
    name: str = strawberry.field(description="Its name.")
    parts: list[Part] = strawberry.field(description="What it is made of.")
    broken: str | None = strawberry.field(default=None, description="Not always there.")

    @strawberry.field(description="Has a resolver.")
    async def slow(self) -> str:
        await asyncio.sleep(0)
        return f"{self.name} slowly"


def toy(number: int) -> Toy:
    parts = [Part(name=f"part {i}", price=Money(f"{i}.00")) for i in range(12)]
    return Toy(id=global_id("Toy", number), name=f"toy {number:03}", parts=parts)


async def load_toys(actor: Actor, ids: Sequence[int], wanted: Selection) -> Mapping[int, Toy]:
    SEEN.append(wanted)
    return {number: toy(number) for number in ids if number <= 50}


@strawberry.type
class ToyQueries:
    @strawberry.field(description="Says hello.")
    def hello(
        self,
        name: Annotated[str, strawberry.argument(description="To whom.")] = "world",
    ) -> str:
        return f"hello {name}"

    @strawberry.field(description="One toy.")
    async def toy(
        self, info: Info, number: Annotated[int, strawberry.argument(description="Which.")] = 1
    ) -> Toy:
        SEEN.append(selection(info))
        return toy(number)

    @strawberry.field(description="Toys.")
    async def toys(self, info: Info, first: First = 20, after: After = None) -> Connection[Toy]:
        async def fetch(page: Page) -> list[Toy]:
            start = 1 if page.after is None else page.after[1] + 1
            return [toy(number) for number in range(start, min(start + page.limit, 51))]

        async def count() -> int:
            COUNTED.append(1)
            return 50

        return await connect(
            info,
            first=first,
            after=after,
            order=ORDER,
            fetch=fetch,
            key=lambda row: (row.name, int(row.name[4:])),
            node=lambda row: row,
            count=count,
        )

    @strawberry.field(description="Fails.")
    async def fails(self) -> str | None:
        raise RuntimeError("password=hunter2")

    @strawberry.field(description="Refuses.")
    async def refuses(self) -> str | None:
        raise Refused([Problem(ErrorCode.NOT_FOUND, ("id",), "No such toy.", "没有该玩具。")])

    @strawberry.field(description="A toy whose required name is missing.")
    def nameless(self) -> Toy | None:
        return Toy(id=strawberry.ID("x"), name=None, parts=[])  # type: ignore[arg-type]

    @strawberry.field(description="Takes long.")
    async def sleeps(self) -> str:
        await asyncio.sleep(30)
        return "rested"

    @strawberry.field(description="Echoes an amount.")
    def amount(
        self, value: Annotated[MoneyInput, strawberry.argument(description="An amount.")]
    ) -> str:
        return format(value, "f")


@strawberry.input(description="A toy to make.")
class MakeToyInput:
    idempotency_key: str = strawberry.field(description="Makes a retry safe.")
    number: int = strawberry.field(description="Which.")


@strawberry.type(description="The toy made.")
class MakeToyPayload(Payload):
    toy: Toy | None = strawberry.field(default=None, description="The toy.")


async def make_toy(*, actor: Actor, key: str, number: int) -> Done:
    if number < 1:
        raise Refused(
            [
                Problem(ErrorCode.OUT_OF_RANGE, ("number",), "Too small.", "太小。"),
                Problem(ErrorCode.REQUIRED, ("colour",), "Choose one.", "请选择颜色。"),
            ]
        )
    return Done({"toy": number}, replayed=key == "again")


@strawberry.type
class ToyMutations:
    @strawberry.mutation(description="Make a toy.")
    async def make_toy(
        self, info: Info, input: Annotated[MakeToyInput, strawberry.argument(description="Toy.")]
    ) -> MakeToyPayload:
        effect = make_toy(actor=info.context.actor, key=input.idempotency_key, number=input.number)
        return await answer(info, MakeToyPayload, effect, toy="Toy")


@strawberry.type
class ToySubscriptions:
    @strawberry.subscription(description="Counts.")
    async def counts(
        self,
        info: Info,
        to: Annotated[int, strawberry.argument(description="How far.")] = 3,
    ) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number
            await asyncio.sleep(0)

    @strawberry.subscription(description="Never ends.")
    async def waits(self) -> AsyncGenerator[int, None]:
        yield 0
        await asyncio.sleep(60)

    @strawberry.subscription(description="Breaks.")
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 0
        raise RuntimeError("password=hunter2")


ROLES = {
    "Query.node": ANYONE,
    "Query.nodes": ANYONE,
    **{
        f"Query.{name}": ANYONE
        for name in ["hello", "toy", "toys", "fails", "refuses", "nameless", "sleeps", "amount"]
    },
    "Mutation.makeToy": frozenset({Role.CASHIER, Role.OPERATOR}),
    "Subscription.counts": frozenset({Role.OPERATOR}),
    "Subscription.waits": frozenset({Role.OPERATOR}),
    "Subscription.breaks": frozenset({Role.OPERATOR}),
}


def toy_schema(**changes: Any) -> strawberry.Schema:
    NODE_LOADERS["Toy"] = load_toys
    parts: dict[str, Any] = {
        "queries": (NodeQueries, ToyQueries),
        "mutations": (ToyMutations,),
        "subscriptions": (ToySubscriptions,),
        "types": (),
        "roles": ROLES,
        "record": note_refusal,
    }
    return build_schema(**{**parts, **changes})
