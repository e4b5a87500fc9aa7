"""What a document may ask for, worked out from its text before it is validated or run.

graphql-core's validation compares fields pairwise, so a document of repeats or of fragments that
spread each other must be stopped before it. Each check here is linear in the document: a
fragment's figures are worked out once, however often it is spread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.errors import too_complex
from domain.settings import Settings

REPEATS_MAX: Final = 5
FIELDS_MAX: Final = 1_000
FRAGMENTS_MAX: Final = 50
SPREADS_MAX: Final = 200
OPERATIONS_MAX: Final = 10
INTROSPECTION_DEPTH_MAX: Final = 20
INTROSPECTION_FIELDS_MAX: Final = 2
VALUES_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits an operator may set."""

    depth: int
    aliases: int
    tokens: int
    cost: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return the limits that `settings` ask for."""
        return cls(
            depth=settings.graphql_max_depth,
            aliases=settings.graphql_max_aliases,
            tokens=settings.graphql_max_tokens,
            cost=settings.graphql_max_cost,
        )


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Raise QUERY_TOO_COMPLEX for too many of anything, or for too deep a selection."""
    operations = 0
    counts = _Counts()
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
            counts.add(definition.selection_set)
        elif isinstance(definition, OperationDefinitionNode):
            operations += 1
            counts.add(definition.selection_set)
    _at_most(FIELDS_MAX, counts.fields, "fields", "字段")
    _at_most(limits.aliases, counts.aliases, "aliases", "别名")
    _at_most(REPEATS_MAX, counts.repeats, "repeats of one field", "同一字段的重复")
    _at_most(FRAGMENTS_MAX, len(fragments), "fragments", "片段")
    _at_most(SPREADS_MAX, counts.spreads, "fragment spreads", "片段引用")
    _at_most(OPERATIONS_MAX, operations, "operations", "操作")
    _at_most(INTROSPECTION_FIELDS_MAX, counts.introspection, "introspection fields", "内省字段")
    depths = _Depths(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            plain, introspection = depths.of(definition.selection_set)
            _at_most(limits.depth, plain, "levels of nesting", "嵌套层数")
            _at_most(INTROSPECTION_DEPTH_MAX, introspection, "levels of nesting", "嵌套层数")


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raise QUERY_TOO_COMPLEX when the variables hold too many values."""
    stack: list[Any] = [variables]
    seen = 0
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            seen += len(value)
            nested: Any = value.values()
        elif isinstance(value, list):
            seen += len(value)
            nested = value
        else:
            continue
        _at_most(VALUES_MAX, seen, "values in the variables", "变量中的值")
        stack.extend(item for item in nested if isinstance(item, (dict, list)))


def _at_most(limit: int, found: int, en: str, zh: str) -> None:
    if found > limit:
        raise too_complex(
            f"The document has too many {en}: more than {limit}. Split it into several requests.",
            f"查询中的{zh}过多（超过 {limit}），请拆分为多个请求。",
        )


@dataclass(slots=True)
class _Counts:
    fields: int = 0
    aliases: int = 0
    repeats: int = 0
    spreads: int = 0
    introspection: int = 0

    def add(self, selection_set: SelectionSetNode) -> None:
        stack = [selection_set]
        while stack:
            names: Counter[str] = Counter()
            level = [stack.pop()]
            while level:
                for node in level.pop().selections:
                    if isinstance(node, FieldNode):
                        self._field(node, names)
                        if node.selection_set:
                            stack.append(node.selection_set)
                    elif isinstance(node, InlineFragmentNode):
                        level.append(node.selection_set)
                    else:
                        self.spreads += 1
            if names:
                self.repeats = max(self.repeats, *names.values())

    def _field(self, node: FieldNode, names: Counter[str]) -> None:
        self.fields += 1
        if node.alias:
            self.aliases += 1
            names[node.alias.value] += 1
        else:
            names[node.name.value] += 1
        if node.name.value in ("__schema", "__type"):
            self.introspection += 1


class _Depths:
    """The depth of selection sets: (outside introspection, inside it), 0 where there is none."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, tuple[int, int]] = {}

    def of(self, selection_set: SelectionSetNode) -> tuple[int, int]:
        plain = introspection = 0
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                below = self.of(node.selection_set) if node.selection_set else (0, 0)
                if node.name.value.startswith("__"):
                    introspection = max(introspection, 1 + max(below))
                    continue
                found = (1 + below[0], 1 + below[1] if below[1] else 0)
            elif isinstance(node, InlineFragmentNode):
                found = self.of(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                found = self._fragment(node.name.value)
            else:
                continue
            plain, introspection = max(plain, found[0]), max(introspection, found[1])
        return plain, introspection

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = (0, 0)  # a fragment in a cycle adds nothing; validation refuses it
            if name in self._fragments:
                self._known[name] = self.of(self._fragments[name].selection_set)
        return self._known[name]
