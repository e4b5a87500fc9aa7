"""What every mutation answers: the changed nouns, whether it was a replay, the form's errors."""

from __future__ import annotations

from collections.abc import Awaitable
from enum import Enum
from typing import Any, Final, TypeVar

import strawberry

from api.errors import Language
from api.graphql.context import Info
from api.graphql.ids import NODE_LOADERS
from api.graphql.lookahead import selection
from domain.operations.perform import Done
from domain.rules.refusal import ErrorCode, Refused

_MEANINGS: Final[dict[ErrorCode, str]] = {
    ErrorCode.INVALID_VALUE: "The value is not one that this field takes.",
    ErrorCode.REQUIRED: "The field must be given.",
    ErrorCode.OUT_OF_RANGE: "The number is too small or too large.",
    ErrorCode.CHECKSUM_INVALID: "The identifier's check digit is wrong: probably a typing error.",
    ErrorCode.WRONG_SCALE: "The amount has more decimals than its currency, or the rate too many.",
    ErrorCode.CURRENCY_MISMATCH: "The currency differs from that of the object concerned.",
    ErrorCode.DATE_OUT_OF_RANGE: "The date lies in the past, or absurdly far away.",
    ErrorCode.DUPLICATE: "An object with this identity exists already.",
    ErrorCode.NOT_FOUND: "There is no such object that the caller may see.",
    ErrorCode.ILLEGAL_STATE: "The object is not in a state that allows this.",
    ErrorCode.STALE_VERSION: "The object has changed since the caller read it.",
    ErrorCode.LIMIT_EXCEEDED: "A limit would be exceeded; the sentence names it and what remains.",
    ErrorCode.NOT_PERMITTED: "The caller may not do this to this object.",
    ErrorCode.SAME_PERSON: "Two different persons are needed, and this is one of them again.",
    ErrorCode.INCOMPATIBLE_ROLES: "One person may not hold these roles together.",
    ErrorCode.IDEMPOTENCY_KEY_REUSED: "The key was used before, with other arguments.",
    ErrorCode.FORMULA_NOT_APPLICABLE: "The formula gives no answer for these figures.",
    ErrorCode.UNAVAILABLE: "A service that this needs does not answer; try again later.",
}

_T = TypeVar("_T", bound=type)


def described_enum(
    cls: _T, description: str, meanings: dict[Any, str], *, name: str | None = None
) -> _T:
    """Make a domain enum a GraphQL enum without touching it: one description for each value."""
    if not issubclass(cls, Enum):
        raise TypeError(f"{cls.__name__} is no enum")
    if absent := [member.name for member in cls if member not in meanings]:
        raise ValueError(f"{cls.__name__}: no description of {', '.join(absent)}")
    strawberry.enum(cls, name=name, description=description)
    for value in cls.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = meanings[cls[value.name]]
    return cls


described_enum(ErrorCode, "What was wrong with a form, for machines.", dict(_MEANINGS))


@strawberry.type(description="One mistake of a form. All the mistakes found come together.")
class UserError:
    """A domain :class:`~domain.rules.refusal.Problem` in the caller's language."""

    code: ErrorCode = strawberry.field(description="What was wrong, for machines.")
    message: str = strawberry.field(
        description="What was wrong and what to do, in the language of Accept-Language (zh, en)."
    )
    path: list[str] = strawberry.field(
        description="Where: field names from the root of `input`; empty for the whole form."
    )


@strawberry.type
class Payload:
    """The base of every mutation's payload; a subclass adds the nouns, all nullable."""

    replayed: bool = strawberry.field(
        default=False,
        description="True when this idempotency key had its effect before: nothing was done again.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why nothing was done; empty when it was done.",
    )


P = TypeVar("P", bound=Payload)


def user_errors(refusal: Refused, language: Language) -> list[UserError]:
    """Return every problem of a refusal in the caller's language."""
    return [
        UserError(
            code=problem.code,
            message=problem.zh if language == "zh" else problem.en,
            path=list(problem.path),
        )
        for problem in refusal.problems
    ]


async def answer(info: Info, payload: type[P], effect: Awaitable[Done], **nouns: str) -> P:
    """Await an operation and return its payload.

    `nouns` maps payload fields to GraphQL types: `loan="Loan"` reads the Loan whose id the
    operation returned as `loan`, as it is now, and only when the caller selected it. A refusal
    becomes `errors` and nothing else.
    """
    context = info.context
    try:
        done = await effect
    except Refused as refusal:
        return payload(errors=user_errors(refusal, context.language))
    wanted = selection(info)
    found: dict[str, Any] = {}
    for field, type_name in nouns.items():
        if field in done.result and (name := _camel(field)) in wanted:
            row_id = done.result[field]
            loaded = await NODE_LOADERS[type_name](context.actor, [row_id], wanted[name])
            found[field] = loaded.get(row_id)
    return payload(replayed=done.replayed, **found)


def _camel(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.title() for word in rest)
