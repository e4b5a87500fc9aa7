"""A backup file that is damaged, cut off, put together anew or opened with another key."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liudai.backup.sealed import (
    CHUNK_BYTES,
    HEADER_BYTES,
    KEY_ID_BYTES,
    MAGIC,
    SALT_BYTES,
    TAG_BYTES,
    BackupDamaged,
    SealedWriter,
    unsealed,
)

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES
CLEAR = os.urandom(2 * CHUNK_BYTES + 1_000)  # three chunks


def seal(clear: bytes, key: bytes = KEY, *, piece: int = 10_000) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter(out, key)
    for start in range(0, len(clear), piece):
        writer.write(clear[start : start + piece])
    writer.close()
    return out.getvalue()


def read(sealed: bytes, key: bytes = KEY) -> bytes:
    return b"".join(unsealed(io.BytesIO(sealed), key))


def refused(sealed: bytes, key: bytes = KEY) -> str:
    with pytest.raises(BackupDamaged) as refusal:
        read(sealed, key)
    return str(refusal.value)


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return seal(CLEAR)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_what_was_written_is_read(size: int):
    clear = CLEAR[:size]
    file = seal(clear)
    chunks = max(1, -(-size // CHUNK_BYTES))
    assert len(file) == HEADER_BYTES + size + chunks * TAG_BYTES
    assert read(file) == clear


@given(pieces=st.lists(st.binary(max_size=200), max_size=20))
def test_pieces_of_any_size_are_read_as_one(pieces: list[bytes]):
    out = io.BytesIO()
    writer = SealedWriter(out, KEY)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    assert read(out.getvalue()) == b"".join(pieces)


def test_two_backups_of_the_same_have_nothing_in_common(sealed: bytes):
    again = seal(CLEAR)
    assert again[HEADER_BYTES:][:64] != sealed[HEADER_BYTES:][:64]
    assert CLEAR[:16] not in sealed


@pytest.mark.parametrize(
    ("at", "said"),
    [
        *((at, "not a Liudai backup") for at in (0, len(MAGIC) - 1)),
        *((len(MAGIC) + at, "chunk 1 ") for at in (0, SALT_BYTES - 1)),
        *((HEADER_BYTES - at, "another LIUDAI_BACKUP_KEY") for at in (1, KEY_ID_BYTES)),
        *((HEADER_BYTES + at, "chunk 1 ") for at in (0, 999, CHUNK_BYTES, SEALED_CHUNK - 1)),
        *((HEADER_BYTES + SEALED_CHUNK + at, "chunk 2 ") for at in (0, SEALED_CHUNK - 1)),
        *((HEADER_BYTES + 2 * SEALED_CHUNK + at, "chunk 3 ") for at in (0, 500, 1_015)),
    ],
)
@pytest.mark.parametrize("bit", [0, 7])
def test_one_flipped_bit_is_found_wherever_it_is(sealed: bytes, at: int, said: str, bit: int):
    changed = bytearray(sealed)
    changed[at] ^= 1 << bit
    message = refused(bytes(changed))
    assert said in message
    english, chinese = message.split(" / ")
    assert english.isascii()
    assert any("一" <= sign <= "鿿" for sign in chinese)


def test_every_bit_of_a_small_file_counts():
    small = seal(b"one line\n")
    for at in range(len(small)):
        for bit in range(8):
            changed = bytearray(small)
            changed[at] ^= 1 << bit
            refused(bytes(changed))


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (0, "not a Liudai backup"),
        (HEADER_BYTES - 1, "not a Liudai backup"),
        (HEADER_BYTES, "chunk 1 "),
        (HEADER_BYTES + 10, "chunk 1 "),
        (HEADER_BYTES + SEALED_CHUNK, "cut off after its chunk 1"),
        (HEADER_BYTES + SEALED_CHUNK + 1, "chunk 2 "),
        (HEADER_BYTES + 2 * SEALED_CHUNK, "cut off after its chunk 2"),
        (-1, "chunk 3 "),
    ],
)
def test_a_cut_off_file_is_found(sealed: bytes, kept: int, said: str):
    assert said in refused(sealed[:kept])


def test_every_shorter_file_is_refused():
    small = seal(b"one line\n")
    for kept in range(len(small)):
        refused(small[:kept])


def test_something_after_the_end_is_found(sealed: bytes):
    assert "chunk 3 " in refused(sealed + b"x")  # it makes the last chunk longer
    full = seal(CLEAR[: 2 * CHUNK_BYTES])
    assert "after the backup's end" in refused(full + b"x")
    assert "after the backup's end" in refused(full + full)


def chunks(sealed: bytes) -> list[bytes]:
    body = sealed[HEADER_BYTES:]
    return [body[at : at + SEALED_CHUNK] for at in range(0, len(body), SEALED_CHUNK)]


def test_chunks_in_another_order_are_found(sealed: bytes):
    one, two, three = chunks(sealed)
    header = sealed[:HEADER_BYTES]
    assert "chunk 1 " in refused(header + two + one + three)
    assert "chunk 2 " in refused(header + one + one + three)
    assert "chunk 2 " in refused(header + one + three)
    assert read(header + one + two + three) == CLEAR


def test_a_chunk_of_another_backup_with_the_same_key_is_found(sealed: bytes):
    other = seal(CLEAR)
    mixed = sealed[:HEADER_BYTES] + chunks(sealed)[0] + chunks(other)[1] + chunks(sealed)[2]
    assert "chunk 2 " in refused(mixed)
    assert "chunk 1 " in refused(other[:HEADER_BYTES] + sealed[HEADER_BYTES:])


def test_another_key_is_named_as_such(sealed: bytes):
    assert "another LIUDAI_BACKUP_KEY" in refused(sealed, OTHER)


def test_any_other_file_is_named_as_such():
    assert "not a Liudai backup" in refused(b"SQLite format 3\0" + bytes(1_000))


def test_what_is_yielded_before_a_fault_is_genuine(sealed: bytes):
    changed = bytearray(sealed)
    changed[-1] ^= 1
    reading = unsealed(io.BytesIO(bytes(changed)), KEY)
    assert next(reading) + next(reading) == CLEAR[: 2 * CHUNK_BYTES]
    with pytest.raises(BackupDamaged):
        next(reading)


def test_a_pipe_that_gives_little_at_a_time_is_read_to_its_end(sealed: bytes):
    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 4_097))

    assert b"".join(unsealed(Pipe(sealed), KEY)) == CLEAR
