"""`liudai verify-backup`: reads a backup to its end and proves it whole, without a database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from domain.settings import get_settings
from liudai.backup.dump import DumpSink, Head, Manifest, ModelFile, Table, read_dump
from liudai.backup.secret_key import CipherSample
from liudai.backup.showing import KEYS_NOTE, progress
from liudai.backup.taking import STANDARD_OUTPUT, backup_key


def run(*, file: str, quiet: bool) -> int:
    """Read the whole file and say what it holds; the exit code.

    Raises BackupDamaged when it is not whole.
    """
    with progress("verify", quiet=quiet) as show:
        if file == STANDARD_OUTPUT:
            head, manifest, unopened = check(sys.stdin.buffer, show)
        else:
            with open(file, "rb") as opened:
                head, manifest, unopened = check(opened, show)
    if not quiet:
        describe(head, manifest)
        print(f"note: {KEYS_NOTE}")
        print("the backup is whole / 备份完整")
    for column in unopened:
        print(f"liudai: warning: LIUDAI_SECRET_KEY does not open its {column}", file=sys.stderr)
    return 0


def check(
    file: BinaryIO, show: Callable[[str, int | None], None]
) -> tuple[Head, Manifest, list[str]]:
    """Read a backup to its end; return what it says, and which of its encrypted columns the
    configured LIUDAI_SECRET_KEY does not open."""
    sink = _Checking(show)
    head, manifest = read_dump(file, backup_key(get_settings()), sink)
    return head, manifest, sink.ciphers.unopened()


def describe(head: Head, manifest: Manifest) -> None:
    """Print what a backup is and holds."""
    print(f"made {head.created_at} by {head.made_by} from {head.dialect}")
    print(f"migrations up to {head.migrations[-1]}")
    for name, total in manifest.tables.items():
        print(f"table {name} {total.rows} rows sha256 {total.sha256}")
    for file, size, sha256 in manifest.files:
        print(f"file {file.folder}/{file.name} {size} bytes sha256 {sha256}")
    for model_id in manifest.missing_models:
        print(f"missing: the files of model version {model_id}")
    print(f"audit head {manifest.audit_head or 'none yet'}")


class _Checking(DumpSink):
    def __init__(self, show: Callable[[str, int | None], None]) -> None:
        self.ciphers = CipherSample()
        self._show = show

    def head(self, head: Head) -> None:
        self._show("tables", len(head.tables))

    def rows(self, table: Table, rows: list[list[Any]]) -> None:
        self.ciphers.look(table, rows)

    def end_table(self, table: Table, total: Any) -> None:
        self._show(table.name, None)

    def begin_file(self, file: ModelFile) -> None:
        self._show(f"model version {file.model_id}", None)
