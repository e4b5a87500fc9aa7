"""The outermost layer of a backup: encrypted chunks, each bound to the file and to its place.

    bytes  0–15   magic `LIUDAI-BACKUP-1` and a line feed
    bytes 16–47   salt, random for each file
    bytes 48–55   key id: names the key without telling it
    then chunks of at most 65,536 bytes, each followed by its 16-byte tag

The file's own key is HKDF-SHA256(LIUDAI_BACKUP_KEY, salt). Chunk n is sealed by AES-256-GCM with
the nonce `n` (11 bytes, big-endian, from 0) and a byte that is 1 for the last chunk, else 0, and
with the 56 bytes as associated data. So a changed bit, a chunk out of place or of another file, a
missing end and an added one each fail to open. The construction is STREAM, of Hoang, Reyhanitabar,
Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance" (2015).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from liudai.errors import LiudaiError

MAGIC = b"LIUDAI-BACKUP-1\n"
SALT_BYTES, KEY_ID_BYTES, TAG_BYTES = 32, 8, 16
HEADER_BYTES = len(MAGIC) + SALT_BYTES + KEY_ID_BYTES
CHUNK_BYTES = 65_536


class BackupDamaged(LiudaiError):
    """The file is not what was written, or cannot be opened; says which, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(f"{en} / {zh}")


class SealedWriter:
    """Seals what is written to it into `file`; without :meth:`close` the file has no end."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = os.urandom(SALT_BYTES)
        self._header = MAGIC + salt + key_id(key)
        self._cipher = AESGCM(_file_key(key, salt))
        self._file = file
        self._pending = bytearray()
        self._count = 0
        file.write(self._header)

    def write(self, data: bytes) -> None:
        """Take any number of bytes; a chunk is sealed as soon as it cannot be the last."""
        self._pending += data
        while len(self._pending) > CHUNK_BYTES:
            self._seal(bytes(self._pending[:CHUNK_BYTES]), last=False)
            del self._pending[:CHUNK_BYTES]

    def close(self) -> None:
        """Seal the last chunk. The file itself stays open."""
        self._seal(bytes(self._pending), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._count, last=last)
        self._file.write(self._cipher.encrypt(nonce, chunk, self._header))
        self._count += 1


def unsealed(file: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield the chunks of a sealed file in the clear, each only after it was authenticated.

    Raises:
        BackupDamaged: the file is no backup, was sealed with another key, or is damaged, cut off or
            lengthened. What was yielded before is genuine, but it is not the whole.
    """
    header = _read(file, HEADER_BYTES)
    if not header.startswith(MAGIC) or len(header) < HEADER_BYTES:
        raise BackupDamaged(
            "this is not a Liudai backup, or its first bytes are damaged",
            "该文件不是流贷备份，或其开头已损坏",
        )
    if not hmac.compare_digest(header[-KEY_ID_BYTES:], key_id(key)):
        raise BackupDamaged(
            "the backup was made with another LIUDAI_BACKUP_KEY (or its first bytes are damaged)",
            "该备份由另一个 LIUDAI_BACKUP_KEY 加密（或其开头已损坏）",
        )
    cipher = AESGCM(_file_key(key, header[len(MAGIC) : len(MAGIC) + SALT_BYTES]))
    count, chunk = 0, _read(file, CHUNK_BYTES + TAG_BYTES)
    while True:
        following = _read(file, CHUNK_BYTES + TAG_BYTES)
        last = not following
        try:
            clear = cipher.decrypt(_nonce(count, last=last), chunk, header)
        except InvalidTag:
            raise _damage(cipher, header, chunk, count, last=last) from None
        yield clear
        if last:
            return
        count, chunk = count + 1, following


def key_id(key: bytes) -> bytes:
    """Return what names `key` in a file's clear bytes: from it the key cannot be found."""
    return hmac.new(key, b"liudai backup key id", hashlib.sha256).digest()[:KEY_ID_BYTES]


def _damage(
    cipher: AESGCM, header: bytes, chunk: bytes, count: int, *, last: bool
) -> BackupDamaged:
    """Say why a chunk does not open: by itself, or only because it is (not) at the end."""
    try:
        cipher.decrypt(_nonce(count, last=not last), chunk, header)
    except InvalidTag:
        at = HEADER_BYTES + count * (CHUNK_BYTES + TAG_BYTES)
        return BackupDamaged(
            f"the backup is damaged, cut off or out of order in its chunk {count + 1} "
            f"(from byte {at})",
            f"备份的第 {count + 1} 块（自第 {at} 字节起）已损坏、被截断或顺序有误",
        )
    if last:
        return BackupDamaged(
            f"the backup is cut off after its chunk {count + 1}: its end is missing",
            f"备份在第 {count + 1} 块之后被截断，缺少结尾",
        )
    return BackupDamaged("something was added after the backup's end", "备份结尾之后被附加了内容")


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _file_key(key: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"liudai backup 1").derive(key)


def _read(file: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end: a pipe gives less at a time."""
    pieces: list[bytes] = []
    while size and (piece := file.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
