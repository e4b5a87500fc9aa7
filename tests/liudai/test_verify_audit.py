"""`liudai verify-audit`: what is altered, removed, put in or cut off is found, by block."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from domain.actor import SYSTEM
from domain.db import execute, rows, transact
from domain.operations.audit import (
    GENESIS,
    AuditProof,
    Change,
    chain_hash,
    entries_sha256,
    record_refusal,
    seal_audit,
    write_entries,
)
from liudai.audit import prove, ranges, say

GUARDS = [
    f"{table}_no_{change}"
    for table in ("audit_entry", "audit_block", "audit_seal")
    for change in ("update", "delete")
]


@dataclass(frozen=True, slots=True)
class Block:
    id: int
    hash: str
    entries: list[int]


@pytest.fixture(scope="module")
async def blocks(database: str) -> list[Block]:
    """Three blocks of three entries, in a database whose guarding triggers were taken away."""
    await seal_audit()  # what installing left behind
    for number in range(3):
        for entry in range(2):
            change = Change("Loan", entry, {"state": "PENDING"}, {"state": "ACTIVE", "n": number})
            await write_entries(SYSTEM, "disburseDrawdown", [change])
        await record_refusal(SYSTEM, "repayLoan", "金额有误")
        assert await seal_audit() == 3
    for guard in GUARDS:
        await execute(f"DROP TRIGGER {guard}")
    found = await rows("SELECT id, hash FROM audit_block ORDER BY id DESC LIMIT 3")
    return [
        Block(
            block["id"],
            block["hash"],
            [
                seal["entry_id"]
                for seal in await rows(
                    "SELECT entry_id FROM audit_seal WHERE block_id = %s ORDER BY entry_id",
                    [block["id"]],
                )
            ],
        )
        for block in reversed(found)
    ]


class Undo(Exception):
    """Rolls a tampering back."""


async def prove_after(
    *statements: tuple[str, Sequence[object]], expect_head: str | None = None
) -> AuditProof:
    """Tamper, prove, and take the tampering back."""
    found = []

    async def work() -> None:
        for sql, values in statements:
            await execute(sql, values)
        found.append(await prove(expect_head))
        raise Undo

    with pytest.raises(Undo):
        await transact(work)
    assert (await prove(expect_head)).faults == []
    return found[0]


async def test_a_whole_trail_is_proved_by_the_command(blocks: list[Block]):
    command = [sys.executable, "-m", "liudai", "verify-audit", "--expect-head", blocks[1].hash]
    answer = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert f"head {blocks[2].hash}" in lines
    assert "entries unsealed 0" in lines
    assert lines[-1] == "the audit trail is whole"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_name", "Somebody else"),
        ("actor_id", 99),
        ("action", "registerBorrower"),
        ("outcome", "DONE!"),
        ("noun_id", 7),
        ("`after`", '{"state":"ACTIVE"}'),
        ("at", "2020-01-01 00:00:00.000000"),
        ("request_id", "x"),
    ],
)
async def test_an_altered_entry_is_found(blocks: list[Block], column: str, value: object):
    block = blocks[1]
    proof = await prove_after(
        (f"UPDATE audit_entry SET {column} = %s WHERE id = %s", [value, block.entries[0]])
    )
    assert proof.faults == [f"block {block.id}: its entries were altered"]


async def test_a_deleted_entry_is_found(blocks: list[Block], capsys: pytest.CaptureFixture[str]):
    block = blocks[0]
    proof = await prove_after(("DELETE FROM audit_entry WHERE id = %s", [block.entries[1]]))
    assert proof.faults[0] == f"block {block.id}: 2 of its 3 entries remain"
    assert say(proof) == 1
    said = capsys.readouterr().out.splitlines()
    assert f"fault: block {block.id}: 2 of its 3 entries remain" in said
    assert said[-1] == "the audit trail is NOT whole"


async def test_an_entry_put_into_a_block_is_found(blocks: list[Block]):
    block, other = blocks[0], blocks[2]
    proof = await prove_after(
        (
            "UPDATE audit_seal SET block_id = %s WHERE entry_id = %s",
            [block.id, other.entries[0]],
        )
    )
    assert f"block {block.id}: its entries were altered" in proof.faults
    assert f"block {other.id}: 2 of its 3 entries remain" in proof.faults


async def test_a_block_sealed_anew_breaks_the_chain_after_it(blocks: list[Block]):
    """Somebody alters an entry and computes its block's hashes again."""
    first, block, last = blocks
    entries = await rows(
        "SELECT id, at, actor_kind, actor_id, actor_name, action, outcome, noun, noun_id, "
        "`before`, `after`, request_id FROM audit_entry WHERE id >= %s AND id <= %s ORDER BY id",
        [block.entries[0], block.entries[-1]],
    )
    assert (
        entries_sha256(entries)
        == (await rows("SELECT entries_sha256 FROM audit_block WHERE id = %s", [block.id]))[0][
            "entries_sha256"
        ]
    )
    entries[0]["actor_name"] = "Somebody else"
    digest = entries_sha256(entries)
    alter = (
        "UPDATE audit_entry SET actor_name = 'Somebody else' WHERE id = %s",
        [block.entries[0]],
    )
    redigest = ("UPDATE audit_block SET entries_sha256 = %s WHERE id = %s", [digest, block.id])
    rehash = (
        "UPDATE audit_block SET hash = %s WHERE id = %s",
        [chain_hash(first.hash, digest, 3), block.id],
    )
    proof = await prove_after(alter, redigest)
    assert proof.faults == [f"block {block.id}: its own hash is wrong"]
    proof = await prove_after(alter, redigest, rehash)
    assert f"block {last.id}: does not follow the block before it" in proof.faults
    assert (await prove_after(alter, redigest, rehash, expect_head=block.hash)).faults


async def test_a_cut_off_end_is_found_by_the_head_noted_elsewhere(blocks: list[Block]):
    last = blocks[-1]
    cut = [
        (f"DELETE FROM audit_entry WHERE id >= {last.entries[0]}", []),
        (f"DELETE FROM audit_seal WHERE block_id = {last.id}", []),
        (f"DELETE FROM audit_block WHERE id = {last.id}", []),
    ]
    assert (await prove_after(*cut)).faults == []  # the chain alone cannot tell
    proof = await prove_after(*cut, expect_head=last.hash)
    assert len(proof.faults) == 1
    assert proof.faults[0].startswith(f"no block has the hash {last.hash}")


async def test_a_later_block_does_not_disprove_the_noted_head(blocks: list[Block]):
    for head in (None, GENESIS, blocks[0].hash, blocks[2].hash.upper()):
        assert (await prove(head)).faults == []


async def test_unsealed_entries_are_named(blocks: list[Block], capsys: pytest.CaptureFixture[str]):
    for _ in range(3):
        await record_refusal(SYSTEM, "repayLoan", "too much")
    proof = await prove(None)
    first = blocks[-1].entries[-1] + 1
    assert proof.unsealed == [first, first + 1, first + 2]
    assert proof.faults == []
    assert say(proof) == 0
    assert f"entries unsealed 3: {first}-{first + 2}" in capsys.readouterr().out.splitlines()
    assert await seal_audit() == 3
    assert (await prove(None)).unsealed == []


def test_ranges_are_short():
    assert [ranges(ids) for ids in ([], [4], [4, 5], [1, 3, 4, 5, 9])] == [
        "",
        "4",
        "4-5",
        "1, 3-5, 9",
    ]
