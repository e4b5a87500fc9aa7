"""What a restored database must show before it is taken for whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.db import rows
from domain.operations.audit import GENESIS
from domain.operations.lending.verify_books import verify_books
from liudai.audit import prove as prove_audit
from liudai.backup.catalogue import data_tables, stored_rows
from liudai.backup.database import Database
from liudai.backup.dump import Manifest, Table, TableHash
from liudai.errors import LiudaiError


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was proved: what was seen, and every fault by name."""

    what: str
    seen: str
    faults: list[str] = field(default_factory=list)


def prove_rows(
    database: Database,
    tables: list[Table],
    manifest: Manifest,
    show: Callable[[str, int | None], None],
) -> list[Proof]:
    """Count and hash the rows of every restored table again, read from the database itself."""
    counts: list[str] = []
    hashes: list[str] = []
    database.begin_snapshot()
    show("proving", len(tables))
    for table in tables:
        show(table.name, None)
        said, running = manifest.tables[table.name], TableHash(table)
        try:
            for row in stored_rows(database, table):
                running.add(row)
        except LiudaiError as error:
            hashes.append(str(error))
        found = running.total(said.next_id)
        if found.rows != said.rows:
            counts.append(f"{table.name}: {found.rows} rows, the backup has {said.rows}")
        elif found != said:
            hashes.append(f"{table.name}: its rows are not those of the backup")
        following = database.next_id(table.name)
        if None not in (following, said.next_id) and following != said.next_id:
            counts.append(f"{table.name}: counts on from {following}, not from {said.next_id}")
    restored = {table.name for table in tables}
    for name in set(data_tables(database)) - restored:
        if database.rows(f"SELECT 1 FROM `{name}` LIMIT 1"):
            counts.append(f"{name}: has rows, the backup has no such table")
    total = sum(manifest.tables[table.name].rows for table in tables)
    return [
        Proof("counts", f"{total} rows in {len(tables)} tables", counts),
        Proof("contents", f"the hashes of {len(tables)} tables", hashes),
        Proof("references", "every foreign key", database.references()),
    ]


async def prove_books() -> Proof:
    """Everything that `liudai verify-books` proves of the open database holds."""
    (entries,) = await rows("SELECT COUNT(*) AS n FROM ledger_entry")
    report = await verify_books()
    return Proof(
        "books",
        f"{entries['n']} ledger entries: journals, loans, payments, limits and totals hold",
        [fault.said_en() for fault in report.faults],
    )


async def prove_trail(manifest: Manifest) -> Proof:
    """The audit chain of the open database is whole and ends as it did in the backup."""
    found = await prove_audit(None)
    faults = list(found.faults)
    if found.head != (manifest.audit_head or GENESIS):
        faults.append(f"the chain ends with {found.head}, in the backup with {manifest.audit_head}")
    return Proof("audit", f"{found.blocks} blocks, {found.entries} entries, one chain", faults)
