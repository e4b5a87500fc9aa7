"""The tables as the migrations leave them, whatever the dialect: what kind of value a column holds.

A database alone cannot tell: SQLite keeps a decimal as text. The migrations can, also for a
database that lacks the newest of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationGraph
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from domain.db import APP, connection, tortoise_config
from domain.settings import get_settings

MIGRATIONS_TABLE = "tortoise_migrations"


class Kind(StrEnum):
    """What a column holds, apart from how a dialect stores it."""

    INTEGER = "integer"
    REAL = "real"
    DECIMAL = "decimal"
    TEXT = "text"
    JSON = "json"
    DATE = "date"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A kind, and for a decimal its digits after the point."""

    kind: Kind
    scale: int = 0


_KINDS: tuple[tuple[type[fields.Field[Any]], Kind], ...] = (
    (fields.BooleanField, Kind.INTEGER),
    (fields.SmallIntField, Kind.INTEGER),
    (fields.IntField, Kind.INTEGER),
    (fields.BigIntField, Kind.INTEGER),
    (fields.FloatField, Kind.REAL),
    (fields.JSONField, Kind.JSON),
    (fields.DatetimeField, Kind.MOMENT),
    (fields.DateField, Kind.DATE),
    (fields.CharField, Kind.TEXT),
    (fields.TextField, Kind.TEXT),
)


async def known_migrations() -> list[str]:
    """Return the names of the migrations that this version of Liudai has, in order."""
    return sorted(key.name for key in (await _graph()).nodes)


async def migrate_to(name: str) -> None:
    """Bring the open database to the migration `name` and no further; forwards only."""
    executor = MigrationExecutor(connection(), tortoise_config(get_settings())["apps"])
    await executor.migrate([MigrationTarget(APP, name)], direction="forward")


async def column_types(applied: Collection[str]) -> dict[str, dict[str, ColumnType]]:
    """Return, by table and column, the types after the migrations `applied`.

    A column whose field has no kind here is left out.
    """
    state = State(models={}, apps=StateApps(default_connections={APP: "default"}))
    graph = await _graph()
    for key in sorted(graph.nodes, key=lambda key: key.name):
        migration = graph.nodes[key]
        if key.name in applied and isinstance(migration, Migration):
            await migration.apply(state, dry_run=True, schema_editor=None)
    return {
        model.table: {
            field.source_field or name: found
            for name, field in model.fields.items()
            if (found := _column_type(field)) is not None
        }
        for model in state.models.values()
    }


def _column_type(field: fields.Field[Any]) -> ColumnType | None:
    if isinstance(field, fields.DecimalField):
        return ColumnType(Kind.DECIMAL, field.decimal_places)
    kinds = (kind for of, kind in _KINDS if isinstance(field, of))
    kind = next(kinds, None)
    return ColumnType(kind) if kind else None


async def _graph() -> MigrationGraph:
    apps = tortoise_config(get_settings())["apps"]
    loader = MigrationLoader(apps, MigrationRecorder(None), load=False)
    await loader.build_graph()
    return loader.graph
