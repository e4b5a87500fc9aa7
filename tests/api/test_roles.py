"""The role table: complete, enforced on every root field for every role, refusals recorded."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLNonNull, GraphQLSchema
from served import Served
from toy_schema import PEOPLE, REFUSALS, ROLES, load_toys, toy_schema

from api.graphql.ids import NODE_LOADERS
from api.graphql.roles import ANYONE, RoleTableError
from api.graphql.roles import ROLES as REAL_ROLES
from api.graphql.schema import SchemaError, build_schema
from domain.rules.roles import Role


def test_a_field_that_the_table_lacks_stops_the_build() -> None:
    roles = {name: allowed for name, allowed in ROLES.items() if name != "Query.hello"}
    with pytest.raises(RoleTableError, match=r"must say who may use Query\.hello"):
        toy_schema(roles=roles)


def test_a_name_that_is_no_field_stops_the_build() -> None:
    with pytest.raises(RoleTableError, match=r"names no root field: Query\.gone"):
        toy_schema(roles={**ROLES, "Query.gone": ANYONE})


def test_an_entity_without_a_loader_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NODE_LOADERS, "Toy", load_toys)
    original = NODE_LOADERS.copy()
    try:
        import api.graphql.schema as module

        monkeypatch.setattr(module, "NODE_LOADERS", {})
        with pytest.raises(SchemaError, match="Toy"):
            toy_schema()
    finally:
        NODE_LOADERS.update(original)


class Untouched(Exception):
    """Raised by the resolver that a role may reach."""


def reached(*_: Any, **__: Any) -> None:
    raise Untouched


def _root_fields() -> list[str]:
    return sorted(REAL_ROLES)


async def _record(*_: Any) -> None:
    pass


@pytest.mark.parametrize("name", _root_fields())
@pytest.mark.parametrize("role", [None, *Role])
async def test_every_root_field_for_every_role(name: str, role: Role | None) -> None:
    """Calls the guard itself, so that no input has to be made up for each field."""
    core = _guarded()
    root_name, field_name = name.split(".")
    root = core.get_type(root_name)
    field = root.fields[field_name]  # type: ignore[union-attr]
    serve = field.subscribe or field.resolve

    class Caller:
        caller = None if role is None else PEOPLE[role.value.lower()]

    class Info:
        context = Caller

    expected = "Sign in first" if role is None else "does not allow"
    allowed = role is not None and (REAL_ROLES[name] is ANYONE or role in REAL_ROLES[name])
    with pytest.raises(Untouched) if allowed else pytest.raises(Exception, match=expected):
        result = serve(None, Info)
        if result is not None:
            await result


_built: list[GraphQLSchema] = []


def _guarded() -> GraphQLSchema:
    """The real schema with every root resolver replaced, behind the real table."""
    if not _built:
        import api.graphql.schema as module

        guard = module.guard

        def replaced(schema: GraphQLSchema, roles: Any, record: Any) -> None:
            for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
                for field in root.fields.values() if root else ():
                    if field.subscribe:
                        field.subscribe = reached
                    else:
                        field.resolve = reached
            guard(schema, roles, record)

        module.guard = replaced
        try:
            _built.append(build_schema(record=_record)._schema)
        finally:
            module.guard = guard
    return _built[0]


def test_a_refused_mutation_is_recorded_before_the_caller_hears(toys: Served) -> None:
    REFUSALS.clear()
    query = 'mutation { makeToy(input: {idempotencyKey: "k", number: 1}) { replayed } }'
    answered = toys.post(query, subject="auditor", accept_language="zh").json()
    assert answered["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "无权使用 Mutation.makeToy" in answered["errors"][0]["message"]
    assert [(who, action) for who, action, _ in REFUSALS] == [("auditor", "makeToy")]


def test_a_refused_query_and_an_unknown_caller_are_not(toys: Served) -> None:
    REFUSALS.clear()
    query = 'mutation { makeToy(input: {idempotencyKey: "k", number: 1}) { replayed } }'
    assert "UNAUTHENTICATED" in toys.post(query, subject=None).text
    assert REFUSALS == []


def test_everything_has_a_description() -> None:
    core = build_schema()._schema
    bare: list[str] = []
    for name, type_ in core.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        if not type_.description:
            bare.append(name)
        if isinstance(type_, GraphQLEnumType):
            bare += [
                f"{name}.{key}" for key, value in type_.values.items() if not value.description
            ]
        for field_name, field in getattr(type_, "fields", {}).items():
            if not field.description:
                bare.append(f"{name}.{field_name}")
            if not isinstance(type_, GraphQLInputObjectType):
                bare += [
                    f"{name}.{field_name}({argument})"
                    for argument, definition in field.args.items()
                    if not definition.description
                ]
    assert bare == []


def test_every_mutation_takes_one_input_and_a_key_and_answers_with_a_payload() -> None:
    core = build_schema()._schema
    for name, field in core.mutation_type.fields.items() if core.mutation_type else ():
        stem = name[0].upper() + name[1:]
        assert list(field.args) == ["input"], name
        input_type = field.args["input"].type
        assert isinstance(input_type, GraphQLNonNull), name
        assert input_type.of_type.name == f"{stem}Input", name
        assert str(input_type.of_type.fields["idempotencyKey"].type) == "String!", name
        payload = field.type.of_type
        assert payload.name == f"{stem}Payload", name
        assert str(payload.fields["errors"].type) == "[UserError!]!", name
        assert str(payload.fields["replayed"].type) == "Boolean!", name
