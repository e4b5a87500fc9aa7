"""From either database to either: what is restored is what was there, and it proves itself."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from tortoise import Tortoise

from domain import db, migrations
from domain.models.lending.loan import Loan
from domain.models.records import Job
from domain.models.risk.model_version import ModelVersion
from domain.operations.audit import seal_audit
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.register_bank_account import NewBankAccount, register_bank_account
from domain.operations.lending.repay_loan import Payment, repay_loan
from domain.queries.clear_text import clear_text
from domain.schema import column_types, known_migrations
from domain.settings import get_settings
from liudai.backup import checking
from liudai.backup.catalogue import catalogue
from liudai.backup.unfinished import MARK_TABLE
from tests.application_story import Story
from tests.books import books_hold
from tests.lender import Lender, key
from tests.liudai.backups import (
    System,
    empty_system,
    environment_of,
    everything,
    rows_of,
    this_system,
)
from tests.people import resident_id

ACCOUNT = "6222021234567890123"
OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
DIALECTS = ["sqlite", "mysql"]
SEEDING = """
import datetime as dt
import liudai.backup.restoring as restoring
from domain.db import insert
from domain.operations.install import install

to = restoring.migrate_to

async def seeded(name):
    await to(name)
    await install(today=dt.date(2020, 1, 1))
    block = {"previous_hash": "a", "entries_sha256": "b", "entry_count": 1, "hash": "c"}
    await insert("audit_block", {**block, "sealed_at": "2026-01-01 00:00:00"})

