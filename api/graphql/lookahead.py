"""Look ahead: which sub-fields the caller selected, so that one statement fetches just those.

The answer is a nested mapping of GraphQL field names. Fragments are merged in, aliases are gone,
@skip and @include are applied. It is worked out once per document and remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)
from strawberry.types import Info

from api.graphql.memo import DocumentMemo

Selection: TypeAlias = Mapping[str, "Selection"]


class Selected(dict[str, "Selected"]):
    """A selection of a document, with what others worked out for it; both live as long."""

    __slots__ = ("worked_out",)

    def __init__(self) -> None:
        super().__init__()
        self.worked_out: dict[Any, Any] = {}


NOTHING: Selection = {}


def selection(info: Info[Any, Any], *path: str) -> Selection:
    """Return the sub-fields selected on the current field, or below `path` of it.

    `"customer" in selection(info)`; `selection(info, "edges", "node")` is empty when the caller
    asked for no rows.
    """
    raw = info._raw_info
    memo = raw.context.memo
    remembered = memo.selections if isinstance(memo, DocumentMemo) else {}
    key = tuple(map(id, raw.field_nodes))
    found: Selection | None = remembered.get(key)
    if found is None:
        tree = Selected()
        for node in raw.field_nodes:
            if node.selection_set:
                _collect(node.selection_set, raw.fragments, info.variable_values, tree)
        found = remembered[key] = tree
    for name in path:
        found = found.get(name, NOTHING)
    return found


def _collect(
    selection_set: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    tree: Selected,
) -> None:
    for node in selection_set.selections:
        if node.directives and not _included(node.directives, variables):
            continue
        if isinstance(node, FieldNode):
            below = tree.get(node.name.value)
            if below is None:
                below = tree[node.name.value] = Selected()
            if node.selection_set:
                _collect(node.selection_set, fragments, variables, below)
        elif isinstance(node, InlineFragmentNode):
            _collect(node.selection_set, fragments, variables, tree)
        elif isinstance(node, FragmentSpreadNode):
            _collect(fragments[node.name.value].selection_set, fragments, variables, tree)


def _included(directives: tuple[DirectiveNode, ...], variables: Mapping[str, Any]) -> bool:
    for directive in directives:
        name = directive.name.value
        if name in ("skip", "include") and directive.arguments:
            value = directive.arguments[0].value
            if isinstance(value, VariableNode):
                condition = bool(variables.get(value.name.value))
            else:
                condition = bool(getattr(value, "value", False))
            if condition is (name == "skip"):
                return False
    return True
