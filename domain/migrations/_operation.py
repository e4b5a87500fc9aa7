"""The one operation our migrations are made of: reviewed SQL per dialect, and the model state.

Tortoise's own RunSQL changes no state, and its generated statements can lose rows; so a migration
carries the state changes that the autodetector found, and the SQL that a person wrote for each
dialect in `sql/<name>.<dialect>.sql`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

FOLDER = Path(__file__).parent / "sql"


class ReviewedSql(Operation):
    """Apply `sql/<name>.<dialect>.sql` to the database and `state` to Tortoise's model state."""

    reversible = False

    def __init__(self, name: str, state: Sequence[Operation]) -> None:
        self.name = name
        self.state = list(state)

    def describe(self) -> str:
        return f"Reviewed SQL {self.name}"

    def state_forward(self, app_label: str, state: State) -> None:
        for operation in self.state:
            operation.state_forward(app_label, state)

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if state_editor is None:
            return
        dialect = state_editor.client.capabilities.dialect
        script = (FOLDER / f"{self.name}.{dialect}.sql").read_text(encoding="utf-8")
        for statement in statements(script):
            await state_editor.client.execute_query(statement)


def statements(script: str) -> Iterator[str]:
    """Split a script into statements; a trigger's body stays in one piece."""
    statement = ""
    for line in script.splitlines(keepends=True):
        if not statement and (not line.strip() or line.lstrip().startswith("--")):
            continue
        statement += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(statement):
            yield statement.strip().removesuffix(";")
            statement = ""
    if statement.strip():
        yield statement.strip()
