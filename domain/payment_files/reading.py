"""Reading a file of incoming payments, whatever its format: once to judge it, once to keep it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from domain.payment_files.camt054 import read_camt054
from domain.payment_files.csv_payments import read_csv
from domain.payment_files.stream import FileStream
from domain.rules.lending.payment_line import PaymentLine, Totals
from domain.rules.lending.payment_states import PaymentFormat, TextEncoding

FILE_BYTES_MAX = 4 * 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a whole file holds; `refused` lines cannot be taken whatever the books say."""

    sha256: str
    size: int
    totals: Totals
    refused: int


def payment_lines(
    stream: FileStream, *, format: PaymentFormat, encoding: TextEncoding
) -> Iterator[PaymentLine]:
    """Yield the lines; raises :class:`Refused` when the file as a whole proves to be wrong."""
    if format is PaymentFormat.CSV:
        return read_csv(stream, encoding=encoding)
    return read_camt054(stream)


def check_file(
    file: BinaryIO,
    *,
    format: PaymentFormat,
    encoding: TextEncoding,
    bytes_max: int = FILE_BYTES_MAX,
) -> FileFacts:
    """Read a file to its end, keeping nothing. Raises :class:`Refused` for one that is wrong."""
    stream = FileStream(file, bytes_max=bytes_max)
    totals, refused = Totals(), 0
    for line in payment_lines(stream, format=format, encoding=encoding):
        totals.add(line)
        refused += bool(line.problems)
    while stream.read(1 << 16):  # what follows the XML's end counts for the hash
        pass
    return FileFacts(sha256=stream.sha256, size=stream.size, totals=totals, refused=refused)
