"""Completion plans: the fast way from plain attributes to the answer.

A field without a resolver and without arguments is an attribute read. graphql-core completes each
such field in about 5 µs (path, info, argument and awaitable checks); a plan compiled from the
selection does it in a third of one. A plan knows only the ordinary case. Whatever it does not
expect (a null where none may be, an awaitable, an object of another class, an exception) it answers
with :class:`NotPlain`, and the field runs again through graphql-core, which is right about all of
it: reading an attribute twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
)
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

Complete: TypeAlias = Callable[[Any], Any]
"""From a resolved value to what is sent; raises :class:`NotPlain` when it must not decide."""

_DEFINITION = "strawberry-definition"
_TEXT = frozenset({"String", "ID", "Money"})


class NotPlain(Exception):
    """The value is not the ordinary one; let graphql-core complete it."""


class SubFields(Protocol):
    """What a compiler needs to know of the running operation."""

    def plan_of(self, type_: GraphQLObjectType, nodes: Any) -> ObjectPlan: ...


class ObjectPlan:
    """How to complete the selected fields of one object type."""

    __slots__ = ("complete", "fields", "grouped")

    def __init__(self, grouped: Mapping[str, Any]) -> None:
        self.grouped = grouped
        """Response name → graphql-core's details of the field."""
        self.fields: dict[str, Complete] = {}
        """Response name → the plain way from the object to the field, where there is one."""
        self.complete: Complete | None = None
        """The plain way for the whole object, when every field has one."""


def plan_fields(
    type_: GraphQLObjectType, grouped: Mapping[str, Any], sub_fields: SubFields
) -> ObjectPlan:
    """Compile the plan of a selection on `type_`."""
    plan = ObjectPlan(grouped)
    for response_name, details in grouped.items():
        name = details[0].node.name.value
        if name == "__typename":
            plan.fields[response_name] = _constant(type_.name)
            continue
        field = type_.fields.get(name)
        attribute = _attribute(field)
        if field is None or attribute is None:
            continue
        complete = _value(field.type, details, sub_fields)
        if complete is not None:
            plan.fields[response_name] = _read(attribute, complete)
    if len(plan.fields) == len(grouped):
        plan.complete = _object(type_, plan.fields)
    return plan


def _attribute(field: GraphQLField | None) -> str | None:
    """Return the attribute that the field reads, or None when it has a resolver."""
    if field is None or field.args or not getattr(field.resolve, "_is_default", False):
        return None
    definition = field.extensions.get(_DEFINITION)
    if isinstance(definition, StrawberryField) and definition.is_basic_field:
        return definition.python_name
    return None


def _constant(value: str) -> Complete:
    return lambda _: value


def _read(attribute: str, complete: Complete) -> Complete:
    get = attrgetter(attribute)
    return lambda source: complete(get(source))


def _value(type_: GraphQLOutputType, details: Any, sub_fields: SubFields) -> Complete | None:
    if isinstance(type_, GraphQLNonNull):
        return _inner(type_.of_type, details, sub_fields)
    inner = _inner(type_, details, sub_fields)
    if inner is None:
        return None
    return lambda value: None if value is None else inner(value)


def _inner(type_: GraphQLOutputType, details: Any, sub_fields: SubFields) -> Complete | None:
    """Return the way for a value that is not null; given a null it raises."""
    if isinstance(type_, (GraphQLScalarType, GraphQLEnumType)):
        return _leaf(type_)
    if isinstance(type_, GraphQLList):
        item = _value(type_.of_type, details, sub_fields)
        return None if item is None else _list(item)
    if isinstance(type_, GraphQLObjectType):
        return sub_fields.plan_of(type_, details).complete
    return None


def _list(item: Complete) -> Complete:
    def complete(value: Any) -> Any:
        if type(value) is list or type(value) is tuple:
            return [item(one) for one in value]
        raise NotPlain

    return complete


def _leaf(type_: GraphQLLeafType) -> Complete:
    coerce = type_.coerce_output_value
    if isinstance(type_, GraphQLEnumType):
        return _enum(coerce)
    if type_.name in _TEXT:
        return _exactly(str, coerce)
    if type_.name == "Boolean":
        return _exactly(bool, coerce)

    def complete(value: Any) -> Any:
        if value is None:
            raise NotPlain
        return coerce(value)

    return complete


def _exactly(python_type: type, coerce: Complete) -> Complete:
    def complete(value: Any) -> Any:
        if type(value) is python_type:
            return value
        if value is None:
            raise NotPlain
        return coerce(value)

    return complete


def _enum(coerce: Complete) -> Complete:
    names: dict[Any, str] = {}

    def complete(value: Any) -> str:
        name = names.get(value)
        if name is None:
            if value is None:
                raise NotPlain
            name = names[value] = coerce(value)
        return name

    return complete


def _object(type_: GraphQLObjectType, fields: Mapping[str, Complete]) -> Complete:
    pairs = tuple(fields.items())
    if type_.is_type_of is None:

        def complete(value: Any) -> Any:
            if value is None:
                raise NotPlain
            return {name: field(value) for name, field in pairs}

        return complete

    definition = type_.extensions.get(_DEFINITION)
    origin = definition.origin if isinstance(definition, StrawberryObjectDefinition) else None

    def complete_checked(value: Any) -> Any:
        if type(value) is not origin:
            raise NotPlain
        return {name: field(value) for name, field in pairs}

    return complete_checked
