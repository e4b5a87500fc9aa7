"""The files of the models: a row of model_version refers to them by hash, so both go together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fsspec

from domain.settings import Settings
from liudai.backup.database import Database
from liudai.backup.dump import FILE_PIECE_BYTES, DumpWriter, Manifest, ModelFile
from liudai.errors import LiudaiError


@dataclass(frozen=True, slots=True)
class Version:
    """A row of model_version: where its files are, and the hash of its `model.json`."""

    id: int
    url: str
    sha256: str


def model_versions(database: Database) -> list[Version]:
    """Return every model version of the database."""
    found = database.rows("SELECT id, artefact_url, sha256 FROM model_version ORDER BY id")
    return [Version(*row) for row in found]


def write_files(writer: DumpWriter, version: Version, settings: Settings) -> bool:
    """Write the files of a version into the backup; False when there are none to be read."""
    folder = folder_of(version, settings.artefacts_url)
    try:
        fs, path = fsspec.core.url_to_fs(version.url)
        names = sorted(
            name
            for name in (found.rsplit("/", 1)[-1] for found in fs.ls(path, detail=False))
            if not name.startswith(".")  # a save that was killed
        )
    except (OSError, ValueError, ImportError):
        return False
    for name in names:
        with fs.open(f"{path}/{name}", "rb") as file:
            writer.file(ModelFile(version.id, folder, name), _pieces(file))
    return bool(names)


def folder_of(version: Version, artefacts_url: str) -> str:
    """Return the version's folder below the folder of artefacts, or one of its own."""
    root = artefacts_url.rstrip("/") + "/"
    below = version.url.removeprefix(root) if version.url.startswith(root) else ""
    safe = below and all(part not in ("", ".", "..") for part in below.split("/"))
    return below if safe else f"restored/{version.id}-{version.sha256[:12]}"


class FileRestorer:
    """Writes the files of a backup below LIUDAI_ARTEFACTS_URL, replacing none that is there."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.artefacts_url.rstrip("/")
        self._open: Any = None
        self._temporary = ""
        self.faults: list[str] = []

    def refuse_others(self, manifest: Manifest) -> None:
        """Raise LiudaiError when a file of the backup's name is there and is another one."""
        for file, _, sha256 in manifest.files:
            fs, path = fsspec.core.url_to_fs(f"{self._root}/{file.folder}/{file.name}")
            if fs.exists(path) and _sha256(fs, path) != sha256:
                raise LiudaiError(
                    f"{self._root}/{file.folder}/{file.name} is another file than the backup's: "
                    "move it away, or set LIUDAI_ARTEFACTS_URL to an empty folder; nothing was "
                    "changed / 该文件与备份中的不同：请将其移走，或将 LIUDAI_ARTEFACTS_URL "
                    "设为空目录；未做任何更改"
                )

    def begin(self, file: ModelFile) -> None:
        """Begin a file, under a temporary name."""
        fs, folder = fsspec.core.url_to_fs(f"{self._root}/{file.folder}")
        fs.makedirs(folder, exist_ok=True)
        self._temporary = f"{folder}/.{file.name}.restoring"
        self._open = fs.open(self._temporary, "wb")

    def piece(self, piece: bytes) -> None:
        """Take the file's next bytes."""
        self._open.write(piece)

    def end(self, file: ModelFile, sha256: str) -> None:
        """Give the file its name. Another one of that name stays, and is a fault."""
        self._open.close()
        fs, folder = fsspec.core.url_to_fs(f"{self._root}/{file.folder}")
        path = f"{folder}/{file.name}"
        if fs.exists(path):
            fs.rm_file(self._temporary)
        else:
            fs.mv(self._temporary, path)
        if _sha256(fs, path) != sha256:
            self.faults.append(
                f"{self._root}/{file.folder}/{file.name} is not the file of the backup"
            )


def point_to_restored(database: Database, moved: dict[int, str]) -> None:
    """Let the model versions refer to where their files are now."""
    for version_id, url in moved.items():
        database.execute(
            "UPDATE model_version SET artefact_url = %s WHERE id = %s", [url, version_id]
        )
    database.commit()


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(FILE_PIECE_BYTES):
        yield piece


def _sha256(fs: Any, path: str) -> str:
    digest = hashlib.sha256()
    with fs.open(path, "rb") as file:
        for piece in _pieces(file):
            digest.update(piece)
    return digest.hexdigest()
