"""A load generator that costs little: it shares its two cores with what it measures.

One process, one event loop, raw HTTP/1.1 over connections that are kept, request bodies made
beforehand. It reads of an answer no more than its status, its length and what the next request
needs.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import psutil
import uvloop

from benchmarks.database import Database
from benchmarks.report import Unmeasurable
from benchmarks.serving import Call, Server

Work = Generator[bytes, bytes, None]
"""One piece of work: yields whole requests, is sent the body of each answer."""

_BLOCK_SECONDS_MAX = 300.0
_REFUSED = b'"errors":[{'


@dataclass(frozen=True, slots=True)
class Load:
    """How a block of work went: pieces a second, CPU in ms a piece of the servers, of the database
    (0.0 when it runs elsewhere) and of this generator, and row locks anybody had to wait for."""

    rate: float
    server_ms: float
    database_ms: float
    generator_ms: float
    lock_waits: int
    deadlocks: int

    @property
    def cpu_ms(self) -> float:
        """All the CPU a piece of work took."""
        return self.server_ms + self.database_ms + self.generator_ms


def request(call: Call, token: str) -> bytes:
    """Return the bytes of a request."""
    method, path, body = call
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body or b'')}\r\n\r\n"
    )
    return head.encode() + (body or b"")


def run_load(
    servers: Sequence[Server], database: Database, works: Sequence[Work], *, connections: int
) -> Load:
    """Do all the work over `connections` to each server, as fast as they take it.

    Raises Unmeasurable for an answer that is not 200 or that names an error.
    """
    own = psutil.Process()
    spent = [_seconds(own), sum(server.cpu_seconds() for server in servers)]
    database_spent, counted = database.cpu_seconds(), database.lock_counts()
    started = time.perf_counter()
    uvloop.run(_run([server.port for server in servers], iter(works), connections))
    seconds = time.perf_counter() - started
    waits, deadlocks = database.lock_counts()
    each = 1000 / len(works)
    return Load(
        rate=len(works) / seconds,
        server_ms=(sum(server.cpu_seconds() for server in servers) - spent[1]) * each,
        database_ms=(database.cpu_seconds() - database_spent) * each,
        generator_ms=(_seconds(own) - spent[0]) * each,
        lock_waits=waits - counted[0],
        deadlocks=deadlocks - counted[1],
    )


def _seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


async def _run(ports: Sequence[int], works: Iterator[Work], connections: int) -> None:
    loop = asyncio.get_running_loop()
    clients = []
    for port in itertools.chain.from_iterable(itertools.repeat(ports, connections)):
        done: asyncio.Future[None] = loop.create_future()
        await loop.create_connection(partial(_Client, works, done), "127.0.0.1", port)
        clients.append(done)
    try:
        async with asyncio.timeout(_BLOCK_SECONDS_MAX):
            await asyncio.gather(*clients)
    except TimeoutError:
        raise Unmeasurable(f"no end of the load after {_BLOCK_SECONDS_MAX:.0f} s") from None


class _Client(asyncio.Protocol):
    """One connection: takes the next piece of work as soon as its own is done."""

    def __init__(self, works: Iterator[Work], done: asyncio.Future[None]) -> None:
        self._works, self._done = works, done
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass
        self._next_work()

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        head = received.find(b"\r\n\r\n")
        at = received.find(b"content-length: ", 0, head)
        if head < 0 or len(received) < head + 4 + int(received[at + 16 : received.find(b"\r", at)]):
            self._received = received
            return
        self._received = b""
        body = received[head + 4 :]
        if not received.startswith(b"HTTP/1.1 200") or _REFUSED in body:
            self._fail(Unmeasurable(f"the server answered {received[:800]!r}"))
            return
        try:
            self._transport.write(self._work.send(body))
        except StopIteration:
            self._next_work()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or Unmeasurable("the server closed a connection"))

    def _next_work(self) -> None:
        work = next(self._works, None)
        if work is None:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._work = work
        self._transport.write(next(work))

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)
            self._transport.close()
