"""The lines of a backup: a head, the rows of each table, the files, and a manifest of all of it.

    {"head": {"format": 1, "made_by": …, "created_at": …, "dialect": …, "migrations": […],
              "artefacts_url": …,
              "tables": [{"name", "key", "columns": [{"name", "kind", "scale"}]}]}}
    {"table": "audit_block"}
    [1,"0000…","9f3a…",3,"c01d…","2026-01-15T08:00:00.000000Z"]      one line a row, by key
    {"end_table": {"rows": 1, "sha256": …, "next_id": 2}}
    {"file": {"model_id": 1, "folder": "risk/1-ab12", "name": "model.onnx"}}
    ["base64 of up to 49,152 bytes"]
    {"end_file": {"bytes": 70114, "sha256": …}}
    {"manifest": {"tables": {…}, "files": […], "missing_models": […], "audit_head": …}}

A table's sha256 is over its lines, with a JSON document spelled in one way, so it can be computed
again from any database that holds the rows. The text is gzip inside the sealed file.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

import orjson

from domain.schema import ColumnType, Kind
from liudai.backup.sealed import BackupDamaged, SealedWriter, unsealed
from liudai.backup.values import Steps, converted, hash_steps
from liudai.errors import LiudaiError

FORMAT = 1
FILE_PIECE_BYTES = 49_152
_BATCH_ROWS = 1_000
_GZIP = 31  # zlib's wbits for a gzip header
_GZIP_LEVEL = 4
_BUFFER_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was dumped: rows in order of `key`, values in order of the columns."""

    name: str
    key: list[str]
    columns: list[str]
    types: list[ColumnType]


@dataclass(frozen=True, slots=True)
class Total:
    """What a table's lines sum up to; `next_id` is what its next row gets, where it counts."""

    rows: int
    sha256: str
    next_id: int | None = None


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model version; `folder` is below the folder of artefacts."""

    model_id: int
    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself before its rows."""

    made_by: str
    created_at: str
    dialect: str
    migrations: list[str]
    artefacts_url: str
    tables: list[Table]


@dataclass(slots=True)
class Manifest:
    """What a backup holds, said once more at its end."""

    tables: dict[str, Total] = field(default_factory=dict)
    files: list[tuple[ModelFile, int, str]] = field(default_factory=list)
    missing_models: list[int] = field(default_factory=list)
    audit_head: str = ""


class TableHash:
    """Counts and hashes a table's rows as they go by."""

    def __init__(self, table: Table) -> None:
        self.rows = 0
        self._sha256 = hashlib.sha256()
        self._steps: Steps = hash_steps(table.types)

    def add(self, row: list[Any], line: bytes | None = None) -> None:
        """Take the next row; `line` is its line where the caller has it already."""
        if self._steps or line is None:
            line = orjson.dumps(converted(row, self._steps))
        self._sha256.update(line + b"\n")
        self.rows += 1

    def total(self, next_id: int | None = None) -> Total:
        """Return what was seen so far."""
        return Total(self.rows, self._sha256.hexdigest(), next_id)


class DumpWriter:
    """Writes the lines of one backup, in the order head, tables, files, :meth:`close`."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._sealed = SealedWriter(file, key)
        self._gzip = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
        self._buffer = bytearray()
        self.manifest = Manifest()

    def head(self, head: Head) -> None:
        """Write the first line."""
        tables = [
            {
                "name": table.name,
                "key": table.key,
                "columns": [
                    {"name": name, **asdict(of)}
                    for name, of in zip(table.columns, table.types, strict=True)
                ],
            }
            for table in head.tables
        ]
        self._line({"head": {"format": FORMAT, **asdict(head), "tables": tables}})

    def table(self, table: Table, rows: Iterable[list[Any]], next_id: int | None) -> Total:
        """Write a table's rows and their total."""
        self._line({"table": table.name})
        running = TableHash(table)
        for row in rows:
            line = orjson.dumps(row)
            running.add(row, line)
            self._text(line)
        total = running.total(next_id)
        self._line({"end_table": asdict(total)})
        self.manifest.tables[table.name] = total
        return total

    def file(self, file: ModelFile, pieces: Iterable[bytes]) -> None:
        """Write a model's file; a piece has at most `FILE_PIECE_BYTES`."""
        self._line({"file": asdict(file)})
        digest, size = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            self._line([base64.b64encode(piece).decode()])
        self._line({"end_file": {"bytes": size, "sha256": digest.hexdigest()}})
        self.manifest.files.append((file, size, digest.hexdigest()))

    def close(self) -> None:
        """Write the manifest and the end; only then is the backup whole."""
        self._line({"manifest": _manifest_json(self.manifest)})
        self._sealed.write(self._gzip.compress(bytes(self._buffer)) + self._gzip.flush())
        self._sealed.close()

    def _line(self, value: object) -> None:
        self._text(orjson.dumps(value))

    def _text(self, line: bytes) -> None:
        self._buffer += line
        self._buffer += b"\n"
        if len(self._buffer) >= _BUFFER_BYTES:
            self._sealed.write(self._gzip.compress(bytes(self._buffer)))
            self._buffer.clear()


class DumpSink:
    """Takes what a backup holds while it is read; does nothing by itself."""

    def head(self, head: Head) -> None:
        """The first line."""

    def rows(self, table: Table, rows: list[list[Any]]) -> None:
        """Some rows of a table, in order."""

    def end_table(self, table: Table, total: Total) -> None:
        """A table's end; its rows are as counted and hashed."""

    def begin_file(self, file: ModelFile) -> None:
        """A file begins."""

    def piece(self, piece: bytes) -> None:
        """Some bytes of the file, in order."""

    def end_file(self, file: ModelFile, sha256: str) -> None:
        """The file's end; its bytes are as counted and hashed."""


