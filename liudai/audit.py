"""`liudai verify-audit`: proves that the audit trail is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from domain.db import pending_migrations, rows
from domain.operations.audit import GENESIS, AuditProof, verify_audit
from liudai.errors import EXIT_FAILED, LiudaiError
from liudai.running import with_database


def run(*, expect_head: str | None) -> int:
    """Prove, and print what was found; 1 when there is a fault."""
    return say(with_database(lambda: prove(expect_head)))


def say(proof: AuditProof) -> int:
    """Print the proof, every fault, and the unsealed entries by id; the exit code."""
    print(f"blocks {proof.blocks}")
    print(f"entries sealed {proof.entries}")
    print(f"entries unsealed {len(proof.unsealed)}{': ' if proof.unsealed else ''}", end="")
    print(ranges(proof.unsealed))
    print(f"head {proof.head}")
    if proof.unsealed:
        print("a worker seals entries within seconds; until then nothing proves the unsealed ones")
    for fault in proof.faults:
        print(f"fault: {fault}")
    print("the audit trail is NOT whole" if proof.faults else "the audit trail is whole")
    return EXIT_FAILED if proof.faults else 0


async def prove(expect_head: str | None) -> AuditProof:
    """Verify the trail in the open database; an expected head that is gone is a fault as well.

    Later blocks may have followed the head that was noted, so it may be any block of the chain.
    """
    if await pending_migrations():
        raise LiudaiError("the database lacks migrations: run `liudai migrate` first")
    proof = await verify_audit()
    if expect_head is None or await _is_block(expect_head.strip().lower()):
        return proof
    fault = (
        f"no block has the hash {expect_head}: the chain's end was cut off or written anew, or "
        "this is another database"
    )
    return replace(proof, faults=[*proof.faults, fault])


async def _is_block(block_hash: str) -> bool:
    """Whether the chain holds this block; an empty chain's head is in every chain."""
    if block_hash == GENESIS:
        return True
    return bool(await rows("SELECT 1 AS one FROM audit_block WHERE hash = %s", [block_hash]))


def ranges(ids: Sequence[int]) -> str:
    """Write ascending numbers shortly: 3, 5-9, 12."""
    if not ids:
        return ""
    breaks = [i for i, (a, b) in enumerate(pairwise(ids), start=1) if b != a + 1]
    runs = [ids[i:j] for i, j in pairwise([0, *breaks, len(ids)])]
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
