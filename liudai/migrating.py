"""`liudai migrate`: applies the migrations the database lacks, and writes its basic data."""

from __future__ import annotations

import asyncio
import sys
import warnings

from domain.db import close_database, migrate, open_database, pending_migrations
from domain.operations.clock import now
from domain.operations.install import install


def run() -> int:
    """Migrate the database of the settings and say what was done; the exit code."""
    # The ORM asks for its table with IF NOT EXISTS, and MySQL remarks on it each time.
    warnings.filterwarnings("ignore", message="Table 'tortoise_migrations' already exists")
    return asyncio.run(_run())


async def _run() -> int:
    await open_database()
    try:
        pending = await pending_migrations()
        await migrate()
        await install(today=now().date())
    finally:
        await close_database()
    done = f"applied {', '.join(pending)}" if pending else "nothing to migrate"
    print(f"liudai: {done}", file=sys.stderr)
    return 0