def read_dump(file: BinaryIO, key: bytes, sink: DumpSink) -> tuple[Head, Manifest]:
    """Read a backup to its end, checking every count and hash, and return its head and manifest.

    `sink` is told of things as they come: the whole is proved only when this returns.

    Raises:
        BackupDamaged: the file is not whole; nothing more can be read.
    """
    lines = _Lines(_lines(file, key))
    head = _read_head(lines.control("head"))
    sink.head(head)
    seen = Manifest()
    for table in head.tables:
        if lines.control("table") != table.name:
            raise _broken(f"the table {table.name} is not where the head has it")
        seen.tables[table.name] = _read_table(lines, table, sink)
        sink.end_table(table, seen.tables[table.name])
    while (found := lines.file_or_manifest()) and (file_json := found.get("file")):
        seen.files.append(_read_file(lines, ModelFile(**file_json), sink))
    said = found["manifest"]
    seen.missing_models, seen.audit_head = said["missing_models"], said["audit_head"]
    if said != orjson.loads(orjson.dumps(_manifest_json(seen))):
        raise _broken("its manifest does not say what it holds")
    lines.end()
    return head, seen


def _read_table(lines: _Lines, table: Table, sink: DumpSink) -> Total:
    running, batch = TableHash(table), []
    for row, line in lines.arrays():
        running.add(row, line)
        batch.append(row)
        if len(batch) >= _BATCH_ROWS:
            sink.rows(table, batch)
            batch = []
    if batch:
        sink.rows(table, batch)
    said = Total(**lines.control("end_table"))
    if said != running.total(said.next_id):
        raise _broken(f"the rows of {table.name} are not those that were counted and hashed")
    return said


def _read_file(lines: _Lines, file: ModelFile, sink: DumpSink) -> tuple[ModelFile, int, str]:
    sink.begin_file(file)
    digest, size = hashlib.sha256(), 0
    for (text,), _ in lines.arrays():
        piece = base64.b64decode(text)
        digest.update(piece)
        size += len(piece)
        sink.piece(piece)
    said = lines.control("end_file")
    if said != {"bytes": size, "sha256": digest.hexdigest()}:
        raise _broken(f"the file {file.folder}/{file.name} is not the one that was hashed")
    sink.end_file(file, digest.hexdigest())
    return file, size, digest.hexdigest()


class _Lines:
    """The lines of a dump: arrays are rows or pieces of files, objects say what follows."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._next = next(lines, b"")

    def arrays(self) -> Iterator[tuple[list[Any], bytes]]:
        """Yield the arrays up to the next object, each with its line."""
        while self._next.startswith(b"["):
            line = self._take()
            yield orjson.loads(line), line

    def control(self, name: str) -> Any:
        """Return what the next line says under `name`."""
        found = self._object()
        if name not in found:
            raise _broken(f"a line with {name} was expected")
        return found[name]

    def file_or_manifest(self) -> dict[str, Any]:
        """Return the next line, which is either of the two."""
        found = self._object()
        if not found.keys() & {"file", "manifest"}:
            raise _broken("a file or the manifest was expected")
        return found

    def end(self) -> None:
        """Refuse what follows the manifest."""
        if self._next:
            raise _broken("something follows its manifest")

    def _object(self) -> dict[str, Any]:
        line = self._take()
        found = orjson.loads(line) if line.startswith(b"{") else {}
        return found if isinstance(found, dict) else {}

    def _take(self) -> bytes:
        line, self._next = self._next, next(self._lines, b"")
        return line


def _lines(file: BinaryIO, key: bytes) -> Iterator[bytes]:
    gunzip = zlib.decompressobj(_GZIP)
    rest = b""
    for chunk in unsealed(file, key):
        # In steps, so that a chunk which compressed very well does not unfold at once.
        waiting = chunk
        while waiting:
            text = rest + gunzip.decompress(waiting, _BUFFER_BYTES)
            waiting = gunzip.unconsumed_tail
            *whole, rest = text.split(b"\n")
            yield from whole
    text = rest + gunzip.flush()
    *whole, rest = text.split(b"\n")
    yield from whole
    if rest or not gunzip.eof:
        raise _broken("its last line is cut off")


def _read_head(head: dict[str, Any]) -> Head:
    if head.pop("format") != FORMAT:
        raise LiudaiError(
            "the backup has a format that this version of Liudai does not know: restore it with a "
            "newer one / 该备份的格式不被此版本的流贷支持，请使用更新的版本恢复"
        )
    tables = [
        Table(
            table["name"],
            table["key"],
            [column["name"] for column in table["columns"]],
            [ColumnType(Kind(column["kind"]), column["scale"]) for column in table["columns"]],
        )
        for table in head.pop("tables")
    ]
    return Head(**head, tables=tables)


def _manifest_json(manifest: Manifest) -> dict[str, Any]:
    return {
        "tables": {name: asdict(total) for name, total in manifest.tables.items()},
        "files": [
            {**asdict(file), "bytes": size, "sha256": sha256}
            for file, size, sha256 in manifest.files
        ],
        "missing_models": manifest.missing_models,
        "audit_head": manifest.audit_head,
    }


def _broken(why: str) -> BackupDamaged:
    """Genuine chunks with wrong contents: whoever wrote the file made a mistake."""
    return BackupDamaged(
        f"the backup opens, but was not written as it should be: {why}",
        f"备份可以解密，但其内容有误：{why}",
    )
