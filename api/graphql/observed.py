"""Counts every root field of queries and mutations: how often, how long, how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final

from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema
from strawberry.execution import optimized_is_awaitable

from api.errors import is_callers_fault
from api.graphql.payloads import Payload
from api.metrics import observe_field

_OK: Final = "ok"
_REFUSED: Final = "refused"
_FAILED: Final = "failed"


def observe(schema: GraphQLSchema) -> None:
    """Put the counting in front of every root field of `schema`, once, at build time.

    After `guard` (roles.py), so that what the role table refuses is counted as well.
    """
    for root in (schema.query_type, schema.mutation_type):
        if root is not None:
            for name, field in root.fields.items():
                _observe_field(field, f"{root.name}.{name}")


def _observe_field(field: GraphQLField, name: str) -> None:
    inner = field.resolve
    assert inner is not None  # noqa: S101 - guard() has looked
    serve: Callable[..., Any] = inner

    def observed(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        started = perf_counter()
        try:
            result = serve(source, info, **arguments)
        except BaseException as error:
            _count_error(name, error, started)
            raise
        if optimized_is_awaitable(result):
            return _awaited(name, info, result, started)
        _count(name, info, result, started)
        return result

    field.resolve = observed


async def _awaited(
    name: str, info: GraphQLResolveInfo[Any], running: Awaitable[Any], started: float
) -> Any:
    try:
        result = await running
    except BaseException as error:
        _count_error(name, error, started)
        raise
    _count(name, info, result, started)
    return result


def _count(name: str, info: GraphQLResolveInfo[Any], result: Any, started: float) -> None:
    outcome = _OK
    if isinstance(result, Payload) and result.errors:
        outcome = _REFUSED
        info.context.refused = True
    observe_field(name, outcome, perf_counter() - started)


def _count_error(name: str, error: BaseException, started: float) -> None:
    outcome = _REFUSED if is_callers_fault(error) else _FAILED
    observe_field(name, outcome, perf_counter() - started)
