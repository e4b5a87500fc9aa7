"""The one mechanism behind every state table: which moves are legal, and how an illegal one is
refused. The tables themselves stand beside their nouns (docs/domain.md §4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from domain.rules.refusal import ErrorCode, Problem, Refused

Moves = Mapping[StrEnum, frozenset[StrEnum]]


def move(moves: Moves, noun: tuple[str, str], now: StrEnum, to: StrEnum) -> None:
    """Refuse the move `now` → `to` unless `moves` has it; `noun` is its name in en and zh."""
    if to in moves[now]:
        return
    onward = ", ".join(sorted(moves[now])) or "none"
    en, zh = noun
    raise Refused(
        [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("id",),
                f"This {en} is {now} and cannot become {to}. Possible next states: {onward}.",
                f"该{zh}当前状态为 {now}，不能变为 {to}。可变更为：{onward}。",
            )
        ]
    )


def require_state(noun: tuple[str, str], now: StrEnum, *allowed: StrEnum) -> None:
    """Refuse unless the noun is in one of the `allowed` states."""
    if now in allowed:
        return
    wanted = ", ".join(allowed)
    en, zh = noun
    raise Refused(
        [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("id",),
                f"This {en} is {now}; the step needs it to be {wanted}.",
                f"该{zh}当前状态为 {now}，此操作要求其处于 {wanted}。",
            )
        ]
    )
