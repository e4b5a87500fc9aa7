"""Approval (分级审批): which levels an application needs, and who may take which.

A matrix by amount and grade names the levels. Each level is a different person, in order, and
nobody who stands on the other side of the case (贷审分离, docs/domain.md §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.risk.policy import Outcome
from domain.rules.separation import refuse_same_person


class TaskState(StrEnum):
    """审批任务. VOID: the content it was about was returned, withdrawn or decided elsewhere."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    RETURNED = "RETURNED"
    VOID = "VOID"


class OverrideReason(StrEnum):
    """Why a person rejects what the machine recommended to approve (人工干预)."""

    NEW_INFORMATION = "NEW_INFORMATION"
    ADVERSE_NEWS = "ADVERSE_NEWS"
    DATA_IN_DOUBT = "DATA_IN_DOUBT"
    CONCENTRATION = "CONCENTRATION"
    MODEL_LIMITATION = "MODEL_LIMITATION"
    MANAGEMENT_QUALITY = "MANAGEMENT_QUALITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityBand:
    """One row of the matrix: up to `amount_to` (inclusive, minor units; None: no bound), from
    `grade_from` to `grade_to` (both inclusive), an application needs `levels`, in order.

    `currency` "" is any currency without rows of its own; no levels is a zero-person band.
    """

    currency: str
    amount_to: int | None
    grade_from: str
    grade_to: str
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Involvement:
    """Employee `person` did something on the other side of a case (in words: en, zh)."""

    person: int
    did: tuple[str, str]


def parse_levels(text: str) -> tuple[int, ...]:
    """Read "1,2": levels from 1 up, each once, rising. "" is none. Raises ValueError."""
    levels = tuple(int(part) for part in text.split(",")) if text.strip() else ()
    if list(levels) != sorted(set(levels)) or any(level < 1 for level in levels):
        raise ValueError(f"{text!r} are no approval levels: write them as 1,2,3")
    return levels


def levels_needed(
    bands: Iterable[AuthorityBand],
    *,
    amount: int,
    currency: str,
    grade: str,
    grades: Sequence[str],
    recommendation: Outcome,
) -> tuple[int, ...]:
    """Return the levels that must approve: those of the narrowest band that holds the case.

    An application without a grade counts as the worst of `grades` (best first). Where the matrix
    has an empty band but the machine does not recommend to approve, one person of level 1 decides.
    Raises UNAVAILABLE when no band holds the case.
    """
    rank = grades.index(grade) if grade in grades else len(grades) - 1
    candidates = tuple(bands)
    own = [band for band in candidates if band.currency == currency]
    fitting = [
        band
        for band in (own or [band for band in candidates if not band.currency])
        if (band.amount_to is None or amount <= band.amount_to)
        and _rank(grades, band.grade_from) <= rank <= _rank(grades, band.grade_to)
    ]
    if not fitting:
        raise Refused([_no_authority(currency, grade or "unknown")])
    # Of equally narrow bands the strictest binds.
    narrowest = min(
        fitting, key=lambda band: (band.amount_to is None, band.amount_to or 0, -len(band.levels))
    )
    if not narrowest.levels and recommendation is not Outcome.APPROVE:
        return (1,)
    return narrowest.levels


def _rank(grades: Sequence[str], grade: str) -> int:
    """The place of a band's grade; one the scale does not have reaches to the worst."""
    return grades.index(grade) if grade in grades else len(grades) - 1


def _no_authority(currency: str, grade: str) -> Problem:
    return Problem(
        ErrorCode.UNAVAILABLE,
        (),
        f"The approval matrix has no band for this amount in {currency} at grade {grade}. "
        "Ask the lender to complete its approval authorities.",
        f"审批权限表未覆盖该金额（{currency}，等级 {grade}），请联系贷款机构完善审批权限。",
    )


def refuse_approver(
    *,
    person: int,
    approval_level: int,
    level: int,
    involved: Iterable[Involvement],
    earlier: Iterable[int],
) -> None:
    """Refuse a person who may not take the task of `level`: too low, or on two sides of the case.

    `earlier` are the people who approved other levels of this round.
    """
    if approval_level < level:
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_PERMITTED,
                    (),
                    f"This step needs an approver of level {level}; yours is {approval_level}. "
                    "Pass it to somebody of that level.",
                    f"此步骤需 {level} 级审批权限，您的权限为 {approval_level} 级，"
                    "请转交具备该级别权限的人员。",
                )
            ]
        )
    for involvement in involved:
        refuse_same_person(person, involvement.person, involvement.did)
    for other in earlier:
        refuse_same_person(person, other, ("approved a level of", "审批"))


def override_problems(recommendation: Outcome, reason: OverrideReason | None) -> list[Problem]:
    """Say when a rejection lacks its reason, or names one though it overrides nothing."""
    if recommendation is Outcome.APPROVE and reason is None:
        return [
            Problem(
                ErrorCode.REQUIRED,
                ("overrideReason",),
                "The automatic recommendation is to approve; rejecting overrides it. "
                "Give the reason code.",
                "系统建议为批准，拒绝属于人工干预，请填写干预原因码。",
            )
        ]
    if recommendation is not Outcome.APPROVE and reason is not None:
        return [
            Problem(
                ErrorCode.INVALID_VALUE,
                ("overrideReason",),
                "The automatic recommendation is not to approve, so this overrides nothing. "
                "Leave the override reason out.",
                "系统建议并非批准，本次拒绝不构成人工干预，请勿填写干预原因码。",
            )
        ]
    return []