restoring.migrate_to = seeded
"""


@dataclass(slots=True)
class Populated:
    """A lender with loans, its backup, and what was there when it was made."""

    lender: Lender
    system: System
    loans: list[int]
    backup: Path
    rows: dict[str, list[dict[str, object]]]


@pytest.fixture(scope="module")
async def populated(lender: Lender, tmp_path_factory: pytest.TempPathFactory) -> Populated:
    """A small book: loans that were repaid, overdue and decided on, a model, a sealed trail."""
    story = await Story.open(lender)
    await story.assessed(probability=0.02)
    await story.assessed(probability=0.9)
    owner = await lender.borrower(name='王记🏦 O\'Neil \\ "Söhne"', owner_resident_id=resident_id())
    account = NewBankAccount(
        borrower_id=owner, bank_name="工商银行", account_name="王记", number=ACCOUNT
    )
    await register_bank_account(actor=lender.relationship_manager, key=key(), account=account)
    loans = [(await lender.loan()).id for _ in range(3)]
    await advance_business_date(actor=lender.operator, key=key(), to=dt.date(2026, 3, 20))
    for loan_id, amount in zip(loans, ("1234.56", "9000.00"), strict=False):
        payment = Payment(loan_id=loan_id, amount=Decimal(amount))
        await repay_loan(actor=lender.cashier, key=key(), payment=payment)
    await save_model()
    await seal_audit()
    backup = tmp_path_factory.mktemp("backups") / "book.liudai"
    system = this_system()
    answer = system.run("backup", "--to", str(backup))
    assert answer.returncode == 0, answer.stderr
    return Populated(lender, system, loans, backup, await everything())


async def save_model() -> None:
    """A model version with files below the folder of artefacts."""
    root = get_settings().artefacts_url
    folder = Path(root.removeprefix("file://")) / "risk" / "1-ab12"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(bytes(range(256)) * 700)
    (folder / "model.json").write_text('{"format": 1}')
    (folder / ".model.json.1f").write_text("a save that was killed")
    job = await Job.create(kind="TRAIN", state="SUCCEEDED", input={"名": "x"}, started_by_id=1)
    await ModelVersion.create(
        name="risk",
        version=1,
        state="CANDIDATE",
        job_id=job.id,
        algorithm="LOGISTIC_REGRESSION",
        recipe="synthetic",
        artefact_url=f"{root}/risk/1-ab12",
        sha256=hashlib.sha256(b'{"format": 1}').hexdigest(),
        metrics={"auc": 0.1 + 0.2, "zh": "好"},
        cutoff=0.1,
        trained_by_id=1,
    )


@pytest.fixture(params=DIALECTS)
async def target(
    request: pytest.FixtureRequest, populated: Populated, tmp_path: Path
) -> AsyncIterator[System]:
    """An empty database of each dialect, with the keys of the system that was backed up."""
    secret = populated.system.secret_key
    with empty_system(request.param, tmp_path / "second", secret_key=secret) as system:
        yield system


async def test_every_row_comes_back_and_is_proved(populated: Populated, target: System):
    answer = target.run("restore", str(populated.backup))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    said = answer.stdout.splitlines()
    proved = [line.split()[1] for line in said if line.startswith("ok ")]
    assert proved == ["counts", "contents", "references", "model", "audit", "books"]
    assert said[-1].startswith("the restored database is whole")
    restored = await rows_of(target)
    (moved,) = [row for row in restored["model_version"] if row["name"] == "risk"]
    assert moved["artefact_url"] == f"{target.settings.artefacts_url}/risk/1-ab12"
    (there,) = [row for row in populated.rows["model_version"] if row["name"] == "risk"]
    moved["artefact_url"] = there["artefact_url"]
    assert restored == populated.rows
    folder = target.home / "models" / "risk" / "1-ab12"
    assert sorted(file.name for file in folder.iterdir()) == ["model.json", "model.onnx"]
    assert (folder / "model.onnx").read_bytes() == bytes(range(256)) * 700


async def test_a_restored_system_lends_on(populated: Populated, target: System):
    """Ids go on where they were, triggers guard, and the secret key reads the account."""
    assert target.run("restore", str(populated.backup), "--quiet").stdout == ""
    assert target.run("verify-audit").returncode == 0
    await db.close_database()
    with environment_of(target):
        await db.open_database()
        try:
            account = (await db.rows("SELECT number_cipher FROM bank_account"))[0]
            clerk = populated.lender.cashier
            column = "bank_account.number"
            assert clear_text(clerk, account["number_cipher"], column=column) == ACCOUNT
            for loan_id in populated.loans:
                await books_hold(loan_id)
            loan = await populated.lender.loan()
            assert loan.id == max(populated.loans) + 1
            await books_hold(loan.id)
            with pytest.raises(Exception, match="append-only"):
                await db.execute("DELETE FROM ledger_entry")
            assert await Loan.all().count() == len(populated.loans) + 1
        finally:
            await db.close_database()
    await db.open_database()


async def test_what_is_restored_is_backed_up_as_the_same(populated: Populated, target: System):
    """There and back again: the second backup has the counts and hashes of the first."""
    target.run("restore", str(populated.backup))
    again = target.home / "again.liudai"
    assert target.run("backup", "--to", str(again)).returncode == 0
    first, second = hashes(populated.system, populated.backup), hashes(target, again)
    differing = {name for name, line in first.items() if second[name] != line}
    assert differing == {"model_version"}  # its artefact_url


def hashes(system: System, file: Path) -> dict[str, str]:
    """The table lines of `verify-backup`, by table."""
    answer = system.run("verify-backup", str(file))
    assert answer.returncode == 0, answer.stderr
    lines = [line for line in answer.stdout.splitlines() if line.startswith("table ")]
    return {line.split()[1]: line for line in lines}


async def test_the_backup_names_every_table_and_column_of_the_models(populated: Populated):
    """A table or a kind of field that is added later must not be missed."""
    assert Tortoise.apps is not None
    types = await column_types(await known_migrations())
    with populated.system.connected() as database:
        tables = {table.name: table for table in catalogue(database, types)}
    models = {model._meta.db_table: model for model in Tortoise.apps["liudai"].values()}
    assert set(tables) == set(models)
    for name, model in models.items():
        columns = set(model._meta.fields_db_projection.values())
        assert set(tables[name].columns) == columns
        assert set(types[name]) == columns, "a field that domain/schema.py has no kind for"


async def test_a_table_that_the_models_do_not_have_is_kept_too(
    populated: Populated, target: System, tmp_path: Path
):
    await db.execute(
        "CREATE TABLE zz_later (code VARCHAR(20) PRIMARY KEY, amount BIGINT, on_day DATE)"
    )
    file = tmp_path / "later.liudai"
    try:
        await db.execute("INSERT INTO zz_later VALUES ('a', 7, '2026-01-15')")
        assert populated.system.run("backup", "--to", str(file)).returncode == 0
    finally:
        await db.execute("DROP TABLE zz_later")
    assert "zz_later 1 rows" in hashes(populated.system, file)["zz_later"]
    answer = target.run("restore", str(file))
    assert answer.returncode == 0
    assert "zz_later is no table of Liudai: left out" in answer.stderr


async def test_a_database_with_rows_is_refused_and_keeps_them(populated: Populated, target: System):
    assert target.run("migrate").returncode == 0
    before = await rows_of(target)
    answer = target.run("restore", str(populated.backup))
    assert answer.returncode == 1
    assert "is not empty" in answer.stderr
    assert "不是空库" in answer.stderr
    assert await rows_of(target) == before
    with target.connected() as database:
        assert MARK_TABLE not in database.tables()


async def test_tables_without_rows_are_filled(populated: Populated, target: System):
    await db.close_database()
    with environment_of(target):
        await db.open_database()
        await db.migrate()
        await db.close_database()
    await db.open_database()
    assert target.run("restore", str(populated.backup)).returncode == 0


async def test_what_the_migrations_wrote_gives_way_to_the_backup(
    populated: Populated, target: System
):
    """As after a later migration that fills a table: here the basic data is written before."""
    process = target.start("restore", str(populated.backup), before=SEEDING)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    with target.connected() as database, pytest.raises(Exception, match="append-only"):
        database.execute("DELETE FROM audit_block")


async def test_another_secret_key_is_refused_unless_accepted(populated: Populated, target: System):
    other = System(target.home, target.database_url, OTHER_KEY)
    answer = other.run("restore", str(populated.backup))
    assert answer.returncode == 1
    assert "LIUDAI_SECRET_KEY does not open" in answer.stderr
    assert "bank_account.number" in answer.stderr
    assert "borrower.resident_id" in answer.stderr
    with other.connected_to_create() as database:
        assert database.tables() == []
    answer = other.run("restore", str(populated.backup), "--other-secret-key")
    assert answer.returncode == 0
    assert "warning: LIUDAI_SECRET_KEY does not open" in answer.stderr


async def test_a_damaged_backup_touches_nothing(populated: Populated, target: System):
    content = bytearray(populated.backup.read_bytes())
    content[-20] ^= 1
    damaged = target.home / "damaged.liudai"
    damaged.write_bytes(bytes(content))
    for command in ("restore", "verify-backup"):
        answer = target.run(command, str(damaged))
        assert answer.returncode == 1
        assert answer.stderr.startswith("liudai: the backup is damaged, cut off or out of order")
        assert answer.stderr.count("\n") == 1
        assert answer.stdout == ""
    with target.connected_to_create() as database:
        assert database.tables() == []


async def test_another_backup_key_touches_nothing(populated: Populated, target: System):
    answer = target.run("restore", str(populated.backup), LIUDAI_BACKUP_KEY=OTHER_KEY)
    assert answer.returncode == 1
    assert "another LIUDAI_BACKUP_KEY" in answer.stderr
    with target.connected_to_create() as database:
        assert database.tables() == []


async def test_a_row_lost_on_the_way_fails_the_proofs(populated: Populated, target: System):
    """A fault in the database or in this code: the mark stays, and nothing starts."""
    losing = (
        "import liudai.backup.restoring as r\n"
        "fill = r._Filling.rows\n"
        "def losing(self, table, rows):\n"
        "    if table.name == 'ledger_entry': rows = rows[1:]\n"
        "    if table.name == 'audit_entry': rows = [[*rows[0][:4], 'Nobody', *rows[0][5:]], *rows[1:]]\n"  # noqa: E501
        "    fill(self, table, rows)\n"
        "r._Filling.rows = losing\n"
    )
    process = target.start("restore", str(populated.backup), before=losing)
    out, _ = process.communicate(timeout=120)
    said = out.decode()
    assert process.returncode == 1
    assert "fault: counts: ledger_entry: " in said
    assert "fault: contents: audit_entry: its rows are not those of the backup" in said
    assert "fault: audit: block 1: its entries were altered" in said
    assert "fault: books: Journal " in said
    assert "the restored database is NOT whole" in said
    answer = target.run("migrate")
    assert answer.returncode == 1
    assert "unfinished restore" in answer.stderr


async def test_a_model_without_files_is_said(populated: Populated):
    """The story's model lies nowhere."""
    answer = populated.system.run("verify-backup", str(populated.backup))
    assert "missing: the files of model version 1" in answer.stdout.splitlines()
    assert "LIUDAI_SECRET_KEY is NOT in the backup" in answer.stdout


