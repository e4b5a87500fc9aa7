"""The audit trail: who did or was refused what, and the sealing of it into hash-chained blocks.

Entries are written in the transaction of what they tell. Sealing is a worker's task every few
seconds, never the request's: one chain head in every transaction would make all writers wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from tortoise.exceptions import IntegrityError

from domain.actor import Actor
from domain.db import execute, execute_many, rows, transact
from domain.operations.clock import now
from domain.operations.request import request_id

GENESIS = "0" * 64
BLOCK_ENTRIES_MAX = 5_000

_INSERT = (
    "INSERT INTO audit_entry (at, actor_kind, actor_id, actor_name, action, outcome, noun, "
    "noun_id, `before`, `after`, request_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_SELECT = (
    "SELECT e.id, e.at, e.actor_kind, e.actor_id, e.actor_name, e.action, e.outcome, e.noun, "
    "e.noun_id, e.`before`, e.`after`, e.request_id FROM audit_entry e "
)


@dataclass(frozen=True, slots=True)
class Change:
    """One noun that an operation changed, as it was and as it is."""

    noun: str
    noun_id: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


async def write_entries(actor: Actor, action: str, changes: Sequence[Change]) -> None:
    """Write one DONE entry a change, in the running transaction."""
    await execute_many(
        _INSERT,
        [
            _values(actor, action, "DONE", c.noun, c.noun_id, _json(c.before), _json(c.after))
            for c in changes
        ],
    )


async def record_refusal(actor: Actor, action: str, reason: str) -> None:
    """Write a REFUSED entry, in a transaction of its own: the refused one was rolled back."""
    after = _json({"reason": reason[:1_000]})
    await execute(_INSERT, _values(actor, action, "REFUSED", "", 0, "{}", after))


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()


def _values(
    actor: Actor, action: str, outcome: str, noun: str, noun_id: int, before: str, after: str
) -> list[Any]:
    person = [str(actor.kind), actor.id, actor.name]
    return [now(), *person, action, outcome, noun, noun_id, before, after, request_id.get()]


async def seal_audit() -> int:
    """Seal the entries that no block holds yet; return how many. Safe to run in two workers."""

    async def work() -> int:
        entries = await rows(
            _SELECT + "LEFT JOIN audit_seal s ON s.entry_id = e.id WHERE s.entry_id IS NULL "
            "ORDER BY e.id LIMIT %s",
            [BLOCK_ENTRIES_MAX],
        )
        if not entries:
            return 0
        last = await rows("SELECT hash FROM audit_block ORDER BY id DESC LIMIT 1")
        previous = last[0]["hash"] if last else GENESIS
        digest = entries_sha256(entries)
        block_hash = chain_hash(previous, digest, len(entries))
        # previous_hash is unique: of two sealers at once, one fails here and tries again later.
        await execute(
            "INSERT INTO audit_block (previous_hash, entries_sha256, entry_count, hash, sealed_at) "
            "VALUES (%s, %s, %s, %s, %s)",
            [previous, digest, len(entries), block_hash, now()],
        )
        block = await rows("SELECT id FROM audit_block WHERE hash = %s", [block_hash])
        await execute_many(
            "INSERT INTO audit_seal (entry_id, block_id) VALUES (%s, %s)",
            [(entry["id"], block[0]["id"]) for entry in entries],
        )
        return len(entries)

    try:
        return await transact(work)
    except IntegrityError:
        return 0


@dataclass(frozen=True, slots=True)
class AuditProof:
    """What `verify-audit` found: the chain's head, what is unsealed, and every fault by name."""

    blocks: int
    entries: int
    head: str
    unsealed: list[int]
    faults: list[str]


async def verify_audit() -> AuditProof:
    """Recompute every block from its entries and the chain from its blocks."""
    faults: list[str] = []
    previous, total = GENESIS, 0
    blocks = await rows(
        "SELECT id, previous_hash, entries_sha256, entry_count, hash FROM audit_block ORDER BY id"
    )
    for block in blocks:
        entries = await rows(
            _SELECT + "JOIN audit_seal s ON s.entry_id = e.id WHERE s.block_id = %s ORDER BY e.id",
            [block["id"]],
        )
        total += len(entries)
        name = f"block {block['id']}"
        if block["previous_hash"] != previous:
            faults.append(f"{name}: does not follow the block before it")
        if len(entries) != block["entry_count"]:
            faults.append(f"{name}: {len(entries)} of its {block['entry_count']} entries remain")
        if entries_sha256(entries) != block["entries_sha256"]:
            faults.append(f"{name}: its entries were altered")
        if chain_hash(previous, block["entries_sha256"], block["entry_count"]) != block["hash"]:
            faults.append(f"{name}: its own hash is wrong")
        previous = block["hash"]
    unsealed = await rows(
        "SELECT e.id FROM audit_entry e LEFT JOIN audit_seal s ON s.entry_id = e.id "
        "WHERE s.entry_id IS NULL ORDER BY e.id"
    )
    return AuditProof(len(blocks), total, previous, [row["id"] for row in unsealed], faults)


def entries_sha256(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the hash of the entries' full contents, in order of id."""
    digest = hashlib.sha256()
    for entry in entries:
        moment = entry["at"].replace(tzinfo=None).isoformat(timespec="microseconds")
        digest.update(orjson.dumps([moment, *(v for k, v in entry.items() if k != "at")]) + b"\n")
    return digest.hexdigest()


def chain_hash(previous: str, digest: str, count: int) -> str:
    """Return a block's hash: over the block before it, its entries and their count."""
    return hashlib.sha256(f"{previous}:{digest}:{count}".encode()).hexdigest()
