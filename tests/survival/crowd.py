"""A crowd of clients on bad lines: each request goes out up to three times with one key, some are
cut off before their answer, and each is sent until it is answered.

Nothing here decides what is right: `Wish` keeps what was asked and `Told` what was answered, and
the tests hold the database against them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from api.auth import issue_local_token
from domain.actor import Actor
from tests.lender import key

ANSWER_SECONDS = 60.0
# What the server could not finish: sent again with the same key.
UNFINISHED = frozenset({"INTERNAL", "TIMEOUT", "NO_ANSWER"})


@dataclass(slots=True)
class Wish:
    """One thing that somebody wants done once: a mutation, its form, its idempotency key."""

    name: str
    selected: str
    actor: Actor
    form: dict[str, Any]
    loan_id: int = 0
    minor: int = 0
    key: str = field(default_factory=key)

    @property
    def body(self) -> bytes:
        """The request's body, the same each time."""
        query = (
            f"mutation($input: {self.name[0].upper()}{self.name[1:]}Input!) "
            f"{{ {self.name}(input: $input) {{ replayed errors {{ code message }} "
            f"{self.selected} }} }}"
        )
        form = {**self.form, "idempotencyKey": self.key}
        return json.dumps({"query": query, "variables": {"input": form}}).encode()


@dataclass(slots=True)
class Told:
    """What became of a wish: every answer to it, and how often it was cut off."""

    wish: Wish
    answers: list[dict[str, Any]] = field(default_factory=list)
    cuts: int = 0
    unfinished: list[str] = field(default_factory=list)

    @property
    def done(self) -> list[dict[str, Any]]:
        """The answers that say it is done, now or before."""
        return [answer for answer in self.answers if not answer["errors"]]

    @property
    def outcomes(self) -> set[str]:
        """What the answers say: DONE or the code of the refusal."""
        return {
            answer["errors"][0]["code"] if answer["errors"] else "DONE" for answer in self.answers
        }


class Crowd:
    """Sends wishes to API processes in turn, over a connection for each request.

    `cut_share` of the requests lose their connection up to `cut_seconds` after they were sent.
    """

    def __init__(
        self,
        urls: list[str],
        *,
        seed: int,
        cut_share: float = 0.1,
        cut_seconds: float = 0.03,
        patience_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.urls, self.random = urls, random.Random(seed)
        self.cut_share, self.cut_seconds = cut_share, cut_seconds
        self.patience_seconds = patience_seconds
        self.requests = 0
        self.unfinished: Counter[str] = Counter()
        self._tokens: dict[str, str] = {}

    async def fulfil(self, wish: Wish) -> Told:
        """Send a wish one to three times at once, each until it is answered."""
        told = Told(wish)
        copies = self.random.choice((1, 1, 2, 3))
        await asyncio.gather(*(self._until_answered(told) for _ in range(copies)))
        return told

    async def _until_answered(self, told: Told) -> None:
        given_up = time.monotonic() + self.patience_seconds
        while True:
            cut = self.random.random() < self.cut_share
            code, payload = await self.send(told.wish, cut=cut)
            if payload is not None:
                told.answers.append(payload)
                return
            if cut:
                told.cuts += 1
                continue
            assert code in UNFINISHED, (code, told.wish)
            told.unfinished.append(code)
            self.unfinished[code] += 1
            assert time.monotonic() < given_up, (told.wish, told.unfinished)
            await asyncio.sleep(self.random.uniform(0.02, 0.2))

    async def send(
        self, wish: Wish, *, cut: bool = False, url: str = ""
    ) -> tuple[str, dict[str, Any] | None]:
        """Send a wish once; return the code of a top-level error or "", and the payload if any."""
        self.requests += 1
        at = urlsplit(url or self.urls[self.requests % len(self.urls)])
        try:
            answer = await asyncio.wait_for(
                self._exchange(wish, at.hostname or "", at.port or 0, cut=cut), ANSWER_SECONDS
            )
        except (OSError, EOFError, TimeoutError):
            answer = b""
        if not answer:
            return "NO_ANSWER", None
        head, _, body = answer.partition(b"\r\n\r\n")
        try:
            found = json.loads(body)
        except ValueError:  # the connection ended within the answer
            assert b"200" not in head.split(b"\r\n")[0] or body == b"" or cut, answer[:300]
            return "NO_ANSWER", None
        if found.get("errors"):
            return str(found["errors"][0]["extensions"]["code"]), None
        return "", dict(found["data"][wish.name])

    async def _exchange(self, wish: Wish, host: str, port: int, *, cut: bool) -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            body = wish.body
            head = (
                f"POST /graphql HTTP/1.1\r\nHost: liudai\r\nConnection: close\r\n"
                f"Authorization: Bearer {self._token(wish.actor)}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
            if cut:
                await asyncio.sleep(self.random.uniform(0, self.cut_seconds))
                return b""
            return await reader.read(-1)
        finally:
            writer.close()

    def _token(self, actor: Actor) -> str:
        if actor.subject not in self._tokens:
            self._tokens[actor.subject] = issue_local_token(actor.subject, dt.timedelta(hours=12))
        return self._tokens[actor.subject]
