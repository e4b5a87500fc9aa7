"""How every mutation runs: one transaction that does the work and writes the idempotency key, the
audit entry and the outbox event beside it.

A refusal rolls all of it back, so a refused try leaves the key free; only the refusal itself is
then recorded in the audit trail. The key is written last, with what came of it, in the round trip
of the commit. Two calls with one key meet there at the latest: the second waits for the first to
commit, is rolled back for its key is taken, and answers with the first one's result. So it does
when the work is refused, as work that was done once may well be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from tortoise.exceptions import IntegrityError

from domain.actor import Actor
from domain.db import execute_many, rows, transact
from domain.operations.audit import Change, record_refusal, write_entries
from domain.operations.clock import now
from domain.rules.refusal import ErrorCode, Problem, Refused

KEY_LENGTH_MAX = 100

Result = dict[str, int]


@dataclass(slots=True)
class Step:
    """What the work of one operation leaves behind besides the rows it changed."""

    actor: Actor
    action: str
    changes: list[Change] = field(default_factory=list)
    events: list[tuple[str, str, int, dict[str, Any]]] = field(default_factory=list)

    def changed(
        self,
        noun: str,
        noun_id: int,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any],
        event: str | None = None,
    ) -> None:
        """Note a change for the audit trail and, where `event` names one, for the outbox."""
        self.changes.append(Change(noun, noun_id, before or {}, after))
        if event:
            self.events.append((event, noun, noun_id, dict(after)))


@dataclass(frozen=True, slots=True)
class Done:
    """The ids of the nouns an operation changed, by name; `replayed` when the key was known."""

    result: Result
    replayed: bool

    def __getitem__(self, name: str) -> int:
        return self.result[name]


async def perform(
    *,
    actor: Actor,
    action: str,
    key: str,
    arguments: Mapping[str, Any],
    work: Callable[[Step], Awaitable[Result]],
) -> Done:
    """Run `work` once for this caller, action and idempotency key.

    `arguments` is what the caller asked for: the same key with others is refused with
    IDEMPOTENCY_KEY_REUSED. `work` may run more than once when the database asks for a retry, so it
    has no effect outside the database. Raises :class:`Refused`.
    """
    digest = hashlib.sha256(
        orjson.dumps(arguments, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    ).hexdigest()

    async def attempt(kept: str) -> Done:
        step = Step(actor, action)
        result = await work(step)
        await write_entries(actor, action, step.changes)
        await _write_events(step)
        # Last, so that of two with this key none waits for the other's rows and key at once.
        await _keep_key(actor, action, kept, digest, result)
        return Done(result, replayed=False)

    try:
        _check_key(key)
        # Kept as its hash: to MySQL's collations "a", "A" and "a " are one key.
        kept = hashlib.sha256(key.encode()).hexdigest()
        try:
            return await transact(partial(attempt, kept))
        except (Refused, IntegrityError):
            done = await _find_done(actor, action, kept, digest)
            if done is None:
                raise
            return done
    except Refused as refusal:
        await record_refusal(actor, action, str(refusal))
        raise


def _check_key(key: str) -> None:
    if 1 <= len(key) <= KEY_LENGTH_MAX and key.isprintable():
        return
    raise Refused(
        [
            Problem(
                ErrorCode.INVALID_VALUE,
                ("idempotencyKey",),
                f"The idempotency key must have 1 to {KEY_LENGTH_MAX} printable characters. "
                "Use a fresh UUID for each new request.",
                f"幂等键须为 1 至 {KEY_LENGTH_MAX} 个可打印字符，请为每个新请求生成一个 UUID。",
            )
        ]
    )


async def _keep_key(actor: Actor, action: str, key: str, digest: str, result: Result) -> None:
    await execute_many(
        "INSERT INTO idempotency_record "
        "(caller, action, `key`, arguments_sha256, result, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        [(actor.caller, action, key, digest, orjson.dumps(result).decode(), now())],
    )


async def _find_done(actor: Actor, action: str, key: str, digest: str) -> Done | None:
    """Return what came of this key before. Raises Refused when other arguments came with it."""
    found = await rows(
        "SELECT arguments_sha256, result FROM idempotency_record "
        "WHERE caller = %s AND action = %s AND `key` = %s",
        [actor.caller, action, key],
    )
    if not found:
        return None
    if found[0]["arguments_sha256"] != digest:
        raise Refused(
            [
                Problem(
                    ErrorCode.IDEMPOTENCY_KEY_REUSED,
                    ("idempotencyKey",),
                    "This idempotency key was used for a request with other arguments. "
                    "Use a new key for a new request.",
                    "该幂等键已用于另一请求（参数不同），新请求请使用新的键。",
                )
            ]
        )
    return Done(orjson.loads(found[0]["result"]), replayed=True)


async def _write_events(step: Step) -> None:
    if not step.events:
        return
    at = now()
    await execute_many(
        "INSERT INTO outbox_event (kind, noun, noun_id, payload, created_at) "
        "VALUES (%s, %s, %s, %s, %s)",
        [
            (kind, noun, noun_id, orjson.dumps(payload, default=str).decode(), at)
            for kind, noun, noun_id, payload in step.events
        ],
    )