async def test_a_file_is_never_replaced_by_a_backup(populated: Populated):
    before = populated.backup.read_bytes()
    answer = populated.system.run("backup", "--to", str(populated.backup))
    assert answer.returncode == 2
    assert "is there already" in answer.stderr
    assert populated.backup.read_bytes() == before
    assert [file.name for file in populated.backup.parent.iterdir()] == [populated.backup.name]
    assert populated.backup.stat().st_mode & 0o077 == 0


async def test_a_backup_goes_through_a_pipe(populated: Populated):
    process = populated.system.start("backup", "--to", "-")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert b"LIUDAI_SECRET_KEY is NOT in the backup" in err
    verifying = populated.system.run("verify-backup", "/dev/stdin", LIUDAI_LOG_LEVEL="INFO")
    assert verifying.returncode == 1  # nothing came
    file = populated.backup.with_suffix(".piped")
    file.write_bytes(out)
    try:
        piped, written = (hashes(populated.system, f) for f in (file, populated.backup))
    finally:
        file.unlink()
    assert piped == written


def test_production_needs_a_key_of_its_own(populated: Populated, tmp_path: Path):
    needed = {
        "LIUDAI_ENV": "production",
        "LIUDAI_OIDC_ISSUER": "https://id.example",
        "LIUDAI_OIDC_AUDIENCE": "liudai",
        "LIUDAI_OIDC_JWKS_URL": "https://id.example/keys",
        "LIUDAI_BACKUP_KEY": "",
    }
    answer = populated.system.run("backup", "--to", str(tmp_path / "x"), **needed)
    assert answer.returncode == 2
    assert "LIUDAI_BACKUP_KEY is not set" in answer.stderr
    assert list(tmp_path.iterdir()) == []


