"""`liudai restore`: fills an empty database from a backup, of whatever dialect, and proves it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.db import migrate
from domain.operations.clock import now
from domain.operations.install import install
from domain.schema import known_migrations, migrate_to
from domain.settings import Settings, get_settings
from liudai.backup.artefacts import FileRestorer, model_versions, point_to_restored
from liudai.backup.catalogue import applied_migrations, data_tables
from liudai.backup.checking import check
from liudai.backup.connections import connected
from liudai.backup.database import Database
from liudai.backup.dump import DumpSink, Head, Manifest, ModelFile, Table, read_dump
from liudai.backup.proofs import Proof, prove_books, prove_rows, prove_trail
from liudai.backup.showing import KEYS_NOTE, progress
from liudai.backup.taking import backup_key
from liudai.backup.unfinished import mark, refuse_unfinished, unmark
from liudai.backup.values import Steps, converted, write_steps
from liudai.errors import EXIT_FAILED, LiudaiError
from liudai.running import with_database

Show = Callable[[str, int | None], None]


@dataclass(slots=True)
class Restored:
    """What a restore did, with every proof; tables that Liudai does not make were left out."""

    head: Head
    proofs: list[Proof]
    left_out: list[str]
    moved: int

    @property
    def whole(self) -> bool:
        """Whether every proof succeeded."""
        return not any(proof.faults for proof in self.proofs)


def run(*, file: Path, other_secret_key: bool, quiet: bool) -> int:
    """Restore and print a line for each proof; 1 when one failed.

    The file is read twice: nothing is written before the whole of it has been checked.
    """
    settings = get_settings()
    with progress("restore", quiet=quiet) as show:
        with file.open("rb") as opened:
            head, manifest, unopened = check(opened, show)
        if unopened:
            _refuse_secret_key(unopened, accepted=other_secret_key)
        restored = restore(file, head, manifest, settings, show)
    return _report(file, restored, quiet=quiet)


def restore(file: Path, head: Head, manifest: Manifest, settings: Settings, show: Show) -> Restored:
    """Fill the empty database of `settings` from a backup that was checked, and prove it.

    The database carries the mark of an unfinished restore from the first change to the last proof;
    with a fault it keeps the mark.

    Raises:
        LiudaiError: the database is not empty, or the backup is of a newer version of Liudai.
    """
    known = _known_migrations(head)
    settings.home.mkdir(parents=True, exist_ok=True)
    files = FileRestorer(settings)
    files.refuse_others(manifest)
    with connected(settings, create=True) as database:
        _refuse_filled(database, head)
        mark(database, f"{file.name} of {head.created_at}")
    with_database(lambda: migrate_to(head.migrations[-1]))
    with connected(settings) as database:
        tables, left_out = _split(database, head)
        _empty(database)
        _fill(file, (head, manifest), database, files, tables, show)
        for table in tables:
            if (next_id := manifest.tables[table.name].next_id) is not None:
                database.set_next_id(table.name, next_id)
        database.commit()
    with connected(settings) as database:
        proofs = prove_rows(database, tables, manifest, show)
    proofs.append(Proof("model files", f"{len(manifest.files)} files", files.faults))
    with connected(settings) as database:
        moved = _moved(database, manifest, settings)
        point_to_restored(database, moved)
    proofs += with_database(lambda: _newest(manifest, upgrade=len(known) > len(head.migrations)))
    restored = Restored(head, proofs, left_out, len(moved))
    if restored.whole:
        with connected(settings) as database:
            unmark(database)
    return restored


def _known_migrations(head: Head) -> list[str]:
    known = asyncio.run(known_migrations())
    if known[: len(head.migrations)] != head.migrations:
        raise LiudaiError(
            f"the backup is of a newer version of Liudai (migration {head.migrations[-1]}): "
            "restore it with that version / "
            f"该备份来自更新版本的流贷（迁移 {head.migrations[-1]}），请使用该版本恢复"
        )
    return known


def _refuse_filled(database: Database, head: Head) -> None:
    refuse_unfinished(database)
    filled = [
        name for name in data_tables(database) if database.rows(f"SELECT 1 FROM `{name}` LIMIT 1")
    ]
    if filled:
        raise LiudaiError(
            f"the database of LIUDAI_DATABASE_URL is not empty ({', '.join(filled[:3])}"
            f"{', …' if len(filled) > 3 else ''} have rows): restore into an empty one, nothing "
            "was changed / LIUDAI_DATABASE_URL 指向的数据库不是空库，请恢复到空库中；未做任何更改"
        )
    ahead = set(applied_migrations(database)) - set(head.migrations)
    if ahead:
        raise LiudaiError(
            f"the database has migrations that the backup lacks ({', '.join(sorted(ahead))}): "
            "restore into an empty one, nothing was changed / "
            "该数据库的迁移比备份更新，请恢复到空库中；未做任何更改"
        )


def _refuse_secret_key(unopened: list[str], *, accepted: bool) -> None:
    en = f"LIUDAI_SECRET_KEY does not open {', '.join(unopened)} of the backup"
    zh = f"LIUDAI_SECRET_KEY 无法解密备份中的 {', '.join(unopened)}"
    if not accepted:
        raise LiudaiError(
            f"{en}: set the key of the system that was backed up, or say --other-secret-key to do "
            f"without those values; nothing was changed / {zh}：请设置原系统的密钥，或使用 "
            "--other-secret-key 放弃这些数据；未做任何更改"
        )
    print(f"liudai: warning: {en} / {zh}", file=sys.stderr)


def _split(database: Database, head: Head) -> tuple[list[Table], list[str]]:
    """Return the backup's tables that the migrations made here, and the names of the others."""
    here = set(data_tables(database))
    for table in head.tables:
        if table.name not in here:
            continue
        columns = {name for name, _ in database.columns(table.name)}
        if lost := set(table.columns) ^ columns:
            raise LiudaiError(
                f"{table.name} has not the backup's columns ({', '.join(sorted(lost))})"
            )
    tables = [table for table in head.tables if table.name in here]
    return tables, [table.name for table in head.tables if table.name not in here]


