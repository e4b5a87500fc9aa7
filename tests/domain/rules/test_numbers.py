"""Human numbers: derived from the id, told apart by kind, guarded by a check digit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.numbers import NumberKind, human_number, row_id

KINDS = st.sampled_from(NumberKind)
IDS = st.integers(min_value=1, max_value=10**15)


@given(KINDS, IDS)
def test_a_number_leads_back_to_its_row(kind: NumberKind, number: int) -> None:
    assert row_id(kind, human_number(kind, number)) == number
    assert row_id(kind, f" {human_number(kind, number).lower()} ") == number


@given(KINDS, KINDS, IDS)
def test_a_number_of_another_kind_leads_nowhere(a: NumberKind, b: NumberKind, number: int) -> None:
    if a is not b:
        assert row_id(b, human_number(a, number)) is None


@given(KINDS, IDS, st.data())
def test_one_wrong_digit_is_noticed(kind: NumberKind, number: int, data: st.DataObject) -> None:
    text = human_number(kind, number)
    place = data.draw(st.integers(2, len(text) - 1))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place]]))
    assert row_id(kind, text[:place] + wrong + text[place + 1 :]) is None


def test_what_is_no_number_leads_nowhere() -> None:
    for text in ("", "LN", "LN١٢٣٤٥٦٧٨٩", "LN-00000018", "LN" + "9" * 8, "000000018"):
        assert row_id(NumberKind.LOAN, text) is None
