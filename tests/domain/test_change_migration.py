"""0003 on a populated database of the release before: no row is lost, accounts wait."""

from __future__ import annotations

import pytest
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from domain import db
from domain.encryption import encrypt
from domain.operations.install import install
from domain.operations.lending.register_bank_account import NUMBER
from domain.settings import get_settings
from tests.conftest import FIRST_DAY

MIGRATION = "0003_change_requests"
CHILDREN = ["borrower", "bank_account", "financial_statement", "employee", "employee_role"]


async def before_it() -> None:
    """Apply every migration that 0003 builds on, and none after."""
    executor = MigrationExecutor(db.connection(), db.tortoise_config(get_settings())["apps"])
    await executor.loader.build_graph()
    names = sorted(key.name for key in executor.loader.graph.nodes if key.name < MIGRATION)
    await executor.migrate([MigrationTarget(db.APP, names[-1])], direction="forward")


async def counts() -> dict[str, int]:
    found = {}
    for table in CHILDREN:
        found[table] = (await db.rows(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"]
    return found


@pytest.fixture(scope="module")
async def populated(database_url: str) -> None:
    await db.open_database()
    await before_it()
    await db.execute("INSERT INTO branch (code, name, path) VALUES ('HO', 'Office', '/1/')")
    await db.execute(
        "INSERT INTO borrower (profile, kind, name, resident_id_tail, industry_code, "
        "enterprise_size, region, branch_id, created_at) "
        "VALUES ('CN', 'COMPANY', 'Old', '', '', '', '', 1, '2026-01-01 00:00:00')"
    )
    for number in range(3):
        await db.insert(
            "bank_account",
            {
                "borrower_id": 1,
                "bank_name": "工商银行",
                "account_name": "Old",
                "number_cipher": encrypt(f"62220000{number}", column=NUMBER),
                "number_index": f"{number}",
                "number_tail": f"000{number}",
                "created_at": "2026-01-01 00:00:00",
            },
        )
    yield
    await db.close_database()


async def test_it_keeps_every_row(populated: None) -> None:
    before, accounts = await counts(), await db.rows("SELECT * FROM bank_account ORDER BY id")
    await db.migrate()
    await install(today=FIRST_DAY)
    assert await counts() == before
    after = await db.rows("SELECT * FROM bank_account ORDER BY id")
    new = {"state": "PENDING", "approved_on": None, "usable_from": None}
    assert [{**row, **new} for row in accounts] == after
    # The release before, which may still run, knows nothing of the new columns.
    await db.execute(
        "INSERT INTO bank_account (borrower_id, bank_name, account_name, number_cipher, "
        "number_index, number_tail, created_at) "
        "VALUES (1, 'B', 'A', 'c', 'i', 't', '2026-01-01 00:00:00')"
    )
    assert (await db.rows("SELECT state FROM bank_account WHERE number_index = 'i'")) == [
        {"state": "PENDING"}
    ]


async def test_the_reference_data_is_seeded_once(populated: None) -> None:
    async def rows() -> list[int]:
        tables = ("benchmark_rate", "posting_profile", "policy_value")
        return [(await db.rows(f"SELECT COUNT(*) AS n FROM {t}"))[0]["n"] for t in tables]

    seeded = await rows()
    await install(today=FIRST_DAY)
    assert await rows() == seeded
    assert all(seeded)
