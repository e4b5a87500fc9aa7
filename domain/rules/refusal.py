"""How a rule says no.

A rule that refuses returns or raises :class:`Problem`s: a code for machines, the path of the input
field, and one sentence in English and one in Chinese that tell the user what was wrong and what to
do. All problems of a form are collected and raised together, and a refused request changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, for machines; the sentence beside it is for people."""

    INVALID_VALUE = "INVALID_VALUE"
    REQUIRED = "REQUIRED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    CHECKSUM_INVALID = "CHECKSUM_INVALID"
    WRONG_SCALE = "WRONG_SCALE"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    DUPLICATE = "DUPLICATE"
    NOT_FOUND = "NOT_FOUND"
    ILLEGAL_STATE = "ILLEGAL_STATE"
    STALE_VERSION = "STALE_VERSION"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    NOT_PERMITTED = "NOT_PERMITTED"
    SAME_PERSON = "SAME_PERSON"
    INCOMPATIBLE_ROLES = "INCOMPATIBLE_ROLES"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    FORMULA_NOT_APPLICABLE = "FORMULA_NOT_APPLICABLE"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where (`path`: GraphQL field names from the input's root) and what to do."""

    code: ErrorCode
    path: tuple[str, ...]
    en: str
    zh: str


class Refused(Exception):
    """The request was refused; `problems` holds every mistake found, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if not self.problems:
            raise ValueError("a refusal needs at least one problem")
        said = (f"{p.code} at {'.'.join(p.path)}: {p.en}" for p in self.problems)
        super().__init__("; ".join(said))


def refuse_if(problems: Iterable[Problem]) -> None:
    """Raise :class:`Refused` with all `problems`, if there are any."""
    found = tuple(problems)
    if found:
        raise Refused(found)
