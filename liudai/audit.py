"""`liudai verify-audit`: proves that the audit trail is whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from domain.db import pending_migrations, rows
from domain.operations.audit import GENESIS, AuditProof, verify_audit
from liudai.errors import EXIT_FAILED, LiudaiError
from liudai.running import with_database


def run(*, expect_head: str | None) -> int:
    """Print what was proved, every fault and the unsealed rows; 1 when there is a fault."""
    proof, faults = with_database(lambda: _prove(expect_head))
    print(f"blocks {proof.blocks}")
    print(f"entries sealed {proof.entries}")
    print(f"head {proof.head}")
    if proof.unsealed:
        print(f"entries unsealed {len(proof.unsealed)}: {ranges(proof.unsealed)}")
        print("  a worker seals them within seconds; until then nothing proves them")
    else:
        print("entries unsealed 0")
    for fault in faults:
        print(f"fault: {fault}")
    print("the audit trail is NOT whole" if faults else "the audit trail is whole")
    return EXIT_FAILED if faults else 0


async def _prove(expect_head: str | None) -> tuple[AuditProof, list[str]]:
    if await pending_migrations():
        raise LiudaiError("the database lacks migrations: run `liudai migrate` first")
    proof = await verify_audit()
    faults = list(proof.faults)
    if expect_head and not await _is_block(expect_head.strip().lower()):
        faults.append(
            f"no block has the hash {expect_head}: the chain's end was cut off or written anew, or "
            "this is another database"
        )
    return proof, faults


async def _is_block(block_hash: str) -> bool:
    """Whether the chain holds this block, which was its head when it was noted."""
    if block_hash == GENESIS:
        return True
    return bool(await rows("SELECT 1 AS one FROM audit_block WHERE hash = %s", [block_hash]))


def ranges(ids: Sequence[int]) -> str:
    """Write ascending numbers shortly: 3, 5-9, 12."""
    breaks = [i for i, (a, b) in enumerate(pairwise(ids), start=1) if b != a + 1]
    runs = [ids[i:j] for i, j in pairwise([0, *breaks, len(ids)])]
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
