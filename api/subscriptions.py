"""Runs subscriptions for the WebSocket handler, with the documents, limits and errors of HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias, cast

from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError, GraphQLSchema, OperationType, subscribe
from strawberry.execution import optimized_is_awaitable
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from api.errors import Language, bad_input, present
from api.graphql.context import Context
from api.graphql.documents import Document, Documents, Invalid
from api.graphql.executor import PlanningExecutor
from api.graphql.limits import check_variables

Results: TypeAlias = AsyncGenerator[ExecutionResult, None]


class Presented(GraphQLError):
    """An error that is sent exactly as it was presented."""

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__(shown["message"], extensions=shown["extensions"])
        self._shown = shown

    @property
    def formatted(self) -> Any:
        """Return what is sent."""
        return self._shown


class Streams:
    """The part of a schema that the WebSocket handler uses."""

    def __init__(self, schema: GraphQLSchema, documents: Documents) -> None:
        self._schema = schema
        self._documents = documents

    async def stream(
        self,
        query: Any,
        variable_values: Any = None,
        context_value: Any = None,
        root_value: None = None,
        operation_name: Any = None,
    ) -> Results:
        """Return the results of a subscription; what cannot run yields one error and ends."""
        return self._stream(query, variable_values, operation_name, context_value)

    async def _stream(
        self, query: Any, variables: Any, operation_name: Any, context: Context
    ) -> Results:
        try:
            document = self._prepare(query, variables or {}, operation_name)
            source = await self._subscribe(document, variables or {}, operation_name, context)
        except Invalid as invalid:
            yield PreExecutionError(None, _presented(invalid.errors, context.language))
            return
        except Exception as error:  # what nobody foresaw is masked and logged
            yield PreExecutionError(None, _presented([_as_graphql(error)], context.language))
            return
        async with aclosing(source):
            try:
                async for result in source:
                    errors = _presented(result.errors, context.language) if result.errors else None
                    yield ExecutionResult(result.data, errors)
            except Exception as error:
                yield ExecutionResult(None, _presented([_as_graphql(error)], context.language))

    def _prepare(self, query: Any, variables: Any, operation_name: Any) -> Document:
        if not isinstance(query, str) or not query:
            raise bad_input("`query` must be a GraphQL document.", "`query` 须为 GraphQL 文档。")
        if not isinstance(variables, dict):
            raise bad_input("`variables` must be an object.", "`variables` 须为对象。")
        if operation_name is not None and not isinstance(operation_name, str):
            raise bad_input("`operationName` must be a string.", "`operationName` 须为字符串。")
        document = self._documents.prepare(query)
        operation = document.operation(operation_name)
        if operation.kind is not OperationType.SUBSCRIPTION:
            raise bad_input(
                "Only subscriptions are served over WebSocket: send the rest by POST.",
                "WebSocket 仅支持订阅，其他操作请使用 POST。",
            )
        check_variables(variables)
        operation.costs.check(variables)
        return document

    async def _subscribe(
        self,
        document: Document,
        variables: Mapping[str, Any],
        operation_name: str | None,
        context: Context,
    ) -> AsyncGenerator[CoreResult, None]:
        started: Any = subscribe(
            self._schema,
            document.ast,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation_name,
            executor_class=PlanningExecutor,
            hide_suggestions=True,
        )
        if optimized_is_awaitable(started):
            started = await started
        if isinstance(started, CoreResult):
            raise Invalid(started.errors or [GraphQLError("no source stream")])
        return cast("AsyncGenerator[CoreResult, None]", started)


def _presented(errors: Any, language: Language) -> list[GraphQLError]:
    return [Presented(present(error, language)) for error in errors]


def _as_graphql(error: Exception) -> GraphQLError:
    if isinstance(error, GraphQLError):
        return error
    return GraphQLError("internal", original_error=error)
