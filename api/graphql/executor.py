"""graphql-core's executor with completion plans (plans.py) in front of it.

Collected fields and plans are remembered with the document across requests, where the document has
a memo; without one (a WebSocket operation) they live as long as the executor.
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLObjectType, GraphQLResolveInfo, Undefined
from graphql.execution import Executor
from graphql.pyutils import Path
from strawberry.execution import optimized_is_awaitable

from api.graphql.memo import DocumentMemo
from api.graphql.plans import ObjectPlan, plan_fields


class PlanningExecutor(Executor[Any]):
    """Executes one operation; used for HTTP and, through Strawberry, for WebSocket."""

    def __init__(self, *args: Any, operation_extensions: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_awaitable = optimized_is_awaitable  # type: ignore[assignment]
        self.memo = DocumentMemo()

    def plan_of(self, type_: GraphQLObjectType, details: Any) -> ObjectPlan:
        """Return the plan for what `details` select on `type_`."""
        key = _key(type_, details)
        plan: ObjectPlan | None = self.memo.plans.get(key)
        if plan is None:
            collected = self.collect_subfields(type_, details)
            plan = self.memo.plans[key] = plan_fields(type_, collected.grouped_field_set, self)
        return plan

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: Any) -> Any:
        # Keyed by the nodes, which outlive the request; graphql-core's own key does not.
        key = _key(return_type, field_details_list)
        found = self.memo.fields.get(key)
        if found is None:
            found = super().collect_subfields(return_type, field_details_list)
            self._relevant_sub_fields.clear()
            self.memo.fields[key] = found
        return found

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        plan = self.plan_of(return_type, field_details_list)
        if plan.complete is not None:
            try:
                return plan.complete(result)
            except Exception:  # noqa: S110 - graphql-core says what is wrong with it
                pass
        return self._execute_planned(plan, return_type, result, path, position_context)

    def complete_list_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        item = return_type.of_type
        item = getattr(item, "of_type", item)
        if type(result) is list and isinstance(item, GraphQLObjectType):
            complete = self.plan_of(item, field_details_list).complete
            if complete is not None:
                try:
                    return [complete(one) for one in result]
                except Exception:  # noqa: S110 - as above
                    pass
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _execute_planned(
        self,
        plan: ObjectPlan,
        parent_type: GraphQLObjectType,
        source: Any,
        path: Path,
        position_context: Any,
    ) -> Any:
        """As `execute_fields`, but plain fields need no path, no info and no coroutine checks."""
        results: dict[str, Any] = {}
        pending: list[str] = []
        try:
            for name, details in plan.grouped.items():
                plain = plan.fields.get(name)
                if plain is not None:
                    try:
                        results[name] = plain(source)
                        continue
                    except Exception:  # noqa: S110 - as above
                        pass
                field_path = Path(path, name, parent_type.name)
                value = self.execute_field(
                    parent_type, source, details, field_path, position_context
                )
                if value is not Undefined:
                    results[name] = value
                    if self.is_awaitable(value):
                        pending.append(name)
        except Exception:
            if pending:
                self.settle_in_background([results[name] for name in pending])
            raise
        return self._gathered(results, pending) if pending else results

    async def _gathered(self, results: dict[str, Any], pending: list[str]) -> dict[str, Any]:
        if len(pending) == 1:
            results[pending[0]] = await results[pending[0]]
            return results
        values = await self.gather_async_work([results[name] for name in pending])
        results.update(zip(pending, values, strict=True))
        return results


def _key(type_: GraphQLObjectType, details: Any) -> tuple[Any, ...]:
    if len(details) == 1:
        return (type_, id(details[0].node))
    return (type_, *[id(detail.node) for detail in details])
