"""Change requests (变更申请): what one person proposes and another applies, exactly as it was read.

The states and their moves, the text that is hashed, and what makes an approval stale. Which kinds
there are, and who may propose and approve them, is said by domain/operations/changes/registry.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.roles import Role
from domain.rules.states import Moves


class ChangeState(StrEnum):
    """Where a change request stands; all but PROPOSED are final."""

    PROPOSED = "PROPOSED"
    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


_S = ChangeState
CHANGE_MOVES: Moves = {
    _S.PROPOSED: frozenset({_S.APPLIED, _S.REJECTED, _S.WITHDRAWN, _S.EXPIRED}),
    _S.APPLIED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.EXPIRED: frozenset(),
}
CHANGE = ("change request", "变更申请")

_PLAIN = (str, int, bool, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that an approver reads: what is hashed. `payload` is canonical JSON."""

    kind: str
    subject: tuple[str, int]
    payload: str
    summary_en: str
    summary_zh: str
    reason: str

    @property
    def sha256(self) -> str:
        """Hex digest over every part; no two contents run into one another."""
        parts = {
            "kind": self.kind,
            "subject": [*self.subject],
            "payload": self.payload,
            "en": self.summary_en,
            "zh": self.summary_zh,
            "reason": self.reason,
        }
        return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def canonical_json(value: Mapping[str, Any]) -> str:
    """Return `value` as JSON that is the same for equal values: sorted keys, no blanks, no floats.

    Raises TypeError for a float or anything else that JSON has no exact form for: rates and amounts
    are decimal strings.
    """
    _refuse_inexact(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _refuse_inexact(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key must be text: {key!r}")
            _refuse_inexact(each)
    elif isinstance(value, list):
        for each in value:
            _refuse_inexact(each)
    elif not isinstance(value, _PLAIN):
        raise TypeError(f"not exact in JSON: {value!r}")


def refuse_other_content(content: Content, looked_at: str) -> None:
    """Refuse an approval of another hash than that of the present content."""
    if looked_at == content.sha256:
        return
    raise Refused(
        [
            Problem(
                ErrorCode.STALE_VERSION,
                ("contentSha256",),
                "What you looked at is not the present content of this change request. Fetch it "
                "again, read it, and approve that.",
                "您所查看的内容与该变更申请的当前内容不一致，请重新获取并核对后再批准。",
            )
        ]
    )


def refuse_changed_world(proposed: str, now: str) -> None:
    """Refuse when what the request builds on, or what would come of it, is another by now."""
    if proposed == now:
        return
    raise Refused(
        [
            Problem(
                ErrorCode.STALE_VERSION,
                ("id",),
                "What this change request builds on has changed since it was proposed. Withdraw or "
                "reject it, and propose it anew.",
                "该变更申请所依据的情况在提出后已发生变化，请撤回或驳回后重新提出。",
            )
        ]
    )


def refuse_expired(expires_on: date, *, today: date) -> None:
    """Refuse after the last day on which the request may be approved."""
    if today <= expires_on:
        return
    raise Refused(
        [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("id",),
                f"This change request could be approved until {expires_on}. Propose it anew.",
                f"该变更申请的批准期限为 {expires_on}，已过期，请重新提出。",
            )
        ]
    )


def refuse_other_roles(
    held: Collection[Role], allowed: Collection[Role], verb: tuple[str, str]
) -> None:
    """Refuse a person with none of the `allowed` roles; `verb` is what they may do (en, zh)."""
    if not set(allowed).isdisjoint(held):
        return
    en, zh = verb
    names = sorted(allowed)
    raise Refused(
        [
            Problem(
                ErrorCode.NOT_PERMITTED,
                (),
                f"Changes of this kind are for {' or '.join(names)} to {en}. Ask one of them.",
                f"此类变更须由 {'、'.join(names)} {zh}，请联系其办理。",
            )
        ]
    )
