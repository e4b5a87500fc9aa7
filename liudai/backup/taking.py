"""`liudai backup`: writes what the database holds at one moment, and the model files, to a file."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from domain.operations.clock import now
from domain.schema import column_types
from domain.settings import Settings, get_settings
from liudai.backup.artefacts import model_versions, write_files
from liudai.backup.catalogue import applied_migrations, catalogue, stored_rows
from liudai.backup.connections import connected
from liudai.backup.database import Database
from liudai.backup.dump import DumpWriter, Head, Manifest, Table
from liudai.backup.secret_key import CipherSample
from liudai.backup.showing import KEYS_NOTE, progress
from liudai.backup.unfinished import refuse_unfinished
from liudai.errors import EXIT_USAGE, LiudaiError

STANDARD_OUTPUT = "-"


def run(*, to: str, quiet: bool) -> int:
    """Write the backup and say what it holds; the exit code.

    Raises LiudaiError when the file exists, there is no key, or the database is not whole.
    """
    settings = get_settings()
    key = backup_key(settings)
    with (
        _target(to) as file,
        connected(settings) as database,
        progress("backup", quiet=quiet) as show,
    ):
        manifest, unopened = take(database, file, key, settings, show)
    if not quiet:
        _report(to, manifest)
    for model_id in manifest.missing_models:
        _warn(f"the files of model version {model_id} cannot be read and are not in the backup")
    for column in unopened:
        _warn(
            f"LIUDAI_SECRET_KEY does not open {column} of this database: the key that does is "
            "needed after a restore"
        )
    return 0


def backup_key(settings: Settings) -> bytes:
    """Return LIUDAI_BACKUP_KEY. Raises LiudaiError when it is not set."""
    if not settings.backup_bytes:
        raise LiudaiError(
            "LIUDAI_BACKUP_KEY is not set: make one with `openssl rand -base64 32` and keep it "
            "apart from the backups / 未设置 LIUDAI_BACKUP_KEY：请用 `openssl rand -base64 32` "
            "生成，并与备份分开保管",
            exit_code=EXIT_USAGE,
        )
    return settings.backup_bytes


def take(
    database: Database,
    file: BinaryIO,
    key: bytes,
    settings: Settings,
    show: Callable[[str, int | None], None],
) -> tuple[Manifest, list[str]]:
    """Write a backup of `database` into `file`.

    Returns its manifest and the encrypted columns that LIUDAI_SECRET_KEY does not open.
    """
    refuse_unfinished(database)
    database.begin_snapshot()
    migrations = applied_migrations(database)
    if not migrations:
        raise LiudaiError("the database is empty: run `liudai migrate` first")
    tables = catalogue(database, asyncio.run(column_types(migrations)))
    writer = DumpWriter(file, key)
    writer.head(_head(database, migrations, tables, settings))
    heads = database.rows("SELECT hash FROM audit_block ORDER BY id DESC LIMIT 1")
    writer.manifest.audit_head = heads[0][0] if heads else ""
    versions = model_versions(database)
    ciphers = CipherSample()
    show("tables", len(tables) + len(versions))
    for table in tables:
        show(table.name, None)
        rows = ciphers.follow(table, stored_rows(database, table))
        # Before the rows, since others go on counting: the id may only be too high.
        writer.table(table, rows, database.next_id(table.name))
    for found in versions:
        show(f"model version {found.id}", None)
        if not write_files(writer, found, settings):
            writer.manifest.missing_models.append(found.id)
    writer.close()
    return writer.manifest, ciphers.unopened()


def _head(
    database: Database, migrations: list[str], tables: list[Table], settings: Settings
) -> Head:
    return Head(
        made_by=f"liudai {version('liudai')}",
        created_at=now().isoformat(timespec="seconds"),
        dialect=database.dialect,
        migrations=migrations,
        artefacts_url=settings.artefacts_url,
        tables=tables,
    )


@contextmanager
def _target(to: str) -> Iterator[BinaryIO]:
    """Open the file under a temporary name; it gets its own when it is whole and on the disk."""
    if to == STANDARD_OUTPUT:
        if sys.stdout.isatty():
            raise LiudaiError("a backup is not for a terminal: send it on", exit_code=EXIT_USAGE)
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(to)
    _refuse_existing(path)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(path)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise LiudaiError(f"{path} is there already: choose another name", exit_code=EXIT_USAGE)


def _report(to: str, manifest: Manifest) -> None:
    out = sys.stderr if to == STANDARD_OUTPUT else sys.stdout
    rows = sum(total.rows for total in manifest.tables.values())
    size = sum(size for _, size, _ in manifest.files)
    print(f"tables {len(manifest.tables)}", file=out)
    print(f"rows {rows}", file=out)
    print(f"model files {len(manifest.files)}, {size} bytes", file=out)
    print(f"audit head {manifest.audit_head or 'none yet'}", file=out)
    if to != STANDARD_OUTPUT:
        print(f"wrote {to}, {Path(to).stat().st_size} bytes", file=out)
    print(f"note: {KEYS_NOTE}", file=out)


def _warn(message: str) -> None:
    print(f"liudai: warning: {message}", file=sys.stderr)
