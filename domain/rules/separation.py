"""Separation of duties is by person: nobody stands on two sides of a case (docs/domain.md §4)."""

from __future__ import annotations

from domain.rules.refusal import ErrorCode, Problem, Refused


def refuse_same_person(person: int, other: int | None, did: tuple[str, str]) -> None:
    """Refuse when employee `person` is the one who did the other side's step (`did`: en, zh)."""
    if other is None or person != other:
        return
    en, zh = did
    raise Refused(
        [
            Problem(
                ErrorCode.SAME_PERSON,
                (),
                f"You {en} this yourself; the next step needs another person. "
                "Ask a colleague with the role to take it.",
                f"您已{zh}本业务，此步骤须由另一人完成，请交由具备该角色的同事处理。",
            )
        ]
    )
