"""Which loan a payment names, when a value date is absurd, and the moves of the payment nouns."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.lending.payment_line import loan_ids_named, shown_text, value_date_problems
from domain.rules.lending.payment_states import (
    FILE,
    FILE_MOVES,
    INCOMING,
    INCOMING_MOVES,
    LINE,
    LINE_MOVES,
    ORDER,
    ORDER_MOVES,
)
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.states import Moves, move

ONE, TWO = human_number(NumberKind.LOAN, 1), human_number(NumberKind.LOAN, 2)
TODAY = dt.date(2026, 1, 15)


@pytest.mark.parametrize(
    ("loan_number", "remittance", "found"),
    [
        (ONE, "", [1]),
        (ONE.lower(), "", [1]),
        ("", f"repay {ONE}.", [1]),
        ("", f"还款{ONE}谢谢", [1]),
        ("", ONE.translate({ord(c): ord(c) + 0xFEE0 for c in ONE}), [1]),
        ("", f"{ONE} and {ONE}", [1]),
        ("", f"{ONE} {TWO}", [1, 2]),
        (ONE, f"not {TWO}", [1]),
        ("", f"X{ONE}", []),
        ("", ONE + "0", []),
        ("", ONE[:-1] + str((int(ONE[-1]) + 1) % 10), []),
        ("", human_number(NumberKind.BORROWER, 1), []),
        ("", "", []),
        ("nonsense", ONE, []),
    ],
)
def test_a_payment_names_the_loans_whose_numbers_it_carries(
    loan_number: str, remittance: str, found: list[int]
) -> None:
    assert loan_ids_named(loan_number, remittance) == found


@given(st.integers(min_value=1, max_value=10**17), st.text(max_size=30), st.text(max_size=30))
def test_a_number_is_found_whatever_stands_around_it(loan_id: int, before: str, after: str) -> None:
    text = f"{before} {human_number(NumberKind.LOAN, loan_id)} {after}"
    assert loan_id in loan_ids_named("", text)


@given(st.text(max_size=60))
def test_shown_text_is_one_short_line(text: str) -> None:
    shown = shown_text(text, longest=20)
    assert len(shown) <= 20
    assert "\n" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("days", "fine"), [(0, True), (-1, True), (-3660, True), (1, False), (-3661, False)]
)
def test_a_value_date_lies_within_ten_years_and_not_ahead(days: int, fine: bool) -> None:
    found = value_date_problems(TODAY + dt.timedelta(days=days), today=TODAY)
    assert [problem.code for problem in found] == ([] if fine else [ErrorCode.DATE_OUT_OF_RANGE])


@pytest.mark.parametrize(
    ("noun", "moves"),
    [
        (FILE, FILE_MOVES),
        (LINE, LINE_MOVES),
        (INCOMING, INCOMING_MOVES),
        (ORDER, ORDER_MOVES),
    ],
)
def test_only_the_moves_of_the_table_are_legal(noun: tuple[str, str], moves: Moves) -> None:
    states = type(next(iter(moves)))
    assert set(moves) == set(states)
    for now in states:
        for to in states:
            if to in moves[now]:
                move(moves, noun, now, to)
            else:
                with pytest.raises(Refused):
                    move(moves, noun, now, to)