def _empty(database: Database) -> None:
    """Take away what the migrations themselves wrote: the backup has it, as it has become."""
    database.begin_filling()
    for name in data_tables(database):
        if database.rows(f"SELECT 1 FROM `{name}` LIMIT 1"):
            database.empty(name)


def _fill(
    file: Path,
    checked: tuple[Head, Manifest],
    database: Database,
    files: FileRestorer,
    tables: list[Table],
    show: Show,
) -> None:
    """Read the backup once more, into the database. A killed fill leaves the mark."""
    sink = _Filling(database, files, {table.name for table in tables}, show)
    show("rows", len(tables))
    with file.open("rb") as opened:
        read = read_dump(opened, backup_key(get_settings()), sink)
    if read != checked:
        raise LiudaiError("the backup's file was changed while it was restored: begin again")


class _Filling(DumpSink):
    def __init__(
        self, database: Database, files: FileRestorer, names: set[str], show: Show
    ) -> None:
        self._database = database
        self._files = files
        self._names = names
        self._show = show
        self._steps: dict[str, Steps] = {}

    def rows(self, table: Table, rows: list[list[Any]]) -> None:
        if table.name not in self._names:
            return
        if table.name not in self._steps:
            self._steps[table.name] = write_steps(table.types, self._database.dialect)
        steps = self._steps[table.name]
        self._database.insert_many(
            table.name, table.columns, [converted(row, steps) for row in rows]
        )

    def end_table(self, table: Table, total: Any) -> None:
        self._show(table.name, None)

    def begin_file(self, file: ModelFile) -> None:
        self._files.begin(file)

    def piece(self, piece: bytes) -> None:
        self._files.piece(piece)

    def end_file(self, file: ModelFile, sha256: str) -> None:
        self._files.end(file, sha256)


def _moved(database: Database, manifest: Manifest, settings: Settings) -> dict[int, str]:
    """Return the model versions whose files are now elsewhere, with their new folder."""
    root = settings.artefacts_url.rstrip("/")
    restored = {file.model_id: f"{root}/{file.folder}" for file, _, _ in manifest.files}
    return {
        found.id: restored[found.id]
        for found in model_versions(database)
        if found.id in restored and restored[found.id] != found.url
    }


async def _newest(manifest: Manifest, *, upgrade: bool) -> list[Proof]:
    """Bring the restored database up to this version, then prove what that must not change."""
    if upgrade:
        await migrate()
        await install(today=now().date())
    return [await prove_trail(manifest), await prove_books()]


def _report(file: Path, restored: Restored, *, quiet: bool) -> int:
    if not quiet:
        print(f"restored {file}, made {restored.head.created_at} by {restored.head.made_by}")
        for proof in restored.proofs:
            print(f"{'WRONG' if proof.faults else 'ok   '}  {proof.what:<12}  {proof.seen}")
        if restored.moved:
            print(f"{restored.moved} model versions refer to LIUDAI_ARTEFACTS_URL of this system")
        print(f"note: {KEYS_NOTE}")
    for name in restored.left_out:
        print(f"liudai: warning: {name} is no table of Liudai: left out", file=sys.stderr)
    for proof in restored.proofs:
        for fault in proof.faults:
            print(f"fault: {proof.what}: {fault}")
    if restored.whole:
        if not quiet:
            print("the restored database is whole / 恢复的数据库完整")
        return 0
    print("the restored database is NOT whole, and nothing starts on it / 恢复的数据库不完整")
    return EXIT_FAILED
