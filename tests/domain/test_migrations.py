"""The migrations, on both databases: complete, in step with the models, and harmless when rerun."""

from __future__ import annotations

from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector

from domain import db
from domain.migrations import _operation
from domain.models.lending.loan import Loan
from domain.settings import get_settings
from tests.lender import Lender


async def test_the_models_have_not_changed_since_the_last_migration(database: str) -> None:
    assert Tortoise.apps is not None
    apps = db.tortoise_config(get_settings())["apps"]
    writers = await MigrationAutodetector(Tortoise.apps, apps).changes()
    assert [op.describe() for writer in writers for op in writer.operations] == []


async def test_every_migration_has_reviewed_sql_for_each_dialect() -> None:
    folder = Path(_operation.__file__).parent
    for migration in folder.glob("0*.py"):
        for dialect in ("sqlite", "mysql"):
            assert (_operation.FOLDER / f"{migration.stem}.{dialect}.sql").read_text().strip()


async def test_migrating_a_populated_database_again_changes_nothing(lender: Lender) -> None:
    loan = await lender.loan()
    before = await Loan.filter(id=loan.id).values()
    assert await db.pending_migrations() == []
    await db.migrate()
    assert await Loan.filter(id=loan.id).values() == before


async def test_every_column_of_the_models_is_in_the_database(database: str) -> None:
    assert Tortoise.apps is not None
    for model in Tortoise.apps["liudai"].values():
        columns = ", ".join(f"`{column}`" for column in model._meta.db_fields)
        await db.rows(f"SELECT {columns} FROM {model._meta.db_table} LIMIT 1")


def test_a_script_is_split_into_statements_and_triggers_stay_whole() -> None:
    script = (
        "-- a comment\nCREATE TABLE a (\n  id INT\n);\n\n"
        "CREATE TRIGGER t BEFORE UPDATE ON a\nBEGIN SELECT RAISE(ABORT, 'no'); END;\n"
        "DROP TABLE a;\n"
    )
    found = list(_operation.statements(script))
    assert [statement.split()[0:2] for statement in found] == [
        ["CREATE", "TABLE"],
        ["CREATE", "TRIGGER"],
        ["DROP", "TABLE"],
    ]
    assert found[1].endswith("END")