async def test_an_empty_database_is_not_backed_up(target: System):
    answer = target.run("backup", "--to", str(target.home / "x"))
    assert answer.returncode == 1
    assert "there is no database" in answer.stderr or "is empty" in answer.stderr
    assert not (target.home / "x").exists()


async def test_a_backup_of_a_newer_version_is_refused(populated: Populated, target: System):
    older = (
        "import liudai.backup.restoring as r\n"
        "async def known(): return []\n"
        "r.known_migrations = known\n"
    )
    process = target.start("restore", str(populated.backup), before=older)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "of a newer version of Liudai" in err.decode()
    with target.connected_to_create() as database:
        assert database.tables() == []


def test_checking_needs_no_database(populated: Populated):
    with environment_of(populated.system), populated.backup.open("rb") as file:
        head, manifest, unopened = checking.check(file, lambda step, total: None)
    assert unopened == []
    assert head.migrations
    assert {name: total.rows for name, total in manifest.tables.items()} == {
        name: len(rows) for name, rows in populated.rows.items()
    }


async def test_another_file_of_a_models_name_is_not_replaced(populated: Populated, target: System):
    folder = target.home / "models" / "risk" / "1-ab12"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("another")
    answer = target.run("restore", str(populated.backup))
    assert answer.returncode == 1
    assert "is another file than the backup's" in answer.stderr
    assert (folder / "model.json").read_text() == "another"
    with target.connected_to_create() as database:
        assert database.tables() == []


# A Liudai with one migration more, made of this one and of a folder beside it.
LATER = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
import domain.db, domain.schema
from domain.migrations import _operation
_operation.FOLDER = Path({folder!r}) / "sql"
config = domain.db.tortoise_config
def later(settings):
    found = config(settings)
    found["apps"]["liudai"]["migrations"] = "later"
    return found
domain.db.tortoise_config = domain.schema.tortoise_config = later
"""
MORE = """
from tortoise import migrations
from domain.migrations._operation import ReviewedSql

class Migration(migrations.Migration):
    dependencies = [("liudai", {last!r})]
    operations = [ReviewedSql("9999_more", [])]
"""
MORE_SQL = """
ALTER TABLE branch ADD COLUMN nickname VARCHAR(20) NOT NULL DEFAULT 'none';
CREATE TABLE nickname_seen (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL);
INSERT INTO nickname_seen VALUES (1, 'none');
"""


async def test_an_older_backup_is_proved_as_it_was_and_then_brought_up_to_date(
    populated: Populated, target: System, tmp_path: Path
):
    here = Path(migrations.__file__).parent
    known = await known_migrations()
    shutil.copytree(here, tmp_path / "later")
    (tmp_path / "later" / "9999_more.py").write_text(MORE.format(last=known[-1]))
    shutil.copytree(here / "sql", tmp_path / "sql")
    for dialect in DIALECTS:
        (tmp_path / "sql" / f"9999_more.{dialect}.sql").write_text(MORE_SQL)
    newer = LATER.format(folder=str(tmp_path))
    process = target.start("restore", str(populated.backup), before=newer)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    with target.connected() as database:
        assert database.rows("SELECT DISTINCT nickname FROM branch") == [("none",)]
        assert database.rows("SELECT id, name FROM nickname_seen") == [(1, "none")]
    # What the newer one backs up, this one refuses, and the newer one restores.
    file = tmp_path / "newer.liudai"
    process = target.start("backup", "--to", str(file), before=newer)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    with empty_system("sqlite", tmp_path / "third", secret_key=target.secret_key) as third:
        answer = third.run("restore", str(file))
        assert answer.returncode == 1
        assert "of a newer version of Liudai (migration 9999_more)" in answer.stderr
        process = third.start("restore", str(file), before=newer)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, (out, err)
        with third.connected() as database:
            assert database.rows("SELECT id, name FROM nickname_seen") == [(1, "none")]
