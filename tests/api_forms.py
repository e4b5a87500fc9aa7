"""Forms of many fields, filled in rightly."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from api.graphql.schema import get_schema

_SAMPLES: dict[str, Any] = {
    "ID": "Tm9ib2R5OjE=",
    "String": "text",
    "Int": 1,
    "Float": 0.5,
    "Boolean": True,
    "Money": "1.00",
    "Rate": "0.05",
    "Date": "2026-06-30",
}


def any_form(mutation: str) -> dict[str, Any]:
    """A form of this mutation that passes the scalars, whatever fields it needs."""
    root = get_schema()._schema.mutation_type
    assert root is not None
    form: GraphQLInputObjectType = root.fields[mutation].args["input"].type.of_type
    return {
        name: _sample(field.type.of_type)
        for name, field in form.fields.items()
        if isinstance(field.type, GraphQLNonNull) and name != "idempotencyKey"
    }


def _sample(type_: Any) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _sample(type_.of_type)
    if isinstance(type_, GraphQLList):
        return [_sample(type_.of_type)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        fields = {name: field.type for name, field in type_.fields.items()}
        needed = {name: kind for name, kind in fields.items() if isinstance(kind, GraphQLNonNull)}
        return {name: _sample(kind) for name, kind in (needed or _first(fields)).items()}
    return _SAMPLES[type_.name]


def _first(fields: dict[str, Any]) -> dict[str, Any]:
    """The one field that is given of an input that wants exactly one."""
    name = next(iter(fields))
    return {name: fields[name]}


def statement(borrower: str, **changes: Any) -> dict[str, Any]:
    """A financial statement of 2025 in USD that holds together."""
    amounts = {
        "revenue": "12000.00",
        "costOfSales": "9600.00",
        "profit": "720.00",
        "inventoryOpening": "1500.00",
        "inventoryClosing": "1700.00",
        "receivablesOpening": "1900.00",
        "receivablesClosing": "2100.00",
        "prepaymentsOpening": "400.00",
        "prepaymentsClosing": "400.00",
        "payablesOpening": "1200.00",
        "payablesClosing": "1200.00",
        "advanceReceiptsOpening": "150.00",
        "advanceReceiptsClosing": "250.00",
        "currentAssets": "5000.00",
        "totalAssets": "8000.00",
        "currentLiabilities": "2500.00",
        "totalLiabilities": "4000.00",
        "equity": "4000.00",
    }
    return {
        "borrowerId": borrower,
        "periodStart": "2025-01-01",
        "periodEnd": "2025-12-31",
        "currency": "USD",
        **amounts,
        **changes,
    }
