"""The bytes of a payment file on their way to a reader: hashed, counted, and never too many."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, NoReturn

from domain.rules.refusal import ErrorCode, Problem, Refused


class FileStream:
    """Reads a binary file piece by piece; raises :class:`Refused` past `bytes_max`."""

    def __init__(self, file: BinaryIO, *, bytes_max: int) -> None:
        self._file = file
        self._bytes_max = bytes_max
        self._digest = hashlib.sha256()
        self.size = 0
        self.since_mark = 0

    @property
    def sha256(self) -> str:
        """The hash of what was read so far."""
        return self._digest.hexdigest()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        return self._passed(self._file.read(size))

    def readline(self, size: int) -> bytes:
        """Return the next line, or the first `size` bytes of one that is longer."""
        return self._passed(self._file.readline(size))

    def mark(self) -> None:
        """Begin to count anew in `since_mark`."""
        self.since_mark = 0

    def _passed(self, piece: bytes) -> bytes:
        self._digest.update(piece)
        self.size += len(piece)
        self.since_mark += len(piece)
        if self.size > self._bytes_max:
            refuse_file(
                ErrorCode.OUT_OF_RANGE,
                f"The file has more than {self._bytes_max} bytes. Ask the bank for smaller files.",
                f"文件超过 {self._bytes_max} 字节，请向银行索取较小的文件。",
            )
        return piece


def refuse_file(code: ErrorCode, en: str, zh: str) -> NoReturn:
    """Refuse the whole file for one reason."""
    raise Refused([Problem(code, ("file",), en, zh)])
