"""Grades by the seeded master scale, and scales that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.risk.grade import BadScale, exact_decimal, parse_scale

SCALE = parse_scale("A1:0.005,A2:0.01,B1:0.02,B2:0.05,C1:0.12,C2:0.35,D:1")


@pytest.mark.parametrize(
    ("probability", "grade"),
    [
        (0.0, "A1"),
        (0.0049999, "A1"),
        (0.005, "A2"),
        (0.01, "B1"),
        (0.02, "B2"),
        (0.1199, "C1"),
        (0.12, "C2"),
        (0.35, "D"),
        (1.0, "D"),
    ],
)
def test_grade_starts_at_its_bound(probability: float, grade: str) -> None:
    assert SCALE.grade(probability) == grade


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_pd_never_has_a_better_grade(a: float, b: float) -> None:
    low, high = sorted((a, b))
    order = SCALE.grades
    assert order.index(SCALE.grade(low)) <= order.index(SCALE.grade(high))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "A:",
        "A:x",
        "A:1,B:0.5",
        "A:0.5,B:0.5,C:1",
        "A:0,B:1",
        "A:0.5",
        "A:0.5,A:1",
        "TOOLONG:1",
        "A:NaN",
        "A:0.5,B:Infinity",
    ],
)
def test_what_is_no_scale(text: str) -> None:
    with pytest.raises(BadScale):
        parse_scale(text)


def test_exact_decimal_is_what_a_person_reads() -> None:
    assert str(exact_decimal(0.35)) == "0.35"
    assert str(exact_decimal(1e-07)) == "1E-7"
