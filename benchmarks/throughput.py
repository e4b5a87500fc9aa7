"""How many pieces of work a second two API processes take, beside the same SQL written by hand.

Both sides get the same load in turn over the same count of connections. The rate is the clock's,
so whatever else the machine does counts against it; CPU for each piece of work does not move so.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.database import Database
from benchmarks.load import Load, Work, run_load
from benchmarks.reading import API, RAW, same
from benchmarks.report import alternate, conclude, show
from benchmarks.serving import Server, serving

PROCESSES, CONNECTIONS, RUNS = 2, 10, 5
WARM_UP = 200

Works = Callable[[str, int], Sequence[Work]]
"""Makes that many pieces of work for a side (API or RAW), each of them once."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a benchmark must reach: `of` a second, in the words of its last line."""

    name: str
    of: str
    rate: float


@contextmanager
def two_sides(environment: dict[str, str], token: str) -> Iterator[dict[str, list[Server]]]:
    """Run two processes of the API and two of the baseline."""
    with ExitStack() as stack:
        yield {
            side: [
                stack.enter_context(serving(side, environment=environment, token=token))
                for _ in range(PROCESSES)
            ]
            for side in (API, RAW)
        }


def measure_rates(
    bar: Bar,
    *,
    environment: dict[str, str],
    token: str,
    works: Works,
    pieces: int,
    tables: tuple[str, ...],
) -> None:
    """Run `pieces` of work five times on each side in turn and print how it went.

    Raises Unmeasurable when the sides do not write the same count of rows into `tables`.
    """
    database = Database(environment["LIUDAI_DATABASE_URL"])
    connections = int(os.environ.get("LIUDAI_BENCH_CONNECTIONS", CONNECTIONS))
    loads: dict[str, list[Load]] = {API: [], RAW: []}
    written: dict[str, list[dict[str, int]]] = {API: [], RAW: []}
    with two_sides(environment, token) as servers:

        def block(side: str, count: int) -> Load:
            made = works(side, count)
            return run_load(servers[side], database, made, connections=connections)

        def measured(side: str) -> float:
            before = database.counts(tables)
            loads[side].append(block(side, pieces))
            after = database.counts(tables)
            written[side].append({table: after[table] - before[table] for table in tables})
            return loads[side][-1].rate

        for side in (API, RAW):
            block(side, WARM_UP)
        found = alternate(lambda: measured(API), lambda: measured(RAW), rounds=RUNS)
    same(written[API], written[RAW])
    print(f"rows written by {pieces} {bar.of}, on either side: {written[API][-1]}")
    _settings(database, connections)
    database.close()
    _conclude(bar, found, loads)


def _settings(database: Database, connections: int) -> None:
    print(
        f"{PROCESSES} processes a side, {connections} connections to each; "
        f"innodb_flush_log_at_trx_commit={database.setting('innodb_flush_log_at_trx_commit')}"
    )


def _conclude(
    bar: Bar, found: tuple[list[float], list[float]], loads: dict[str, list[Load]]
) -> None:
    rates = [
        show(name, figures, f"{bar.of} a second")
        for name, figures in zip(("GraphQL", "written by hand"), found, strict=True)
    ]
    for name, side in (("GraphQL", API), ("written by hand", RAW)):
        _show_cpu(name, loads[side])
    waits = [sum(load.lock_waits for load in loads[side]) for side in (API, RAW)]
    deadlocks = sum(load.deadlocks for side in (API, RAW) for load in loads[side])
    print(
        f"row locks waited for (Innodb_row_lock_waits, all of the server): GraphQL {waits[0]}, "
        f"by hand {waits[1]}; deadlocks {deadlocks}"
    )
    ratio = rates[0] / rates[1]
    conclude(
        bar.name,
        f"{rates[0]:.0f} a second, {waits[0]} lock waits, {ratio:.2f}x the rate by hand",
        f"{bar.rate:.0f} a second, 0",
        rates[0] >= bar.rate and waits[0] == 0,
    )


def _show_cpu(name: str, loads: Sequence[Load]) -> None:
    """Print CPU for each piece of work, and the rate at which two cores would be full of it."""
    server = statistics.median(load.server_ms for load in loads)
    database = statistics.median(load.database_ms for load in loads)
    generator = statistics.median(load.generator_ms for load in loads)
    full = statistics.median(2000 / load.cpu_ms for load in loads)
    print(
        f"{name:<28} {server:9.3f} ms CPU of the servers, {database:.3f} of the database, "
        f"{generator:.3f} of the generator: two cores full at {full:.0f} a second"
    )
