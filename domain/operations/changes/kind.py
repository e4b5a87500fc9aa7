"""What a kind of change is: its payload, who proposes and approves it, how it is checked and done.

The payload is a frozen dataclass of texts, whole numbers, switches, dates, decimals, enums, and
tuples of these. Stored, it is canonical JSON with camelCase keys: a date is "2026-01-20", a decimal
its digits. Amounts of money are decimals of major units beside their currency: people read them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from domain.actor import Actor
from domain.operations.perform import Result, Step
from domain.rules.changes import canonical_json
from domain.rules.roles import Role

P = TypeVar("P")

SUMMARY_LENGTH_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Generic[P]):
    """A payload that was checked: as it is stored, whom it is about, and what it says.

    `subject` is the noun it is about and its row id, or none. `borrower_id` and `branch_id` say
    whose case it is, if it is about one: then only who may see that case sees the request.
    """

    payload: P
    en: str
    zh: str
    subject: tuple[str, int] = ("", 0)
    borrower_id: int | None = None
    branch_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[P]):
    """A kind of change.

    `validate` reads the whole payload and raises :class:`~domain.rules.refusal.Refused` with every
    mistake, at paths from the payload's root. It fills in what the payload builds on, such as the
    version it follows. It runs when the change is proposed, and again when it is approved: if then
    another payload comes of it, the world has changed and the approval is refused.

    `apply` makes the change in the transaction of the approval, which holds the business date. It
    gets the running step, the approving actor and the payload, notes what it changes by
    `step.changed`, and returns the nouns by name and row id as any operation's `work` does
    ({"loan_product": 5}); both become the request's `made`. It may refuse: then nothing has
    happened.

    `turned_down` undoes what proposing left behind, when nobody approves.
    """

    name: str
    en: str
    zh: str
    payload: type[P]
    propose: frozenset[Role]
    approve: frozenset[Role]
    validate: Callable[[Actor, P], Awaitable[Proposal[P]]]
    apply: Callable[[Step, Actor, P], Awaitable[Result]]
    turned_down: Callable[[Step, P], Awaitable[None]] | None = None

    @property
    def field(self) -> str:
        """The field of `proposeChange` that holds the payload: LOAN_PRODUCT → loanProduct."""
        return _camel(self.name.lower())

    @cached_property
    def _adapter(self) -> TypeAdapter[P]:
        return TypeAdapter(self.payload)

    def write(self, payload: P) -> str:
        """Return the payload as canonical JSON."""
        written: dict[str, Any] = _renamed(self._adapter.dump_python(payload, mode="json"), _camel)
        return canonical_json(written)

    def read(self, text: str) -> P:
        """Return the payload behind its canonical JSON. Raises ValueError for another kind's, or an
        earlier release's that had other fields."""
        return self._adapter.validate_python(_renamed(orjson.loads(text), _snake))


def noun_name(name: str) -> str:
    """Return the noun behind a result's name: loan_product → LoanProduct."""
    return "".join(word.title() for word in name.split("_"))


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {rename(key): _renamed(each, rename) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, rename) for each in value]
    return value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)
