"""The approval matrix and who may take which level."""

import pytest

from domain.rules.refusal import ErrorCode, Refused
from domain.rules.risk.approval import (
    AuthorityBand,
    Involvement,
    OverrideReason,
    levels_needed,
    override_problems,
    parse_levels,
    refuse_approver,
)
from domain.rules.risk.policy import Outcome

GRADES = ("A1", "B1", "C1", "D")


def band(
    currency: str, amount_to: int | None, grade_from: str, grade_to: str, levels: str
) -> AuthorityBand:
    return AuthorityBand(
        currency=currency,
        amount_to=amount_to,
        grade_from=grade_from,
        grade_to=grade_to,
        levels=parse_levels(levels),
    )


MATRIX = [
    band("CNY", 500, "A1", "B1", "1"),
    band("CNY", 500, "C1", "D", "1,2"),
    band("CNY", 3000, "A1", "D", "1,2"),
    band("CNY", None, "A1", "D", "1,2,3"),
    band("", None, "A1", "D", "2"),
]


def needed(
    amount: int,
    grade: str,
    *,
    currency: str = "CNY",
    outcome: Outcome = Outcome.APPROVE,
    bands: list[AuthorityBand] = MATRIX,
) -> tuple[int, ...]:
    return levels_needed(
        bands,
        amount=amount,
        currency=currency,
        grade=grade,
        grades=GRADES,
        recommendation=outcome,
    )


@pytest.mark.parametrize(
    ("amount", "grade", "levels"),
    [
        (1, "A1", (1,)),
        (500, "B1", (1,)),
        (500, "C1", (1, 2)),
        (500, "D", (1, 2)),
        (500, "", (1, 2)),  # no grade counts as the worst
        (501, "A1", (1, 2)),
        (3000, "A1", (1, 2)),
        (3001, "A1", (1, 2, 3)),
        (10**15, "D", (1, 2, 3)),
    ],
)
def test_levels_by_amount_and_grade(amount: int, grade: str, levels: tuple[int, ...]) -> None:
    assert needed(amount, grade) == levels


def test_a_currency_without_rows_takes_those_of_any_currency() -> None:
    assert needed(1, "A1", currency="JPY") == (2,)


def test_no_band_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        needed(501, "A1", bands=MATRIX[:2])
    assert refused.value.problems[0].code is ErrorCode.UNAVAILABLE
    with pytest.raises(Refused):
        needed(1, "A1", bands=[])


def test_of_two_equal_bands_the_stricter_binds() -> None:
    bands = [band("CNY", 500, "A1", "D", "1"), band("CNY", 500, "A1", "D", "1,2")]
    assert needed(1, "A1", bands=bands) == (1, 2)
    assert needed(1, "A1", bands=bands[::-1]) == (1, 2)


def test_a_zero_person_band_serves_recommended_cases_alone() -> None:
    bands = [band("CNY", None, "A1", "D", "")]
    assert needed(1, "A1", bands=bands) == ()
    assert needed(1, "A1", bands=bands, outcome=Outcome.REFER) == (1,)


@pytest.mark.parametrize("text", ["0", "-1", "2,1", "1,1", "one", "1,,2"])
def test_what_are_no_levels(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_levels(text)


def refuse(**changes: object) -> None:
    values: dict[str, object] = {
        "person": 5,
        "approval_level": 2,
        "level": 2,
        "involved": [Involvement(9, ("handled", "经办"))],
        "earlier": [8],
        **changes,
    }
    refuse_approver(**values)  # type: ignore[arg-type]


def test_a_person_of_the_level_who_stands_on_no_other_side() -> None:
    refuse()
    refuse(approval_level=3)


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"approval_level": 1}, ErrorCode.NOT_PERMITTED, "level 2"),
        ({"person": 9}, ErrorCode.SAME_PERSON, "handled"),
        ({"person": 8}, ErrorCode.SAME_PERSON, "approved a level"),
    ],
)
def test_who_may_not(changes: dict[str, object], code: ErrorCode, word: str) -> None:
    with pytest.raises(Refused) as refused:
        refuse(**changes)
    (problem,) = refused.value.problems
    assert problem.code is code
    assert word in problem.en


def test_rejecting_a_recommendation_is_an_override_with_a_reason() -> None:
    assert override_problems(Outcome.APPROVE, None)[0].code is ErrorCode.REQUIRED
    assert override_problems(Outcome.APPROVE, OverrideReason.ADVERSE_NEWS) == []
    assert override_problems(Outcome.REFER, None) == []
    found = override_problems(Outcome.REFER, OverrideReason.ADVERSE_NEWS)
    assert found[0].code is ErrorCode.INVALID_VALUE
