"""Labels of the lender's own history: hand-worked days around the window and the 90th day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.risk.outcome import LoanHistory, outcome

START = dt.date(2025, 1, 31)
WINDOW_END = dt.date(2026, 1, 31)
DUE = dt.date(2025, 3, 1)
DAY_90 = dt.date(2025, 5, 30)


def loan(**known: object) -> LoanHistory:
    return LoanHistory(started_on=START, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("history", "today", "bad"),
    [
        (loan(), dt.date(2026, 1, 30), None),
        (loan(), WINDOW_END, False),
        (loan(paid_off_on=dt.date(2025, 6, 1)), dt.date(2025, 6, 1), False),
        (loan(overdue=((DUE, None),)), DAY_90 - dt.timedelta(days=1), None),
        (loan(overdue=((DUE, None),)), DAY_90, True),
        (loan(overdue=((DUE, DAY_90),)), WINDOW_END, False),
        (loan(overdue=((DUE, DAY_90 + dt.timedelta(days=1)),)), WINDOW_END, True),
        # Due so late that the 90th day falls out of the window.
        (loan(overdue=((dt.date(2025, 11, 2), None),)), dt.date(2026, 6, 1), True),
        (loan(overdue=((dt.date(2025, 11, 3), None),)), dt.date(2026, 6, 1), False),
        (loan(written_off_on=WINDOW_END), WINDOW_END, True),
        (loan(written_off_on=dt.date(2026, 2, 1)), dt.date(2026, 3, 1), False),
        # Paid off in the end, but late before.
        (
            loan(overdue=((DUE, dt.date(2025, 9, 1)),), paid_off_on=dt.date(2025, 9, 1)),
            WINDOW_END,
            True,
        ),
    ],
)
def test_hand_worked_days(history: LoanHistory, today: dt.date, bad: bool | None) -> None:
    assert outcome([history], today=today) is bad


def test_a_case_is_as_bad_as_its_worst_loan_and_open_while_one_is() -> None:
    good = loan(paid_off_on=dt.date(2025, 4, 1))
    bad = loan(written_off_on=dt.date(2025, 5, 1))
    today = dt.date(2025, 6, 1)
    assert outcome([good, bad, loan()], today=today) is True
    assert outcome([good, loan()], today=today) is None
    assert outcome([good, good], today=today) is False
    assert outcome([], today=today) is None


def test_the_window_of_a_leap_day_ends_on_the_last_of_february() -> None:
    history = LoanHistory(started_on=dt.date(2024, 2, 29))
    assert outcome([history], today=dt.date(2025, 2, 27)) is None
    assert outcome([history], today=dt.date(2025, 2, 28)) is False


@given(
    start=st.dates(dt.date(2020, 1, 1), dt.date(2024, 12, 31)),
    due_after=st.integers(1, 400),
    settled_after=st.none() | st.integers(1, 600),
    seen=st.lists(st.integers(0, 1200), min_size=2, max_size=6),
)
def test_bad_stays_bad_and_what_is_known_never_changes(
    start: dt.date, due_after: int, settled_after: int | None, seen: list[int]
) -> None:
    due = start + dt.timedelta(days=due_after)
    settled = due + dt.timedelta(days=settled_after) if settled_after else None
    said = []
    for days in sorted(seen):
        today = start + dt.timedelta(days=days)
        known = settled if settled and settled <= today else None
        overdue = ((due, known),) if due < today else ()
        said.append(outcome([LoanHistory(started_on=start, overdue=overdue)], today=today))
    settled_answers = [answer for answer in said if answer is not None]
    assert len(set(settled_answers)) <= 1
    if settled_answers:
        assert None not in said[said.index(settled_answers[0]) :]
