"""What keeps a loan from being renewed without repayment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from domain.rules.lending.renewal import OldLoan, Renewal, renewal_problems
from domain.rules.refusal import ErrorCode

MATURITY = dt.date(2026, 12, 21)
NEW = Renewal(
    borrower_id=1,
    facility_id=2,
    contract_id=4,
    currency="CNY",
    amount=500_00,
    signed_on=MATURITY - dt.timedelta(days=1),
)
OLD = OldLoan(
    borrower_id=1,
    facility_id=2,
    contract_id=3,
    currency="CNY",
    state="ACTIVE",
    book_status="ACCRUING",
    principal=500_00,
    maturity_date=MATURITY,
    next_due_date=MATURITY,
    misused=False,
)
BAD, NEVER = ErrorCode.ILLEGAL_STATE, ErrorCode.NOT_PERMITTED


@pytest.mark.parametrize("days_before", [0, 1, 30])
def test_a_performing_loan_is_renewed_up_to_its_maturity(days_before: int) -> None:
    today = MATURITY - dt.timedelta(days=days_before)
    assert renewal_problems(NEW, OLD, today=today) == []


@pytest.mark.parametrize(
    ("new", "old", "days", "refused"),
    [
        ({"borrower_id": 9}, {}, 0, {"renewsLoanId": NEVER}),
        ({"facility_id": 9}, {}, 0, {"renewsLoanId": NEVER}),
        ({"contract_id": 3}, {}, 0, {"renewsLoanId": NEVER}),
        ({"currency": "USD"}, {}, 0, {"renewsLoanId": ErrorCode.CURRENCY_MISMATCH}),
        ({"amount": 499_99}, {}, 0, {"amount": ErrorCode.OUT_OF_RANGE}),
        ({"amount": 500_01}, {}, 0, {"amount": ErrorCode.OUT_OF_RANGE}),
        ({"signed_on": MATURITY}, {}, 0, {"renewsLoanId": ErrorCode.DATE_OUT_OF_RANGE}),
        ({"signed_on": None}, {}, 0, {"renewsLoanId": ErrorCode.DATE_OUT_OF_RANGE}),
        ({}, {}, 1, {"renewsLoanId": ErrorCode.DATE_OUT_OF_RANGE}),
        ({}, {"state": "PAID_OFF"}, 0, {"renewsLoanId": BAD}),
        ({}, {"state": "WRITTEN_OFF", "book_status": "WRITTEN_OFF"}, 0, {"renewsLoanId": BAD}),
        ({}, {"book_status": "NON_ACCRUAL"}, 0, {"renewsLoanId": BAD}),
        ({}, {"next_due_date": MATURITY - dt.timedelta(days=1)}, 0, {"renewsLoanId": BAD}),
        ({}, {"misused": True}, 0, {"renewsLoanId": BAD}),
    ],
)
def test_what_is_no_renewal_is_refused_in_both_languages(
    new: dict[str, Any], old: dict[str, Any], days: int, refused: dict[str, ErrorCode]
) -> None:
    today = MATURITY + dt.timedelta(days=days)
    found = renewal_problems(replace(NEW, **new), replace(OLD, **old), today=today)
    assert {".".join(problem.path): problem.code for problem in found} == refused
    assert all(problem.en and problem.zh for problem in found)


def test_every_reason_is_named_at_the_disbursement_too() -> None:
    new, old = replace(NEW, amount=1), replace(OLD, book_status="NON_ACCRUAL", facility_id=7)
    found = renewal_problems(new, old, today=MATURITY, path="drawdownId")
    assert {problem.path for problem in found} == {("drawdownId",)}
    assert {problem.code for problem in found} == {NEVER, BAD, ErrorCode.OUT_OF_RANGE}
