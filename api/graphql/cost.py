"""The static cost of an operation, worked out before it runs; page sizes multiply.

A field is 1, a root field 10 more; below a list everything counts as often as the list is long:
`first` where the field takes it (as a literal, a variable or its default), the number of `ids`,
else the `rows` of the field's metadata or 10. Introspection is bounded by limits.py instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
)

from api.errors import ApiError, too_complex
from api.graphql.connections import PAGE_DEFAULT, PAGE_MAX

ROOT_COST: Final = 10
LIST_ROWS: Final = 10
REMEMBERED_MAX: Final = 64


@dataclass(slots=True)
class Costs:
    """The cost of one operation under any variables; the last few answers are remembered."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    limit: int
    _sizes: tuple[str, ...] = ()
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names: set[str] = set()
        sets = [self.operation.selection_set, *(f.selection_set for f in self.fragments.values())]
        while sets:
            for node in sets.pop().selections:
                if isinstance(node, FieldNode):
                    names.update(_size_variables(node))
                if below := getattr(node, "selection_set", None):
                    sets.append(below)
        self._sizes = tuple(sorted(names))

    def check(self, variables: Mapping[str, Any]) -> None:
        """Raise QUERY_TOO_COMPLEX when the operation costs too much with these variables."""
        key = tuple([_size(variables.get(name), -1) for name in self._sizes])
        cost = self._known.get(key)
        if cost is None:
            cost = self._work_out(variables)
            if len(self._known) < REMEMBERED_MAX:
                self._known[key] = cost
        if cost > self.limit:
            raise self._refusal(cost)

    def _refusal(self, cost: int) -> ApiError:
        shown = str(cost) if cost < 10**12 else "10¹²+"
        return too_complex(
            f"The request costs {shown} and may cost {self.limit}. Ask for smaller pages or "
            "fewer fields.",
            f"查询复杂度为 {shown}，上限为 {self.limit}；请减小分页或减少字段。",
        )

    def _work_out(self, variables: Mapping[str, Any]) -> int:
        root = self.schema.get_root_type(self.operation.operation)
        if root is None:
            return 0
        given = dict(variables)
        for definition in self.operation.variable_definitions or ():
            name = definition.variable.name.value
            if name not in given and definition.default_value is not None:
                given[name] = value_from_ast_untyped(definition.default_value)
        walk = _CostWalk(self.schema, self.fragments, given)
        roots = sum(1 for _ in _fields(self.operation.selection_set, self.fragments))
        return ROOT_COST * roots + walk.of(self.operation.selection_set, root, paged=False)


class _CostWalk:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[tuple[str, bool], int] = {}

    def of(
        self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None, *, paged: bool
    ) -> int:
        """Return the cost of a selection; `paged`: the rows of its lists were counted above it."""
        total = 0
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, paged=paged)
            elif isinstance(node, InlineFragmentNode):
                inner = parent
                if node.type_condition:
                    inner = self._schema.get_type(node.type_condition.name.value)
                total += self.of(node.selection_set, inner, paged=paged)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value, paged=paged)
        return total

    def _fragment(self, name: str, *, paged: bool) -> int:
        key = (name, paged)
        if key not in self._known:
            self._known[key] = 0
            if fragment := self._fragments.get(name):
                inner = self._schema.get_type(fragment.type_condition.name.value)
                self._known[key] = self.of(fragment.selection_set, inner, paged=paged)
        return self._known[key]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, *, paged: bool) -> int:
        name = node.name.value
        if name.startswith("__") or not isinstance(
            parent, (GraphQLObjectType, GraphQLInterfaceType)
        ):
            return 1
        definition = parent.fields.get(name)
        if definition is None or not node.selection_set:
            return 1
        rows = self._rows(node, definition)
        many = rows is not None
        if rows is None:
            is_list = _is_list(definition.type)
            rows = _declared_rows(definition) if is_list and not paged else 1
        below = self.of(node.selection_set, get_named_type(definition.type), paged=many)
        return 1 + rows * below

    def _rows(self, node: FieldNode, definition: GraphQLField) -> int | None:
        """How many rows the arguments ask for; None when no argument says so."""
        for name, unsaid in (("first", PAGE_DEFAULT), ("ids", 1)):
            if (argument := definition.args.get(name)) is None:
                continue
            given = next((a.value for a in node.arguments or () if a.name.value == name), None)
            if given is not None:
                return self._value(given, unsaid)
            default = argument.default_value
            return _size(None if default is Undefined else default, unsaid)
        return None

    def _value(self, value: ValueNode, unsaid: int) -> int:
        if isinstance(value, VariableNode):
            return _size(self._variables.get(value.name.value), unsaid)
        if isinstance(value, IntValueNode):
            return _size(int(value.value[:12]), unsaid)
        if isinstance(value, ListValueNode):
            return max(len(value.values), 1)
        return unsaid


def _size(value: Any, unsaid: int) -> int:
    """How many rows a value of `first` or `ids` asks for. More than a page is refused elsewhere."""
    if isinstance(value, list):
        return max(len(value), 1)
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(value, 1), PAGE_MAX)
    return unsaid


def _size_variables(node: FieldNode) -> Iterator[str]:
    for argument in node.arguments or ():
        if argument.name.value in ("first", "ids") and isinstance(argument.value, VariableNode):
            yield argument.value.name.value


def _is_list(type_: GraphQLOutputType) -> bool:
    if isinstance(type_, GraphQLNonNull):
        return isinstance(type_.of_type, GraphQLList)
    return isinstance(type_, GraphQLList)


def _declared_rows(definition: GraphQLField) -> int:
    strawberry_field = definition.extensions.get("strawberry-definition")
    rows = getattr(strawberry_field, "metadata", {}).get("rows", LIST_ROWS)
    return int(rows)


def _fields(
    selection_set: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """Yield the fields of one level, each fragment looked into once."""
    seen: set[str] = set()
    level = [selection_set]
    while level:
        for node in level.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                level.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                if fragment := fragments.get(node.name.value):
                    level.append(fragment.selection_set)
